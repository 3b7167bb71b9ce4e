"""Whether the kernels that a module needs are compiled already, so that a wait of minutes is announced."""

from __future__ import annotations

import re

from gristmill.kernels.kernel_cache import PACKAGE, cache_folder, kernels_folder, needed_sources

_KERNEL = re.compile(r"^@(?:(?:inlined_)?kernel|numba\.njit\(.*\bcache=True.*\))$", re.MULTILINE)


def kernel_modules(module: str) -> list[str]:
    """The modules that define kernels, among a module and all that it imports from this package.

    Args:
        module: a path below the package, as in `gristmill.kernels.kernel_cache.imported_sources`.

    >>> "filters/text/utf8.py" in kernel_modules("filters/signals.py")
    True
    """
    names = sorted(needed_sources(module))
    return [name for name in names if _KERNEL.search((PACKAGE / name).read_text(encoding="utf-8"))]


def compiled_share(module: str) -> float:
    """Share of those modules that have compiled kernels in the cache, 0 to 1; 1 where there is none to compile.

    Some have none for good, because a run needs only what its configuration asks for.
    """
    names = kernel_modules(module)
    return sum(any(cache_folder(name).glob("*.nbi")) for name in names) / len(names) if names else 1.0


def wait_for_kernels(module: str) -> str | None:
    """What to tell the user before the kernels of a module are used; None if most of them need not be compiled."""
    if compiled_share(module) >= 0.5:
        return None
    return f"compiling kernels, once for these sources: 1 to 2 minutes of one core; they stay in {kernels_folder()}"
