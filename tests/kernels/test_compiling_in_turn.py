"""Processes that start together compile different kernels first, and every one of them compiles all."""

import subprocess
import sys
from pathlib import Path

import pytest

from gristmill.kernels.compiling_in_turn import in_turn
from gristmill.kernels.kernel_cache import cache_folder

MODULE = "filters/signals.py"
NAMES = ["first", "second", "third"]


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRISTMILL_CACHE_DIR", str(tmp_path))


def test_what_another_process_is_at_comes_last() -> None:
    one, other = in_turn(NAMES, MODULE), in_turn(NAMES, MODULE)
    assert [next(one), next(other)] == ["first", "second"]
    assert list(one) == ["third", "second"]
    assert list(other) == ["third", "first"]


def test_alone_the_order_is_kept_and_nothing_is_left_behind() -> None:
    assert list(in_turn(NAMES, MODULE)) == NAMES
    assert list(cache_folder(MODULE).glob("*.compiling")) == []


def test_a_killed_process_costs_the_order_and_not_the_work() -> None:
    program = (
        f"import os; from gristmill.kernels.compiling_in_turn import in_turn; order = in_turn({NAMES}, {MODULE!r}); next(order); "
        "os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 9
    assert [path.name for path in cache_folder(MODULE).glob("*.compiling")] == ["first.compiling"]
    assert list(in_turn(NAMES, MODULE)) == ["second", "third", "first"]


def test_an_error_gives_a_name_back() -> None:
    order = in_turn(NAMES, MODULE)
    next(order)
    with pytest.raises(ZeroDivisionError):
        order.throw(ZeroDivisionError())  # type: ignore[attr-defined]
    assert list(in_turn(NAMES, MODULE)) == NAMES


def test_a_cache_that_is_no_folder_is_not_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("GRISTMILL_CACHE_DIR", str(tmp_path / "file"))
    assert list(in_turn(NAMES, MODULE)) == NAMES
