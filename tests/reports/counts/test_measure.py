"""The accumulator: equal to counting row by row, and the same in any order and grouping."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.documents import DOCUMENT_SCHEMA, LEDGER_SCHEMA
from gristmill.errors import IntegrityError, ReconciliationError
from gristmill.reports.counts.batch import Batch
from gristmill.reports.figures import figures, to_json
from gristmill.reports.measure import Measures
from gristmill.reports.panels.table import PANELS, tallies
from gristmill.web_domains import registrable_domain

Pair = tuple[pa.RecordBatch, pa.RecordBatch]
Make = Callable[[int, int], Pair]

RUN = {"name": "r", "rules": [{"id": "language"}, {"id": "never"}]}


def _counted(pair: Pair) -> Measures:
    measures = Measures()
    measures.add(*pair)
    return measures


def _stored(measures: Measures) -> str:
    return json.dumps(measures.to_dict())


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, 120), max_size=5), order=st.randoms(use_true_random=False))
def test_any_partition_in_any_order_gives_the_same_report(make_pair: Make, cuts: list[int], order: object) -> None:
    documents, ledger = make_pair(120, 7)
    edges = [0, *sorted(cuts), 120]
    slices = [(start, end - start) for start, end in itertools.pairwise(edges)]
    order.shuffle(slices)  # type: ignore[attr-defined]
    parts = [_counted((documents.slice(*one), ledger.slice(*one))) for one in slices]
    while len(parts) > 1:
        left = parts.pop(order.randrange(len(parts)))  # type: ignore[attr-defined]
        parts[order.randrange(len(parts))].merge(left)  # type: ignore[attr-defined]
    whole = _counted((documents, ledger))
    assert _stored(parts[0]) == _stored(whole)
    assert to_json(figures(parts[0], run=RUN)) == to_json(figures(whole, run=RUN))


def test_merging_leaves_the_other_side_unchanged_and_shares_nothing_with_it(make_pair: Make) -> None:
    one, other, empty = _counted(make_pair(50, 1)), _counted(make_pair(50, 2)), Measures()
    before = _stored(other)
    empty.merge(other)
    empty.merge(one)
    assert _stored(other) == before


def test_counts_equal_a_count_row_by_row(make_pair: Make) -> None:
    documents, ledger = make_pair(800, 3)
    rows = [decided | document for document, decided in zip(documents.to_pylist(), ledger.to_pylist(), strict=True)]
    counts = _counted((documents, ledger)).counts

    verdicts = Counter((row["source"], row["kind"], row["verdict"]) for row in rows)
    assert {key: amounts[0] for key, amounts in counts["verdicts"].rows.items()} == verdicts
    assert counts["verdicts"].total()[1] == sum(len(row["text"].encode()) for row in rows)
    assert counts["verdicts"].total()[2] == sum(row["tokens"] for row in rows)

    failed = Counter((row["source"], rule) for row in rows for rule in row["failed_rules"])
    alone = Counter((row["source"], row["failed_rules"][0]) for row in rows if len(row["failed_rules"]) == 1)
    assert {key: amounts[0] for key, amounts in counts["rules"].rows.items()} == failed
    assert Counter({key: amounts[1] for key, amounts in counts["rules"].rows.items() if amounts[1]}) == alone

    hosts = [(registrable_domain(row["uri"].split("/")[2]), row["verdict"]) for row in rows if row["kind"] == "web"]
    assert {key: amounts[0] for key, amounts in counts["domains"].rows.items()} == Counter(hosts)

    years = Counter(
        (str(row["published"].year) if row["published"] else "unknown", row["date_evidence"], row["verdict"])
        for row in rows
    )
    assert {key: amounts[0] for key, amounts in counts["dates"].rows.items()} == years

    lengths = Counter(
        (row["source"], f"{max(len(row['text'].encode()), 1).bit_length() - 1:02d}", row["verdict"]) for row in rows
    )
    assert {key: amounts[0] for key, amounts in counts["lengths"].rows.items()} == lengths

    code = Counter((json.loads(row["meta"])["language"], row["verdict"]) for row in rows if row["kind"] == "code")
    assert {key: amounts[0] for key, amounts in counts["programming_languages"].rows.items()} == code

    english = Counter(row["verdict"] for row in rows if row["language"] == "en" and row["kind"] != "code")
    assert {name: amounts[0] for name, amounts in counts["english"].by("verdict").items()} == english

    binned = Counter(f"{int(row['similarity'] * 20 + 1e-6):02d}" for row in rows if row["verdict"] == "duplicate")
    assert {name: amounts[0] for name, amounts in counts["similarities"].by("bin").items()} == binned


def test_every_tally_without_a_condition_accounts_for_every_document(measures: Measures) -> None:
    read = measures.counts["verdicts"].total()[0]
    for name in ("languages", "licenses", "dates", "lengths", "failed_rule_numbers"):
        assert measures.counts[name].total()[0] == read, name


def test_stored_measures_come_back_the_same(measures: Measures) -> None:
    loaded = Measures.from_dict(json.loads(_stored(measures)))
    assert _stored(loaded) == _stored(measures)
    assert to_json(figures(loaded, run=RUN)) == to_json(figures(measures, run=RUN))


def test_damaged_or_foreign_measures_are_refused(measures: Measures) -> None:
    stored = measures.to_dict()
    with pytest.raises(IntegrityError, match="want version 1"):
        Measures.from_dict({**stored, "version": 0})
    counts = stored["counts"]
    assert isinstance(counts, dict)
    with pytest.raises(IntegrityError, match="want version 1"):
        Measures.from_dict({**stored, "counts": {name: counts[name] for name in counts if name != "rules"}})
    broken = {**counts["rules"], "rows": [["web", "language", 1, 0.5]]}
    with pytest.raises(IntegrityError, match="integers a row"):
        Measures.from_dict({**stored, "counts": {**counts, "rules": broken}})
    renamed = {**counts["rules"], "keys": ["rule", "source"]}
    with pytest.raises(IntegrityError, match="want the columns"):
        Measures.from_dict({**stored, "counts": {**counts, "rules": renamed}})


def test_documents_and_ledger_of_different_shards_are_refused(make_pair: Make) -> None:
    documents, ledger = make_pair(10, 1)
    with pytest.raises(ReconciliationError, match="one ledger row per document, got 9 for 10"):
        Measures().add(documents, ledger.slice(1))
    with pytest.raises(ReconciliationError, match="same doc_id in row 0"):
        Measures().add(documents, make_pair(10, 2)[1])


def test_an_empty_batch_counts_nothing() -> None:
    measures = Measures()
    measures.add(
        pa.RecordBatch.from_pylist([], schema=DOCUMENT_SCHEMA), pa.RecordBatch.from_pylist([], schema=LEDGER_SCHEMA)
    )
    assert _stored(measures) == _stored(Measures())


@pytest.mark.parametrize(
    ("uri", "domain"),
    [
        ("https://www.example.co.uk/a", "example.co.uk"),
        ("HTTP://USER:pw@News.Example.ORG:8080?q", "example.org"),
        ("http://[2001:db8::1]/x", "2001:db8::1"),
        ("https://b\u00fccher.example/", "b\u00fccher.example"),
        ("https://localhost/", "unknown"),
        ("file:///etc/passwd", "unknown"),
        ("https://", "unknown"),
        ("not a uri", "unknown"),
        ("https://../x", "unknown"),
    ],
)
def test_the_domain_of_a_web_document(make_pair: Make, uri: str, domain: str) -> None:
    documents, ledger = make_pair(1, 1)
    columns = {
        "kind": pa.array(["web"]).dictionary_encode().cast(DOCUMENT_SCHEMA.field("kind").type),
        "uri": pa.array([uri]),
    }
    arrays = [columns.get(name, documents.column(name)) for name in DOCUMENT_SCHEMA.names]
    batch = Batch(pa.RecordBatch.from_arrays(arrays, schema=DOCUMENT_SCHEMA), ledger)
    assert batch.domain.to_pylist() == [domain]


def test_panels_have_distinct_names_and_tallies() -> None:
    assert len({panel.name for panel in PANELS}) == len(PANELS)
    assert len({tally.name for tally in tallies()}) == len(tallies())
