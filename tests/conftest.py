"""Makes the helpers of this folder and the benchmarks importable, whatever the current directory is."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = str(Path(__file__).resolve().parents[1])
if ROOT not in sys.path:
    sys.path.append(ROOT)  # last: the folder tokenize/ must not stand before the standard library's module
