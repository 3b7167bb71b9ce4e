"""Which kernels a process compiles first, where several start at once and share one cache of compiled kernels.

Two workers that meet the same kernels in the same order compile each of them twice, at the same time. Here a process
says what it is at by an empty file beside the kernels, and takes what nobody else is at first. What another one has
compiled by then is only loaded. Nothing waits: a file that a killed process left costs the order, not the work.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from gristmill.kernels.kernel_cache import cache_folder


def in_turn(names: Sequence[str], module: str) -> Iterator[str]:
    """Each name once: first those that no other process is at, then the others.

    Args:
        names: what is to be compiled, as names of files.
        module: whose kernels they are, as in `gristmill.kernels.kernel_cache.imported_sources`.

    >>> sorted(in_turn(["tokens", "grams"], "filters/signals.py"))
    ['grams', 'tokens']
    """
    folder = cache_folder(module)
    later = []
    for name in names:
        with _claimed(folder / f"{name}.compiling") as free:
            if free:
                yield name
            else:
                later.append(name)
    yield from later


@contextlib.contextmanager
def _claimed(path: Path) -> Iterator[bool]:
    """Whether no other process holds the file, which this one then does."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(exist_ok=False)
    except FileExistsError:
        yield False
        return
    except OSError:  # a cache that cannot be written to is not shared either
        yield True
        return
    try:
        yield True
    finally:
        path.unlink(missing_ok=True)
