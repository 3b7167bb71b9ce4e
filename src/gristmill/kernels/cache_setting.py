"""Tells numba, before any kernel is defined, whose folders to keep compiled kernels in."""

from __future__ import annotations

import importlib
import os
import sys

from gristmill.kernels.kernel_cache import LOCATORS

_LOCATOR_MODULE = "gristmill.kernels.kernel_locator"


def use_kernel_cache() -> None:
    """Has numba keep the kernels of this package in these folders; called once, before any kernel is defined.

    Without importing numba, which takes half a second that a training process need not spend: numba itself imports the
    class that the variable names, with the first kernel, and `gristmill.kernels.kernel_locator` then takes the variable
    out of the environment, since a program of another environment would not find the class.
    """
    if "numba" in sys.modules:
        importlib.import_module(_LOCATOR_MODULE)
    else:
        os.environ[LOCATORS] = f"{_LOCATOR_MODULE}.SourcesLocator"
