"""A plugin that is not there, is broken or returns what it must not: an error that names it, and the cure."""

from __future__ import annotations

import importlib
import json
import pickle
import re
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from gristmill import plugins
from gristmill.config.config import load_config
from gristmill.documents import DOCUMENT_SCHEMA, LEDGER_SCHEMA
from gristmill.errors import ConfigError, PluginError
from gristmill.pipelines.extras.plugin_signals import made_once
from gristmill.pipelines.run_plan.run_plan import resolve_run
from gristmill.pipelines.sources.table import read
from gristmill.plugins import check_names, find_plugin, load_plugin
from gristmill.reports.counts.batch import Batch
from gristmill.reports.page.run_facts import run_facts
from gristmill.reports.panels.plugins import panels_with
from tests.pipelines.command import gristmill

HEAD = """
import dataclasses
import pyarrow as pa
from gristmill.filters.counts.measure import Signal
from gristmill.filters.rules.sets.rule_types import Rule, RuleSet
from gristmill.pipelines.sources.source_kind import SourceKind
from gristmill.reports.counts.counts import Tally
from gristmill.reports.page.panel import Panel
from gristmill.reports.page.page import Section

@dataclasses.dataclass(frozen=True)
class Extra:
    column: object = None
    name: str = "text_length"
    signals = property(lambda self: (Signal(self.name, "int64", "bytes", "0 or more", "length", "here"),))
    def key(self):
        return "v1"
    def measure(self, documents):
        return [pa.array([len(text.as_py()) for text in documents.column("text")], pa.int64())]
"""

CONFIG = """
[run]
output = "run"
[[source]]
name = "web"
kind = "{kind}"
paths = ["*.jsonl"]
document_kind = "web"
[signals]
use = [{signals}]
[rules]
use = [{rules}]
[report]
panels = [{panels}]
[tokenizer]
train = {{ vocab_size = 300 }}
"""


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Writes a module with the plugin, and a configuration that names it as ``mine:…``; returns the configuration."""
    rows = [{"id": str(number), "text": f"A mill has {number} wheels and turns all day. " * 9} for number in range(20)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def write(module: str, *, kind: str = "jsonl", **named: str) -> Path:
        (tmp_path / "mine.py").write_text(HEAD + textwrap.dedent(module))
        sys.modules.pop("mine", None)
        quoted = {name: f'"{value}"' for name, value in named.items()}
        path = tmp_path / "c.toml"
        path.write_text(CONFIG.format(**{"signals": "", "rules": "", "panels": "", **quoted, "kind": kind}))
        return path

    return write


@pytest.mark.parametrize(
    ("module", "named", "says"),
    [
        ("1 / 0", {"signals": "mine:Extra"}, "cannot be loaded: ZeroDivisionError: division by zero"),
        ("", {"signals": "mine:Missing"}, "module 'mine' has no attribute 'Missing'"),
        ("", {"signals": "yours:Extra"}, "there is no module 'yours'; put the folder of the module on PYTHONPATH"),
        ("", {"signals": "mine"}, "unknown signals 'mine'"),
        ("SEVEN = 7", {"signals": "mine:SEVEN"}, "wanted a gristmill.filters.extras.Extra or a function that returns one, got int"),
        ("TAKEN = Extra(name='word_count')", {"signals": "mine:TAKEN"}, "claims the signal 'word_count', which something built in makes"),
        ("ODD = Extra(name='Word Count')", {"signals": "mine:ODD"}, "wanted Signals named like 'rhyme_count'"),
        ("class Keyless(Extra):\n    def key(self):\n        return {1, 2}\n", {"signals": "mine:Keyless"}, "its key must be JSON values"),
        ("SET = RuleSet('c4', '', ('web',), 'a', {'a': ()}, {})", {"rules": "mine:SET"}, "wanted a rule set called a name of its own, got one called 'c4'"),
        ("SET = RuleSet('m', '', ('web',), 'b', {'a': ()}, {})", {"rules": "mine:SET"}, "its default variant 'b' is none of a"),
        ("SET = RuleSet('m', '', ('web',), 'a', {'a': (Rule('words', 'word_count', 1, 's'),)}, {})", {"rules": "mine:SET"}, "wants Rules called min_… or max_…"),
        ("SET = RuleSet('m', '', ('web',), 'a', {'a': (Rule('min_x', 'nobodys', 1, 's'),)}, {})", {"rules": "mine:SET"}, "m.min_x judges 'nobodys', which nothing in this run measures; name the plugin that makes it in signals.use"),
        ("SET = RuleSet('m', '', ('letter',), 'a', {'a': ()}, {})", {"rules": "mine:SET"}, "wanted kinds of document among web, book, code, got 'letter'"),
        ("P = Panel('funnel', (), lambda measured, run: None)", {"panels": "mine:P"}, "claims the panel 'funnel'"),
        ("P = Panel('p', (Tally('verdicts', ('a',), ('n',), None),), None)", {"panels": "mine:P"}, "claims a tally that is there already"),
        ("K = SourceKind('k', 'letter', '', (), None)", {"kind": "mine:K"}, "wanted a document_kind of web, book, code, got 'letter'"),
    ],
)  # fmt: skip
def test_what_can_be_known_beforehand_stops_the_run(
    written: Callable[..., Path], module: str, named: dict[str, str], says: str
) -> None:
    config = load_config(written(module, **named))
    with pytest.raises(ConfigError, match=re.escape(says)):
        resolve_run(config)
    assert not Path("run").exists()


def test_a_command_names_the_plugin_before_anything_is_written(written: Callable[..., Path], tmp_path: Path) -> None:
    written("1 / 0", signals="mine:Extra")
    done = gristmill("run", "c.toml", folder=tmp_path, environment={"PYTHONPATH": str(tmp_path)}, code=2)
    assert done.stderr.lstrip().startswith(
        "PluginError: plugin 'mine:Extra' (module mine:Extra) cannot be loaded: ZeroDivision"
    )
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("module", "says"),
    [
        ("def measure(self, documents): raise KeyError('verse')", "failed when measuring 20 documents: KeyError: 'verse'"),
        ("def measure(self, documents): return []", "wanted a column for each of text_length, got 0 columns"),
        ("def measure(self, documents): return [pa.array([1, 2])]", "signal 'text_length': wanted 20 values without nulls, got 2 with 0 nulls"),
        ("def measure(self, documents): return [pa.array([0.5] * documents.num_rows)]", "signal 'text_length': wanted type int64, got double"),
        ("def measure(self, documents): return [[1] * documents.num_rows]", "wanted a pyarrow.Array, got list"),
    ],
)  # fmt: skip
def test_signals_that_go_wrong_are_named(written: Callable[..., Path], module: str, says: str) -> None:
    config = load_config(written(f"class Mine(Extra):\n    {module}\n", signals="mine:Mine"))
    extra = resolve_run(config).extras[-1]
    batch = pa.RecordBatch.from_pydict({"text": pa.array(["a mill"] * 20, pa.large_string())})
    with pytest.raises(PluginError, match=re.escape("plugin 'mine:Mine' (module mine:Mine)")) as caught:
        extra.measure(batch)
    assert says in str(caught.value)


def test_a_plugin_is_made_once_and_not_for_each_batch(written: Callable[..., Path]) -> None:
    module = """
MADE = []
def make():
    MADE.append(1)
    return Extra()
"""
    extra = resolve_run(load_config(written(module, signals="mine:make"))).extras[-1]
    batch = pa.RecordBatch.from_pydict({"text": pa.array(["a mill"], pa.large_string())})
    before = len(sys.modules["mine"].MADE)
    for _ in range(3):
        extra.measure(batch)
    assert len(sys.modules["mine"].MADE) == before


def test_no_number_is_not_taken_for_one(written: Callable[..., Path]) -> None:
    module = """
class Mine(Extra):
    signals = property(lambda self: (Signal("odd", "float64", "none", "any", "odd", "here"),))
    def measure(self, documents):
        return [pa.array([float("nan")] * documents.num_rows)]
"""
    extra = resolve_run(load_config(written(module, signals="mine:Mine"))).extras[-1]
    with pytest.raises(PluginError, match="signal 'odd': wanted numbers, got NaN"):
        extra.measure(pa.RecordBatch.from_pydict({"text": pa.array(["a mill"], pa.large_string())}))


def test_a_worker_of_several_names_plugin_and_shard(written: Callable[..., Path], tmp_path: Path) -> None:
    written("class Mine(Extra):\n    def measure(self, documents): raise KeyError('verse')\n", signals="mine:Mine")
    told = gristmill(
        "run", "c.toml", "--workers", "2", folder=tmp_path, environment={"PYTHONPATH": str(tmp_path)}, code=10
    ).stderr
    assert "plugin 'mine:Mine' (module mine:Mine) failed when measuring 20 documents: KeyError: 'verse'" in told
    assert "(while annotate worked on web/a.jsonl)" in told


@pytest.mark.parametrize(
    ("reader", "says"),
    [
        ("raise OSError('disk')\n    yield", "failed when reading a.jsonl: OSError: disk"),
        ("return 7", "failed when opening a.jsonl: TypeError: 'int' object is not iterable"),
        ("yield 'text'", "wanted a Skipped, a Failed or a document with record_key, uri"),
        ("yield DOCUMENT | {'text': b'x'}", "text of 'u' must be str, got bytes"),
        ("yield DOCUMENT | {'offset': True}", "offset of 'u' must be int, got bool"),
        ("yield DOCUMENT | {'date_evidence': 'guess'}", "date_evidence must be one of declared, html, http, crawl, none, got 'guess'"),
    ],
)  # fmt: skip
def test_readers_that_go_wrong_are_named(written: Callable[..., Path], reader: str, says: str) -> None:
    module = f"""
DOCUMENT = dict(record_key='k', uri='u', offset=0, length=1, text='x', title=None, published=None,
    date_evidence='none', license=None, license_evidence='none', meta={{}})
def read(path, name, options):
    {reader}
K = SourceKind('k', 'web', '', (), read)
"""
    (source,) = resolve_run(load_config(written(module, kind="mine:K"))).sources
    with pytest.raises(PluginError, match=re.escape("plugin 'mine:K' (module mine:K)")) as caught:
        list(read(source.kind, Path("a.jsonl"), "a.jsonl", source.options, source.plugin))
    assert says in str(caught.value)


def test_panels_that_go_wrong_are_named(written: Callable[..., Path]) -> None:
    module = """
def count(batch):
    return batch.grouped({'kind': batch.kind})
P = Panel('p', (Tally('t', ('kind',), ('documents',), count),), lambda measured, run: 1 / 0)
"""
    (plugin,) = resolve_run(load_config(written(module, panels="mine:P"))).report.plugins
    panel = panels_with((plugin,))[-1]
    documents = pa.RecordBatch.from_pylist([], schema=DOCUMENT_SCHEMA)
    with pytest.raises(PluginError, match="tally 't': wanted the columns kind, documents, got kind, documents, bytes"):
        panel.tallies[0].count(Batch(documents, pa.RecordBatch.from_pylist([], schema=LEDGER_SCHEMA)))
    with pytest.raises(PluginError, match="failed when building its section: ZeroDivisionError"):
        panel.build({}, run_facts({"name": "run"}))


def test_names_of_built_in_things_cannot_be_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Point:
        name, value = "c4", "other.rules:C4"
        dist = type("Distribution", (), {"name": "other", "version": "2.0"})

    monkeypatch.setattr(plugins, "entry_points", lambda group: (Point(),) if group == "rules" else ())
    with pytest.raises(PluginError, match=r"'c4' of the group gristmill.rules of other 2.0 .* claims the name of"):
        check_names({"rules": ["c4"], "sources": ["warc"]})
    check_names({"rules": ["fineweb"], "sources": ["warc"]})


def test_two_packages_cannot_bring_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def point(package: str) -> object:
        distribution = type("Distribution", (), {"name": package, "version": "1"})
        return type("Point", (), {"name": "rhymes", "value": f"{package}:R", "dist": distribution})()

    monkeypatch.setattr(plugins, "entry_points", lambda _: (point("a"), point("b")))
    with pytest.raises(
        PluginError, match=r"two plugins of the group gristmill.rules are called 'rhymes', of a 1 and b 1"
    ):
        find_plugin("rules", "rhymes")


def test_a_worker_with_other_sources_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "drifting.py").write_text("THING = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    plugin = find_plugin("signals", "drifting:THING")
    (tmp_path / "drifting.py").write_text("THING = 2\n")
    with pytest.raises(PluginError, match="install the same version everywhere"):
        load_plugin(plugin)


def test_what_travels_to_a_worker_needs_no_plugin_until_it_works(written: Callable[..., Path]) -> None:
    (extra,) = resolve_run(load_config(written("", signals="mine:Extra"))).extras[-1:]
    pickled = pickle.dumps(extra)
    assert b"Extra" in pickled
    Path("mine.py").unlink()
    sys.modules.pop("mine")
    load_plugin.cache_clear()
    made_once.cache_clear()
    arrived = pickle.loads(pickled)
    importlib.invalidate_caches()
    with pytest.raises(PluginError, match=r"plugin 'mine:Extra' .* there is no module 'mine'; .* on every worker too"):
        arrived.measure(pa.RecordBatch.from_pydict({"text": pa.array(["a mill"], pa.large_string())}))


def test_a_process_that_imported_other_sources_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a notebook: the module in memory is the one before the edit, whatever the file says."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "edited_later.py").write_text("THING = 1\n")
    assert load_plugin(find_plugin("signals", "edited_later:THING")) == 1
    (tmp_path / "edited_later.py").write_text("THING = 22\n")
    with pytest.raises(PluginError, match="its sources changed since this process imported them; start a new process"):
        load_plugin(find_plugin("signals", "edited_later:THING"))


def test_every_file_of_a_package_is_in_its_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "digested"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "a.py").write_text("from digested import b\nTHING = b.VALUE\n")
    (package / "b.py").write_text("VALUE = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    before = find_plugin("signals", "digested.a:THING")
    (package / "b.py").write_text("VALUE = 2\n")
    assert find_plugin("signals", "digested.a:THING").key() != before.key()
