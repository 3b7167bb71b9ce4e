"""`gristmill sweep` and `gristmill rules RUN` on a run, beside judging its signals again."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gristmill.filters.rules.decide import decide
from gristmill.reports.recorded import recorded_run
from tests.pipelines.command import gristmill
from tests.pipelines.corpus import make_corpus


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("sweep")
    config = make_corpus(found, seed=4, documents=90, shards=4)
    text = config.read_text().replace('use = ["gopher_quality"]', 'use = ["gopher_quality", "c4"]\nmax_share = 0.05')
    config.write_text(text.replace("min_score = 0.5", "min_score = 0.5\nmin_scores = { de = 0.9 }"))
    gristmill("run", config.name, "--quiet", folder=found)
    return found


def _kept(folder: Path, rule_id: str, threshold: float) -> dict[str, tuple[int, int]]:
    """Documents that pass the rule, and that pass all rules, by source, judged anew."""
    rules = recorded_run(str(folder / "run")).rules
    rules = tuple(dataclasses.replace(r, threshold=threshold) if r.id == rule_id else r for r in rules)
    found = {}
    for source, kind in (("web", "web"), ("books", "book")):
        batch = pq.read_table(folder / "run" / "signals" / source).unify_dictionaries().combine_chunks().to_batches()[0]
        failed = decide(batch, pa.array([kind] * batch.num_rows), rules).column(0).to_pylist()
        found[source] = (sum(rule_id not in names for names in failed), sum(not names for names in failed))
    return found


@pytest.mark.parametrize(
    ("rule", "values"),
    [("gopher_quality.min_words", "10,50,100,250"), ("language.min_score", "0.2,0.5,0.99")],
)
def test_the_sweep_says_what_judging_again_would_keep(folder: Path, rule: str, values: str) -> None:
    done = gristmill("sweep", "run", rule, "--values", values, "--by", "source", "--json", folder=folder)
    groups = json.loads(done.stdout)["groups"]
    assert set(groups) == {"web", "books"}
    seen = set()
    for source, rows in groups.items():
        for row in rows:
            assert (row["alone"], row["together"]) == _kept(folder, rule, row["threshold"])[source]
            seen.add(row["together"])
    assert len(seen) > 2


def test_a_rule_that_is_not_in_force_is_swept_and_named_so(folder: Path) -> None:
    done = gristmill("sweep", "run", "fineweb.max_newline_ratio", "--html", "s.html", folder=folder)
    assert "not in force; its own threshold is 0.3" in " ".join(done.stdout.split())
    assert "0.3 (its own)" in (folder / "s.html").read_text()
    rows = json.loads(gristmill("sweep", "run", "fineweb.max_newline_ratio", "--json", folder=folder).stdout)
    assert not rows["in_force"]
    assert [row["current"] for row in rows["groups"]["all"]].count(True) == 1


def test_languages_add_up_to_all(folder: Path) -> None:
    command = ("sweep", "run", "gopher_quality.min_stop_words", "--from", "0", "--to", "4", "--steps", "5", "--json")
    every = json.loads(gristmill(*command, folder=folder).stdout)["groups"]["all"]
    parts = json.loads(gristmill(*command, "--by", "language", folder=folder).stdout)["groups"]
    assert {"en", "de"} <= set(parts)
    for i, row in enumerate(every):
        assert row["together"] == sum(rows[i]["together"] for rows in parts.values())
        assert row["documents"] == sum(rows[i]["documents"] for rows in parts.values()) == 90


def test_wrong_sweeps_say_what_is_wrong(folder: Path) -> None:
    for arguments, says in (
        (("gopher_quality.min_wrods",), "did you mean 'gopher_quality.min_words'"),
        (("language.keep",), "it has no number to sweep"),
        (("gopher_quality.min_words", "--from", "1"), "give both --from and --to"),
        (("gopher_quality.min_words", "--values", "1,x"), "--values wants numbers"),
        (("decontamination.max_ngrams",), "does not measure 'contamination_ngram_count'"),
    ):
        assert says in " ".join(gristmill("sweep", "run", *arguments, folder=folder, code=2).stderr.split())


def test_rules_of_a_run_tell_failed_first_and_only(folder: Path) -> None:
    rows = {row["rule"]: row for row in json.loads(gristmill("rules", "run", "--json", folder=folder).stdout)}
    decisions = pq.read_table(folder / "run" / "decisions").column("failed_rules").to_pylist()
    for name, row in rows.items():
        assert row["failed"] == sum(name in failed for failed in decisions)
        assert row["first"] == sum(failed[:1] == [name] for failed in decisions)
        assert row["only"] == sum(failed == [name] for failed in decisions)
    languages = pq.read_table(folder / "run" / "decisions" / "web").column("language").to_pylist()
    (asked,) = [r for r in recorded_run(str(folder / "run")).rules if r.id == "gopher_quality.min_stop_words"]
    assert 0 < rows[asked.id]["judged"] == sum(code in asked.languages for code in languages)
    assert rows["gopher_quality.min_words"]["judged"] == len(languages)
    assert rows["language.keep"]["judged"] == 90
    told = " ".join(gristmill("rules", "run", folder=folder).stdout.split())
    assert "gopher_quality.max_words" in told.partition("rules never fired: ")[2].partition("note")[0]
    assert "documents that it judges, more than 5 %" in told
    facts = json.loads((folder / "run" / "report" / "run.json").read_text())
    assert any("more than 5 %" in warning for warning in facts["warnings"])
