"""Compiled kernels and built tables: found again where the sources are the same, and only there."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gristmill.filters.text import unicode_classes
from gristmill.kernels import kernel_cache
from gristmill.kernels.cached_arrays import cached_arrays
from gristmill.kernels.kernel_cache import cache_folder, imported_sources

PACKAGE = kernel_cache.PACKAGE
KERNELS = sorted(
    path.relative_to(PACKAGE).as_posix()
    for folder in ("filters", "dedup", "tokenize", "reports", "kernels", ".")
    for path in ((PACKAGE / folder).glob("*.py") if folder == "." else (PACKAGE / folder).rglob("*.py"))
    if re.search(r"^@(numba\.|kernel|inlined_kernel)|cached_arrays\(", path.read_text(), re.MULTILINE)
)

PROGRAM = """
import sys
from gristmill.dedup.signatures.radix import sort_prefix
from gristmill.filters.text.utf8 import mix
import numba, numpy as np
keys = np.array([3, 1, 2], np.uint64)
sort_prefix(keys, 3, np.empty(3, np.uint64))
numba.njit(lambda value: value + 1)(1)  # a compilation, after which numba reads its settings again
from gristmill.dedup.signatures.characters import decode
code = decode(np.frombuffer("é".encode(), np.uint8), 0, 2)[0]
print(keys.tolist(), code, sum(sort_prefix.stats.cache_hits.values()), sum(decode.stats.cache_hits.values()))
"""


def ours(module: str) -> set[str]:
    """The modules of the package that a module imports, by its syntax tree."""
    found = set()
    for node in ast.walk(ast.parse((PACKAGE / module).read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module} imports relatively, which the cache does not follow"
            names = [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            path = name.removeprefix("gristmill.").replace(".", "/") + ".py"
            if name.startswith("gristmill.") and (PACKAGE / path).is_file():
                found.add(path)
    return found


def test_every_import_of_a_kernel_is_followed() -> None:
    assert len(KERNELS) > 60
    waiting, seen = list(KERNELS), set(KERNELS)
    while waiting:
        module = waiting.pop()
        found = ours(module)
        assert found <= imported_sources(module), module
        waiting += found - seen
        seen |= found


def copied(folder: Path) -> Path:
    """The package, its links followed, as an installation would lay it out."""
    target = folder / "gristmill"
    shutil.copytree(PACKAGE, target, ignore=shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc", "train_hooks"))
    return target


def run(program: str, package: Path, cache: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(package.parent), "GRISTMILL_CACHE_DIR": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=cache.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_another_copy_of_the_sources_shares_kernels_until_a_callee_changes(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (tmp_path / "elsewhere").mkdir()
    assert run(PROGRAM, PACKAGE, cache) == "[1, 2, 3] 233 0 0"
    other = copied(tmp_path / "elsewhere")
    assert run(PROGRAM, other, cache) == "[1, 2, 3] 233 1 1"
    called = other / "writing_systems.py"
    called.write_text(called.read_text() + "\n# changed\n")
    assert run(PROGRAM, other, cache) == "[1, 2, 3] 233 1 0"
    assert not [path for place in (PACKAGE, other) for path in place.glob("*/**/__pycache__/*.nb[ic]")]


def test_the_setting_does_not_reach_programs_that_are_started(tmp_path: Path) -> None:
    program = "import gristmill.kernels.swar, os; print('NUMBA_CACHE_LOCATOR_CLASSES' in os.environ)"
    assert run(program, PACKAGE, tmp_path / "cache") == "False"


def test_tables_are_those_that_are_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRISTMILL_CACHE_DIR", str(tmp_path))
    (built,) = cached_arrays(unicode_classes._build)
    (path,) = cache_folder("filters/text/unicode_classes.py").iterdir()
    (stored,) = cached_arrays(unicode_classes._build)
    assert (stored.dtype, stored.shape) == (built.dtype, built.shape)
    assert stored.tobytes() == built.tobytes()
    assert stored.flags.writeable
    assert built.flags.writeable
    kept = path.read_bytes()
    path.write_bytes(kept[:1000])  # as after a power cut
    assert cached_arrays(unicode_classes._build)[0].tobytes() == built.tobytes()
    assert path.read_bytes() == kept


def test_a_folder_that_cannot_be_made_is_no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GRISTMILL_CACHE_DIR", str(tmp_path / "file"))
    (table,) = cached_arrays(unicode_classes._build)
    assert np.array_equal(table, unicode_classes.class_table())
