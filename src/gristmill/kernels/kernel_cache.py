"""Where compiled kernels are kept between processes: one folder per module, named by the sources it comes from.

numba's own cache looks only at the file that defines a function. A kernel that calls one of another file keeps running
the old code after that file changes, and gives wrong hashes without a word. Here the name of a module's folder is a
hash of the module and of every module of the package that it imports, directly or not, so nothing in it can be stale;
and it does not depend on where the package lies, so that a checkout and an installed copy of the same sources share it.

The folders are in ``$GRISTMILL_CACHE_DIR``, else ``$XDG_CACHE_HOME/gristmill``, else ``~/.cache/gristmill``; delete
them whenever you like.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
LOCATORS = "NUMBA_CACHE_LOCATOR_CLASSES"
"""Environment variable of numba."""

_IMPORT = re.compile(r"^[ \t]*(?:from|import) gristmill([\w.]*)(?: import (\([^)]*\)|[^\n]*))?", re.MULTILINE)


@functools.cache
def imported_sources(module: str) -> frozenset[str]:
    """The modules of this package that the text of one of them imports, anywhere in it; packages stand for all in them.

    Args:
        module: a path below the package, such as ``kernels/swar.py``.

    >>> "filters/text/utf8.py" in imported_sources("filters/text/segment.py")
    True
    """
    found: set[str] = set()
    for dotted, names in _IMPORT.findall(_text(module)):
        path = dotted.strip(".").replace(".", "/")
        if _is_module(path):
            found.add(f"{path}.py")
            continue
        for name in re.findall(r"\w+", names) or [""]:
            child = f"{path}/{name}".strip("/")
            if _is_module(child):
                found.add(f"{child}.py")
            elif child and (PACKAGE / child).is_dir():
                found |= {file.relative_to(PACKAGE).as_posix() for file in (PACKAGE / child).rglob("*.py")}
    return frozenset(found)


@functools.cache
def _is_module(path: str) -> bool:
    return (PACKAGE / f"{path}.py").is_file()


@functools.cache
def _text(module: str) -> str:
    return (PACKAGE / module).read_text(encoding="utf-8")


@functools.cache
def _text_digest(module: str) -> bytes:
    return hashlib.sha256(_text(module).encode()).digest()


@functools.cache
def needed_sources(module: str) -> frozenset[str]:
    """A module and all that it imports from this package, directly or not.

    Args:
        module: as in :func:`imported_sources`.

    >>> "filters/text/utf8.py" in needed_sources("filters/signals.py")
    True
    """
    closure, waiting = {module}, [module]
    while waiting:
        found = imported_sources(waiting.pop()) - closure
        closure |= found
        waiting += found
    return frozenset(closure)


@functools.cache
def source_digest(module: str) -> str:
    """A hash of a module, of all that it imports from this package, and of the Python version.

    Args:
        module: as in :func:`imported_sources`.

    >>> len(source_digest("kernels/swar.py"))
    16
    """
    hasher = hashlib.sha256(sys.version.encode())
    for name in sorted(needed_sources(module)):
        hasher.update(name.encode() + b"\0" + _text_digest(name))
    return hasher.hexdigest()[:16]


def cache_folder(module: str) -> Path:
    """The folder for whatever is made from the sources of a module; it need not exist.

    Args:
        module: as in :func:`imported_sources`.
    """
    name = module.removesuffix(".py").replace("/", ".")
    return kernels_folder() / f"{name}-{source_digest(module)}"


def kernels_folder() -> Path:
    """The folder of all those folders; it need not exist."""
    base = os.environ.get("GRISTMILL_CACHE_DIR")
    if not base:
        base = str(Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gristmill")
    return Path(base) / "kernels"
