"""Tables that take longer to build than to read: kept beside the compiled kernels, from one process to the next."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gristmill.kernels.kernel_cache import PACKAGE, cache_folder

Arrays = tuple[NDArray[Any], ...]


def cached_arrays(build: Callable[..., Arrays], *arguments: str | int) -> Arrays:
    """What ``build(*arguments)`` returns, from the file of an earlier process where there is one.

    Args:
        build: a function of a module of this package whose result depends on the sources that the module imports, the
            Python version and the arguments alone.
        arguments: they become part of a file name.

    Returns:
        the arrays, writable, of the same bytes, types and shapes as when built. Where nothing can be kept, they are
        built each time.
    """
    module = Path(build.__code__.co_filename).relative_to(PACKAGE).as_posix()
    path = cache_folder(module) / ("-".join([build.__name__, *map(str, arguments)]) + ".arrays")
    # A file cut short by a power failure is one that is not there.
    with contextlib.suppress(OSError, EOFError, ValueError):
        return _read(path)
    arrays = build(*arguments)
    with contextlib.suppress(OSError):
        _write(path, arrays)
    return tuple(np.require(array, requirements="W") for array in arrays)


def _read(path: Path) -> Arrays:
    with path.open("rb") as stream:
        count = int(np.load(stream))
        return tuple(np.load(stream) for _ in range(count))


def _write(path: Path, arrays: Arrays) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    try:
        with partial.open("wb") as stream:
            for array in (np.array(len(arrays)), *arrays):
                np.save(stream, array, allow_pickle=False)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
