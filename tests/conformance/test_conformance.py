"""Our rules beside the peers' own code: exact where they define alike, and stated where they do not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conformance import compare
from tests.conformance.corpus import SHARED, made_documents, real_documents, text_hash
from tests.conformance.document import PAGE, page

real_only = pytest.mark.skipif(not SHARED.is_dir(), reason=f"needs the shared data in {SHARED}")

LEAST_AGREEMENT = {"gopher_quality": 0.999, "gopher_repetition": 0.999, "fineweb": 0.999, "c4": 0.999}
"""Share of the real documents on which our variant and datatrove's filter say the same; docs/conformance.md has today's."""

CONTROL_SPACES = "\x1c\x1d\x1e\x1f"
"""White space to Python's ``str.split``, which Dolma uses, and not to Unicode."""


@real_only
def test_there_are_enough_real_documents_and_the_figures_know_them_all() -> None:
    documents = real_documents()
    assert len(documents) >= 2000
    assert len({name.partition("/")[0] for name in documents}) >= 4
    for peer in ("datatrove", "dolma"):
        missing = [name for name, text in documents.items() if text_hash(text) not in compare.stored(peer)]
        assert not missing, f"{len(missing)} documents, {missing[:3]}: python -m tests.conformance.collect {peer}"


def test_the_figures_know_every_made_document() -> None:
    for peer in ("datatrove", "dolma"):
        assert {text_hash(text) for text in made_documents().values()} <= set(compare.stored(peer))


@real_only
@pytest.mark.parametrize("rule_set", compare.RULE_SETS)
def test_verdicts_agree_with_datatrove_on_real_documents(rule_set: str) -> None:
    found = compare.verdicts(rule_set, real=True)
    assert found.documents >= 2000
    assert found.agreement >= LEAST_AGREEMENT[rule_set], found.disagreements[:5]


@pytest.mark.parametrize("rule_set", compare.RULE_SETS)
def test_verdicts_agree_with_datatrove_on_made_documents(rule_set: str) -> None:
    found = compare.verdicts(rule_set, real=False)
    assert found.documents >= 40
    assert len(found.disagreements) <= 3, found.disagreements


@pytest.mark.parametrize("rule_set", compare.RULE_SETS)
def test_what_crashes_datatrove_gets_a_verdict_from_us(rule_set: str) -> None:
    for name in compare.crashes(rule_set, real=False):
        place = compare.corpus(real=False).names.index(name)
        assert compare.measured(real=False).column("word_count")[place].as_py() is not None


@pytest.mark.parametrize("figures", compare.dolma_figures(real=False), ids=lambda figures: figures.ours)
def test_signals_equal_dolma_s_on_made_documents(figures: compare.Figures) -> None:
    # Of a text without a word Dolma divides the characters of its blank lines by 1; ours is 0, as for any empty text.
    apart = set(figures.differing) - {"made/spaces and newlines"}
    assert not apart, (figures.largest, figures.differing[:5])


@real_only
def test_signals_equal_dolma_s_on_real_documents() -> None:
    texts = dict(zip(compare.corpus(real=True).names, compare.corpus(real=True).texts.to_pylist(), strict=True))
    for figures in compare.dolma_figures(real=True):
        unexplained = [name for name in figures.differing if not set(CONTROL_SPACES) & set(texts[name])]
        assert not unexplained, (figures.theirs, figures.ours, figures.largest, unexplained[:5])


@real_only
def test_the_page_says_what_is_measured() -> None:
    assert PAGE.read_text() == page(), "run: python -m tests.conformance.document"


def test_the_page_names_the_peers_versions_that_are_stored() -> None:
    text = PAGE.read_text()
    for peer in ("datatrove", "dolma"):
        for package, version in compare.versions(peer).items():
            assert re.search(rf"{package} {re.escape(version)}\b", text), (package, version)
    assert Path(compare.EXPECTED / "datatrove.parquet").stat().st_size < 1_000_000
