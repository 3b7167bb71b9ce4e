"""Where compiled kernels are kept between processes: a folder named by the sources they were compiled from.

numba's own cache looks only at the file that defines a function. A kernel that calls one of another file keeps running
the old code after that file changes, and gives wrong hashes without a word. One folder per state of all sources cannot
be stale.

The folder is ``$GRISTMILL_CACHE_DIR``, else ``$XDG_CACHE_HOME/gristmill``, else ``~/.cache/gristmill``; delete it
whenever you like.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

FOLDERS = ("filters", "dedup", "tokenize", "reports")
"""Folders that hold kernels, beside the package's own ``*_kernels.py``."""


def source_digest() -> str:
    """A hash of every source file that can end up in a compiled kernel.

    >>> len(source_digest())
    16
    """
    package = Path(__file__).resolve().parent
    hasher = hashlib.sha256(sys.version.encode())
    for path in sorted(package.glob("*_kernels.py")):
        hasher.update(path.name.encode() + b"\0" + path.read_bytes())
    for folder in FOLDERS:
        root = package / folder
        for path in sorted(root.rglob("*.py")):
            hasher.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return hasher.hexdigest()[:16]


def use_kernel_cache() -> None:
    """Points numba at the folder of these sources; called once, before any kernel is defined."""
    base = os.environ.get("GRISTMILL_CACHE_DIR")
    if not base:
        base = str(Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gristmill")
    folder = str(Path(base) / f"kernels-{source_digest()}")
    os.environ["NUMBA_CACHE_DIR"] = folder
    if "numba" in sys.modules:
        sys.modules["numba"].config.CACHE_DIR = folder
