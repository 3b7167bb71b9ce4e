"""A run with edits: what is cut is recorded, judged, told and not trained on; without them everything is as before."""

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from tests.pipelines.command import gristmill
from tests.pipelines.corpus import english
from tests.pipelines.small_run import configuration, json_lines, rows_of, source, trained_texts

_CONFIG = configuration(
    "run",
    source("web", "raw/*.jsonl"),
    '[edit]\nuse = ["refinedweb_lines", "c4_lines@paper"]\n\n[rules]\nuse = ["refinedweb", "c4@paper"]\n',
)


def page(rng: random.Random, number: int) -> tuple[str, str]:
    """A page as it is found, and as the two edits leave it; the last one is mostly menu."""
    lines = [line.strip() for line in english(rng, 160).replace(". ", ".\n").split("\n") if line.strip()]
    kept = "\n".join(line for line in lines if len(line.split()) > 2)
    if number == 0:
        return "HOME ABOUT CONTACT IMPRINT\n" * 30 + kept, kept
    cut = (
        "CONTACT\n" + kept.replace("\n", "\n\n\n\n", 1) + "\nSee https://www.mill.example/a for all of it.[2]\n3 likes"
    )
    return cut + "\nOur privacy policy says how we do it.", kept + "\nSee  for all of it."


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run over two shards; ``pages.json`` holds what should be left of each page."""
    folder = tmp_path_factory.mktemp("edited")
    rng = random.Random(11)
    (folder / "raw").mkdir()
    pages = {}
    for shard in range(2):
        rows = []
        for number in range(8):
            uri = f"https://mill{number}.example/{shard}"
            text, pages[uri] = page(rng, number)
            rows.append({"url": uri, "text": text})
        (folder / "raw" / f"part-{shard}.jsonl").write_text(json_lines(rows))
    (folder / "pages.json").write_text(json.dumps(pages))
    (folder / "run.toml").write_text(_CONFIG)
    gristmill("run", "run.toml", "--quiet", folder=folder)
    return folder


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    return rows_of(folder / "run", name)


def test_tokens_decode_to_the_edited_text_and_the_extracted_text_stays_whole(run: Path) -> None:
    pages = json.loads((run / "pages.json").read_text())
    kept = [row["uri"] for row in rows(run, "ledger") if row["verdict"] == "kept"]
    assert len(kept) == 14
    decoded = trained_texts(run / "run")
    assert decoded == {uri: pages[uri] for uri in kept}
    assert all(("3 likes" in row["text"]) == (row["uri"] in decoded) for row in rows(run, "documents"))


def test_rules_judge_the_edited_text_and_what_was_cut_of_it(run: Path) -> None:
    failed = {row["uri"]: row["failed_rules"] for row in rows(run, "ledger") if row["failed_rules"]}
    assert failed == {f"https://mill0.example/{shard}": ["refinedweb.max_words_cut"] for shard in range(2)}
    signals = rows(run, "signals")
    assert {row["c4_policy_line_count"] for row in signals} == {0}
    assert {row["refinedweb_lines_cut_line_count"] for row in signals} == {2, 30}
    ids = {row["uri"]: row["doc_id"] for row in rows(run, "ledger")}
    words = {row["doc_id"]: row["word_count"] for row in signals}
    for uri, text in json.loads((run / "pages.json").read_text()).items():
        assert words[ids[uri]] == len(text.split())


def test_explain_shows_each_cut_with_its_edit_reason_and_passage(run: Path) -> None:
    (told,) = json.loads(gristmill("explain", "run", "https://mill1.example/0", "--json", folder=run).stdout)
    cuts = [(cut["edit"], cut["reason"], cut["passage"].strip()) for cut in told["cuts"]]
    assert ("refinedweb_lines", "upper_case", "CONTACT") in cuts
    assert ("refinedweb_lines", "url", "https://www.mill.example/a") in cuts
    assert ("refinedweb_lines", "counter", "3 likes") in cuts
    assert ("c4_lines", "citation", "[2]") in cuts
    assert ("c4_lines", "policy_phrase", "Our privacy policy says how we do it.") in cuts
    assert any("c4_lines cut" in sentence and "policy_phrase 1" in sentence for sentence in told["sentences"])
    shown = gristmill("explain", "run", "https://mill1.example/0", folder=run).stdout
    assert "what edits cut" in shown
    assert "policy_phrase" in shown


def test_the_report_and_run_json_name_the_cuts(run: Path) -> None:
    state = json.loads((run / "run" / "run.json").read_text())
    assert state["stages"]["edit"]["made"] == 2
    facts = json.loads((run / "run" / "report" / "run.json").read_text())
    assert facts["cuts"]["refinedweb_lines"]["counter"] == 14
    assert facts["cuts"]["c4_lines"]["policy_phrase"] == 14
    assert "What edits cut out of texts" in (run / "run" / "report" / "report.html").read_text()


def test_verify_checks_the_cuts(run: Path, tmp_path: Path) -> None:
    assert "cuts" in gristmill("verify", "run", folder=run).stdout
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    victim = min((copy / "run" / "edits" / "web").iterdir())
    table = pq.read_table(victim)
    none = pa.array([[]] * table.num_rows, table.schema.field("cuts").type)
    changed = table.set_column(1, table.schema.field("cuts"), none)
    pq.write_table(changed.replace_schema_metadata(pq.read_metadata(victim).metadata), victim)
    refused = gristmill("verify", "run", folder=copy, code=8)
    assert "bytes of edited text" in refused.stdout + refused.stderr


def test_without_edits_nothing_is_cut_and_extract_is_not_done_again(run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    config = copy / "run.toml"
    config.write_text(config.read_text().replace('use = ["refinedweb_lines", "c4_lines@paper"]', "use = []"))
    assert "add it to edit.use" in gristmill("run", "run.toml", "--quiet", folder=copy, code=2).stderr
    config.write_text(config.read_text().replace('use = ["refinedweb", "c4@paper"]', "use = []"))
    gristmill("run", "run.toml", "--quiet", folder=copy)
    state = json.loads((copy / "run" / "run.json").read_text())
    assert state["stages"]["extract"]["made"] == 0
    assert state["stages"]["annotate"]["made"] == 2
    assert "edit" not in state["stages"]
    assert not list((copy / "run" / "edits").rglob("*.parquet"))
    assert "refinedweb_lines_cut_count" not in ds.dataset(copy / "run" / "signals").schema.names
