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

FLOORS = {
    "filters": (
        {"text", "use_lists"},
        {"tokens", "fasttext", "language_packs"},
        {"counts", "scripts"},
        {"rules/sets", "extras", "language", "source_code", "pii", "contamination", "url", "words"},
        {"edits", "classifier", "perplexity", "signals"},
        {"rules"},
    ),
    "dedup": (
        {"signatures"},
        {"candidates", "components", "resolution", "index", "repeats"},
    ),
    "tokenize": (
        {"manifest", "order", "training"},
        {"chunking", "vocabulary"},
        {"engines", "shards"},
        {"agreement"},
        {"bpe"},
    ),
    "reports": (
        {"counts", "checks", "recorded"},
        {"page", "explain"},
        {"panels", "sweep"},
        {"measure"},
        {"figures"},
    ),
    "pipelines": (
        {"engine", "sources/reading"},
        {"sources/web"},
        {"sources/books", "sources/rows", "sources/source_code"},
        {"sources"},
        {"extract", "edit", "annotate", "measure", "repeats"},
        {"dedup"},
        {"index", "tokens"},
        {"decide", "extras", "report_stage"},
        {"run_plan", "transforms"},
        {"curate"},
        {"planning"},
    ),
    "train_hooks": (
        {"loader"},
        {"trainer"},
        {"pretrain", "complete"},
    ),
    "shared": (
        {"documents", "installed", "version", "writing_systems", "kernels"},
        {"errors"},
        {"plugins", "storage_backends", "urls"},
        {"config"},
        {"storage"},
        {"inputs", "tables", "web_domains"},
        {"runs"},
    ),
    "cli": ({"commands", "api"}, {"cli", "__init__"}),
}
"""Rooms of each layer, lowest first: a file imports its own room and rooms on lower floors, never its own floor's others.

A room is a folder, or a file that stands in the layer's own folder.
"""

ONLY_IN = {"apache_beam": "pipelines", "torch": "train_hooks"}

FILE_READERS = {
    "filters": {
        "language/language.py",
        "fasttext/model.py",
        "classifier/model.py",
        "classifier/fit.py",
        "contamination/evaluation_items.py",
        "contamination/configured.py",
        "words/word_lists.py",
        "perplexity.py",
    },
    "dedup": {"index/files.py"},
    "tokenize": {"shards.py", "manifest.py", "vocabulary.py"},
}
"""Modules of the pure layers that may touch files, because a model, a vocabulary, the shard format or an index is one."""


def layer_of(path: Path) -> str:
    if PACKAGE in path.parents:
        outermost = path.parent.name in {"commands", "api"} or path in {PACKAGE / "cli.py", PACKAGE / "__init__.py"}
        return "cli" if outermost else "shared"
    return path.relative_to(ROOT).parts[0]


def place_of(path: Path) -> str:
    """A file's path inside its layer."""
    inside = PACKAGE if PACKAGE in path.parents else ROOT / layer_of(path)
    return path.relative_to(inside).as_posix()


def room_of(path: Path) -> str:
    folder, _, name = place_of(path).rpartition("/")
    return folder or name.removesuffix(".py")


def sources() -> list[Path]:
    """Every file of the package, each once: the links to the root folders are not followed."""
    folders = [ROOT / name for name in ALLOWED if (ROOT / name).is_dir()]
    found = [path for folder in folders for path in folder.rglob("*.py")]
    shared = [path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] not in ALLOWED]
    return sorted([*found, *shared])


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


def module_file(name: str) -> Path | None:
    """The file of the longest part of a dotted name that is a module of this package."""
    parts = name.split(".")[1:]
    while parts:
        base = ROOT if parts[0] in ALLOWED else PACKAGE
        path = base.joinpath(*parts).with_suffix(".py")
        if path.is_file():
            return path
        parts.pop()
    return None


def imported_files(path: Path) -> list[tuple[Path, int]]:
    named = [(module_file(name), line) for name, line in imports_of(path) if name.partition(".")[0] == "gristmill"]
    return [(found, line) for found, line in named if found is not None and found != path]


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
                target = part if part in ALLOWED else ("cli" if part in {"cli", "commands", "api"} else "shared")
                if target not in ALLOWED[layer] | {layer}:
                    wrong.append(f"{path}:{line} {layer} imports {target} ({name})")
            elif head in ONLY_IN and layer not in {ONLY_IN[head], "cli"}:
                wrong.append(f"{path}:{line} {layer} imports {head}")
    assert wrong == []


def test_every_file_belongs_to_a_room_that_is_drawn() -> None:
    rooms = {layer: sorted(set().union(*floors)) for layer, floors in FLOORS.items()}
    homeless = [
        f"{path.relative_to(ROOT)} belongs to no room of {layer}; its rooms: {', '.join(rooms[layer])}"
        for path in sources()
        if room_of(path) not in rooms[layer := layer_of(path)]
    ]
    assert homeless == []
    empty = {(layer, room) for layer, names in rooms.items() for room in names}
    assert empty == {(layer_of(path), room_of(path)) for path in sources()}


def test_inside_a_layer_imports_go_down() -> None:
    wrong = []
    for path in sources():
        layer = layer_of(path)
        floors = {room: floor for floor, rooms in enumerate(FLOORS[layer]) for room in rooms}
        room = room_of(path)
        for target, line in imported_files(path):
            other = room_of(target)
            if layer_of(target) == layer and other != room and floors[other] >= floors[room]:
                wrong.append(f"{path}:{line} {room} (floor {floors[room]}) imports {other} (floor {floors[other]})")
    assert wrong == []


def test_no_module_imports_itself_by_way_of_others() -> None:
    files = {path: {target for target, _ in imported_files(path)} for path in sources()}
    done: set[Path] = set()

    def walk(path: Path, above: tuple[Path, ...]) -> None:
        assert path not in above, " -> ".join(str(step.relative_to(ROOT)) for step in (*above, path))
        if path not in done:
            for target in sorted(files[path]):
                walk(target, (*above, path))
            done.add(path)

    for path in files:
        walk(path, ())


def test_pure_layers_open_no_files() -> None:
    calls = {"open", "read_bytes", "read_text", "write_bytes", "write_text"}
    wrong = []
    for path in sources():
        allowed = FILE_READERS.get(layer_of(path))
        if allowed is None or place_of(path) in allowed:
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
        ("gristmill.filters.signals", ("apache_beam", "torch", "fasttext")),
        ("gristmill.filters.classifier.training", ("apache_beam", "torch", "fasttext")),
        ("gristmill.dedup.signatures.minhash", ("apache_beam", "torch")),
        ("gristmill.tokenize.shards", ("apache_beam", "torch")),
        ("gristmill.reports.page.render", ("apache_beam", "torch")),
        ("gristmill.train_hooks.loader.dataset", ("apache_beam",)),
        ("gristmill.cli", ("apache_beam", "torch", "boto3")),
    ],
)
def test_importing_a_layer_loads_only_what_it_needs(module: str, forbidden: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print([name for name in {forbidden!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
