"""Makes the helpers of this folder and the benchmarks importable, whatever the current directory is."""

from __future__ import annotations

import sys
from pathlib import Path

import hypothesis

ROOT = str(Path(__file__).resolve().parents[1])
if ROOT not in sys.path:
    sys.path.append(ROOT)  # last: the folder tokenize/ must not stand before the standard library's module

# A kernel is compiled within the first example, and the same examples every time keep a failure repeatable.
hypothesis.settings.register_profile("kernels", deadline=None, derandomize=True)
hypothesis.settings.load_profile("kernels")
