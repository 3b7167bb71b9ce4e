"""report.json: its layout, its arithmetic, its honesty about small numbers, its bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from gristmill.errors import ConfigError
from gristmill.reports.counts.keep_ratios import MIN_MENTIONING
from gristmill.reports.figures import SCHEMA_VERSION, figures, to_json
from gristmill.reports.measure import Measures

LAYOUT = Path(__file__).with_name("report_layout.json")

RUN: dict[str, object] = {
    "name": "r",
    "seed": 17,
    "config_hash": "9f3c",
    "rules": [
        {"id": name, "source": "a paper", "threshold": 1} for name in ("language", "c4_bad_words", "never_fires")
    ],
    "errors": {"extract": {"truncated gzip": 2}},
    "skipped": {"crawl": {"revisit": 5}},
    "tokenizer": {"vocabulary": 32000},
    "stages": [{"stage": "extract", "seconds": 1.5, "documents": 6000}],
    "dedup": {"candidates": 900, "duplicates": 700, "candidate_pairs": 1500, "hot_buckets": []},
    "warnings": ["a warning"],
}


@pytest.fixture(scope="module")
def report(measures: Measures) -> dict[str, Any]:
    return figures(measures, run=RUN)


def _tables(report: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for section in report["sections"]:
        for table in section["tables"]:
            yield f"{section['id']}.{table['id']}", table


def _rows(report: dict[str, Any], name: str) -> list[dict[str, Any]]:
    table = dict(_tables(report))[name]
    return [dict(zip([column["key"] for column in table["columns"]], row, strict=True)) for row in table["rows"]]


def _section(report: dict[str, Any], name: str) -> dict[str, Any]:
    return next(section for section in report["sections"] if section["id"] == name)


def test_the_layout_is_the_recorded_one(report: dict[str, Any], tmp_path: Path) -> None:
    layout = {
        "schema_version": report["schema_version"],
        "keys": sorted(report),
        "run": sorted(report["run"]),
        "tables": {name: [f"{c['key']}: {c['kind']}" for c in table["columns"]] for name, table in _tables(report)},
    }
    found = tmp_path / LAYOUT.name
    found.write_text(json.dumps(layout, indent=1) + "\n", encoding="utf-8")
    recorded = json.loads(LAYOUT.read_text(encoding="utf-8"))
    assert layout == recorded, f"readers depend on the layout: raise SCHEMA_VERSION, then copy {found} over {LAYOUT}"
    assert recorded["schema_version"] == SCHEMA_VERSION


def test_every_row_fits_its_columns_and_every_chart_its_table(report: dict[str, Any]) -> None:
    for name, table in _tables(report):
        keys = [column["key"] for column in table["columns"]]
        assert len(set(keys)) == len(keys), name
        assert all(len(row) == len(keys) for row in [*table["rows"], *([table["total"]] if table["total"] else [])]), (
            name
        )
        assert table["rows_total"] >= len(table["rows"])
        assert table["about"]
        for chart in table["charts"]:
            named = {*chart["labels"], *chart["values"], *([chart["interval"]] if chart["interval"] else [])}
            assert named <= set(keys), name


def test_documents_reconcile_in_every_table_that_holds_them_all(report: dict[str, Any]) -> None:
    read = sum(row["read"] for row in _rows(report, "funnel.by_source"))
    assert read == 6000
    for row in _rows(report, "funnel.by_source"):
        assert row["read"] == row["kept"] + row["removed"] + row["duplicate"] + row["error"]
    for name in (
        "funnel.sizes", "drop_rates.by_kind", "drop_rates.by_language", "drop_rates.by_language_and_kind",
        "languages.languages", "licenses.by_license", "licenses.by_evidence", "dates.by_year", "dates.by_evidence",
        "lengths.histogram",
    ):  # fmt: skip
        assert sum(row["read"] for row in _rows(report, name)) == read, name
    assert sum(row["documents"] for row in _rows(report, "rules.causes")) == read


def test_shares_are_the_quotients_of_the_counts_beside_them(report: dict[str, Any]) -> None:
    for row in _rows(report, "drop_rates.by_language"):
        assert row["removed_share"] == round(row["removed"] / row["read"], 6)
        assert row["removed_interval"][0] <= row["removed_share"] <= row["removed_interval"][1]
    tokens = sum(row["tokens"] for row in _rows(report, "languages.languages"))
    for row in _rows(report, "languages.languages"):
        assert row["token_share"] == round(row["tokens"] / tokens, 6)


def test_a_rule_that_never_fired_is_named_and_a_greedy_one_too(report: dict[str, Any], make_pair: Any) -> None:
    notes = _section(report, "rules")["notes"]
    assert any("1 rule never fired: never_fires." in note for note in notes)
    assert next(row for row in _rows(report, "rules.rules") if row["rule"] == "never_fires")["failed"] == 0
    documents, ledger = make_pair(40, 9)
    failed = pa.array([["everything"]] * 40).cast(pa.list_(pa.string())).cast(ledger.schema.field("failed_rules").type)
    measures = Measures()
    measures.add(documents, ledger.set_column(4, ledger.schema.field("failed_rules"), failed))
    notes = _section(figures(measures, run=RUN), "rules")["notes"]
    assert any("everything failed 100 % of" in note for note in notes)


def test_only_the_planted_disparity_lies_beyond_the_control_words(report: dict[str, Any]) -> None:
    terms = {row["term"]: row for row in _rows(report, "identity_terms.terms")}
    assert terms["lesbian"]["adjusted_interval"][1] < 0.8
    others = [row for name, row in terms.items() if name != "lesbian" and isinstance(row["adjusted"], float)]
    assert len(others) > 10
    assert all(0.8 < row["adjusted"] < 1.25 for row in others)
    assert next(iter(terms)) == "lesbian"
    controls = [row for row in _rows(report, "identity_terms.controls") if isinstance(row["adjusted"], float)]
    assert controls
    assert all(0.85 < row["adjusted"] < 1.18 for row in controls)


def test_a_rare_term_gets_counts_but_no_ratio(report: dict[str, Any]) -> None:
    row = next(row for row in _rows(report, "identity_terms.terms") if row["term"] == "Sikh")
    assert (row["kept"], row["removed"]) == (0, 0)
    assert row["adjusted"] == {"empty": "insufficient data", "why": f"0 documents, {MIN_MENTIONING} needed"}


def test_the_number_of_comparisons_is_stated_beside_what_chance_gives(report: dict[str, Any]) -> None:
    terms, controls = (
        [
            row["adjusted_interval"]
            for row in _rows(report, f"identity_terms.{name}")
            if isinstance(row["adjusted"], float)
        ]
        for name in ("terms", "controls")
    )
    missing, control_missing = (sum(1 for low, high in rows if low > 1 or high < 1) for rows in (terms, controls))
    text = " ".join(_section(report, "identity_terms")["notes"])
    assert f"of {len(terms)} ratios, {missing} have an interval that does not hold 1" in text
    assert (
        f"about {0.05 * len(terms):.1f} would. Of {len(controls)} control words with a ratio, {control_missing} do"
        in text
    )
    nothing = figures(Measures(), run={})
    assert "neither show nor rule out" in " ".join(_section(nothing, "identity_terms")["notes"])


def test_the_figures_of_an_empty_run_are_written_without_a_quotient_of_nothing() -> None:
    empty = figures(Measures(), run={})
    assert all(item["value"] == 0 for item in empty["headline"])  # type: ignore[attr-defined]
    assert json.loads(to_json(empty)) == empty


def test_no_float_has_more_than_six_digits_after_the_point(report: dict[str, Any]) -> None:
    def floats(value: Any) -> Iterator[float]:
        if isinstance(value, float):
            yield value
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from floats(inner)

    found = list(floats(report))
    assert len(found) > 200
    assert all(number == round(number, 6) for number in found)


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ({"nmae": "x"}, "wrong at 'nmae'"),
        ({"seed": "many"}, "wrong at 'seed'"),
        ({"rules": [{"name": "x"}]}, "wrong at 'rules.0"),
    ],
)
def test_unknown_or_mistyped_facts_are_refused_by_name(run: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        figures(Measures(), run=run)


def test_the_bytes_do_not_depend_on_the_hash_seed(tmp_path: Path, make_pair: Callable[[int, int], Any]) -> None:
    for number, batch in enumerate(make_pair(200, 4)):
        with pa.OSFile(str(tmp_path / f"{number}.arrow"), "wb") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
            writer.write(batch)
    script = (
        "import sys, pyarrow as pa\n"
        "from gristmill.reports.figures import figures, to_json\n"
        "from gristmill.reports.measure import Measures\n"
        "from gristmill.reports.page.render import render\n"
        "pair = [pa.ipc.open_file(pa.OSFile(f'{sys.argv[1]}/{n}.arrow')).get_batch(0) for n in (0, 1)]\n"
        "measures = Measures()\n"
        "measures.add(*pair)\n"
        "report = figures(measures, run={'name': 'r'})\n"
        "sys.stdout.buffer.write((to_json(report) + render(report)).encode())\n"
    )
    pages = {
        subprocess.run(
            [sys.executable, "-c", script, str(tmp_path)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(pages) == 1
    assert len(pages.pop()) > 100_000
