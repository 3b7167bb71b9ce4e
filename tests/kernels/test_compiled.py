"""A wait for compilation is announced where nothing is compiled, and only there."""

from __future__ import annotations

from pathlib import Path

import pytest

from gristmill.kernels.compiled import compiled_share, kernel_modules, wait_for_kernels
from gristmill.kernels.kernel_cache import cache_folder

SIGNALS = "filters/signals.py"


def test_modules_with_kernels_are_found_and_others_are_not() -> None:
    found = kernel_modules(SIGNALS)
    assert {"kernels/swar.py", "filters/fasttext/kernels.py", "filters/counts/gopher_quality.py"} <= set(found)
    assert "kernels/kernel_cache.py" not in found
    assert "errors.py" not in found
    assert kernel_modules("errors.py") == []


def test_an_empty_cache_is_announced_with_its_folder_and_a_full_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRISTMILL_CACHE_DIR", str(tmp_path))
    assert compiled_share(SIGNALS) == 0
    assert str(tmp_path) in str(wait_for_kernels(SIGNALS))
    for name in kernel_modules(SIGNALS):
        cache_folder(name).mkdir(parents=True)
    assert compiled_share(SIGNALS) == 0  # folders alone, as a process that was stopped leaves them
    for name in kernel_modules(SIGNALS):
        (cache_folder(name) / "kernel.nbi").touch()
    assert compiled_share(SIGNALS) == 1
    assert wait_for_kernels(SIGNALS) is None


def test_a_module_without_kernels_keeps_nobody_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRISTMILL_CACHE_DIR", str(tmp_path))
    assert wait_for_kernels("errors.py") is None
