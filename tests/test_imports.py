"""Who may import whom, read from the imports themselves; and what an import may load."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import ROOT

PACKAGE = ROOT / "src" / "gristmill"

ALLOWED = {
    "shared": set(),
    "filters": {"shared"},
    "dedup": {"shared"},
    "tokenize": {"shared"},
    "reports": {"shared", "filters", "dedup", "tokenize"},
    "pipelines": {"shared", "filters", "dedup", "tokenize", "reports"},
    "train_hooks": {"shared", "tokenize"},
    "cli": {"shared", "filters", "dedup", "tokenize", "reports", "pipelines", "train_hooks"},
}
"""Layer: the other layers it may import."""

ONLY_IN = {"apache_beam": "pipelines", "torch": "train_hooks"}

FILE_READERS = {
    "filters": {
        "language.py",
        "fasttext_model.py",
        "classifier_model.py",
        "classifier_fit.py",
        "evaluation_items.py",
        "configured.py",
        "word_lists.py",
        "perplexity.py",
    },
    "dedup": {"index_files.py"},
    "tokenize": {"shards.py", "manifest.py", "vocabulary.py"},
}
"""Modules of the pure layers that may touch files, because a model, a vocabulary, the shard format or an index is one."""


def layer_of(path: Path) -> str:
    if PACKAGE in path.parents:
        return "cli" if path.name == "cli.py" or path.parent.name == "commands" else "shared"
    return path.relative_to(ROOT).parts[0]


def sources() -> list[Path]:
    folders = [ROOT / name for name in ALLOWED if (ROOT / name).is_dir()]
    found = [path for folder in folders for path in folder.rglob("*.py")]
    return sorted([*found, *PACKAGE.glob("*.py"), *(PACKAGE / "commands").glob("*.py")])


def imports_of(path: Path) -> list[tuple[str, int]]:
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names += [(f"{node.module}.{alias.name}", node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level:
            names.append(("relative", node.lineno))
    return names


def test_imports_follow_the_arrows() -> None:
    wrong = []
    for path in sources():
        layer = layer_of(path)
        for name, line in imports_of(path):
            head, _, rest = name.partition(".")
            if name == "relative":
                wrong.append(f"{path}:{line} relative import")
            elif head == "gristmill":
                part = rest.split(".")[0]
                target = part if part in ALLOWED else ("cli" if part in {"cli", "commands"} else "shared")
                if target not in ALLOWED[layer] | {layer}:
                    wrong.append(f"{path}:{line} {layer} imports {target} ({name})")
            elif head in ONLY_IN and layer not in {ONLY_IN[head], "cli"}:
                wrong.append(f"{path}:{line} {layer} imports {head}")
    assert wrong == []


def test_pure_layers_open_no_files() -> None:
    calls = {"open", "read_bytes", "read_text", "write_bytes", "write_text"}
    wrong = []
    for path in sources():
        allowed = FILE_READERS.get(layer_of(path))
        if allowed is None or path.name in allowed:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in calls:
                    wrong.append(f"{path}:{node.lineno} {name}")
    assert wrong == []


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("gristmill.filters.signals", ("apache_beam", "torch")),
        ("gristmill.dedup.minhash", ("apache_beam", "torch")),
        ("gristmill.tokenize.shards", ("apache_beam", "torch")),
        ("gristmill.reports.render", ("apache_beam", "torch")),
        ("gristmill.train_hooks.dataset", ("apache_beam",)),
        ("gristmill.cli", ("apache_beam", "torch", "boto3")),
    ],
)
def test_importing_a_layer_loads_only_what_it_needs(module: str, forbidden: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print([name for name in {forbidden!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
