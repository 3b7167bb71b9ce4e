"""Tells numba where the compiled kernels of this package are kept; numba imports this with the first kernel."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from numba.core.caching import CacheImpl, UserProvidedCacheLocator

from gristmill.kernels.kernel_cache import LOCATORS, PACKAGE, cache_folder, source_digest


class SourcesLocator(UserProvidedCacheLocator):
    """Locates the kernels of one module in the folder of its sources."""

    def __init__(self, py_func: Callable[..., Any], module: str) -> None:
        self._module = module
        self._lineno = py_func.__code__.co_firstlineno

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> Self | None:
        """The locator of a function; None, which leaves it to numba's own, for one of another package."""
        path = Path(py_file)
        if not path.is_relative_to(PACKAGE):
            return None
        module = path.relative_to(PACKAGE).as_posix()
        self = cls(py_func, module)
        return self if _can_write(self.get_cache_path()) else None

    def get_cache_path(self) -> str:
        """The folder."""
        return str(cache_folder(self._module))

    def get_source_stamp(self) -> str:
        """What the folder is named by."""
        return source_digest(self._module)


@functools.cache
def _can_write(folder: str) -> bool:
    """Asks once a folder, where numba would ask for every kernel."""
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


# Each compilation reads numba's settings from the environment again, so the class must be in numba's own list by then.
CacheImpl._locator_classes.insert(0, SourcesLocator)  # noqa: SLF001  numba has no other way to add one
os.environ.pop(LOCATORS, None)
