"""Perplexity: CCNet's normalization and buckets always; KenLM itself where it is installed."""

from __future__ import annotations

import builtins
import math
import re
import unicodedata
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.config.filter_config import PerplexitySection
from gristmill.errors import ConfigError, MissingExtraError
from gristmill.filters.perplexity import (
    CUTOFFS,
    SIGNALS,
    Perplexity,
    bucket_numbers,
    configured_perplexity,
    load_scorer,
    normalize,
    perplexity,
)
from tests.places import filter_pages

# A bigram model over four words; every probability and back-off weight is a log10.
UNIGRAMS = {
    "<unk>": (-1.2, 0),
    "<s>": (-99, -0.3),
    "</s>": (-0.9, 0),
    "the": (-0.5, -0.2),
    "mill": (-0.8, -0.1),
    "0": (-1.1, 0),
}
BIGRAMS = {("<s>", "the"): -0.2, ("the", "mill"): -0.15, ("mill", "</s>"): -0.25}


def arpa() -> str:
    one = "".join(f"{p}\t{word}\t{weight}\n" for word, (p, weight) in UNIGRAMS.items())
    two = "".join(f"{p}\t{a} {b}\n" for (a, b), p in BIGRAMS.items())
    head = f"\\data\\\nngram 1={len(UNIGRAMS)}\nngram 2={len(BIGRAMS)}\n\n"
    return f"{head}\\1-grams:\n{one}\n\\2-grams:\n{two}\n\\end\\\n"


class Bigrams:
    """The same model, scored as the definition of a back-off model says."""

    def score(self, sentence: str) -> float:
        words = [word if word in UNIGRAMS else "<unk>" for word in sentence.split()]
        total = 0.0
        for before, word in zip(["<s>", *words], [*words, "</s>"], strict=True):
            found = BIGRAMS.get((before, word))
            total += UNIGRAMS[before][1] + UNIGRAMS[word][0] if found is None else found
        return total


@given(st.text(max_size=60))
@settings(max_examples=150)
def test_normalization_leaves_no_capital_accent_digit_or_control_character(text: str) -> None:
    line = normalize(text)
    assert all(unicodedata.category(c) != "Mn" for c in unicodedata.normalize("NFC", line) if c.isascii())
    assert not re.search(r"[\x00-\x1f\x7f-\x9f1-9]", line)
    assert not any(c in "，。、„”“«»」「《》´∶：？！（）；–—．～’…━〈〉【】％►" for c in line)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("  ", ""),
        ("ÀÉÎ\tõü", "aeiou"),
        ("one\ntwo", "onetwo"),  # CCNet's: line breaks go with the control characters
        ("١٢3", "000"),
        ("（你好）。", "(你好)."),
        ("a—b…", "a - b..."),
    ],
)
def test_normalization_is_that_of_ccnet(text: str, wanted: str) -> None:
    assert normalize(text) == wanted


def test_perplexity_is_ten_to_minus_the_mean_log() -> None:
    wanted = 10 ** ((0.2 + 0.15 + 0.25) / 3)
    assert perplexity("The mill", Bigrams()) == round(wanted, 1)
    assert perplexity("", Bigrams()) == perplexity("\n\x00", Bigrams()) == 0


class Halves:
    """Pieces of one half of a word each, as a SentencePiece model could give."""

    def encode_as_pieces(self, text: str) -> list[str]:
        return [piece for word in text.split() for piece in ("▁" + word[: len(word) // 2], word[len(word) // 2 :])]


def test_pieces_are_scored_and_counted() -> None:
    class Counting:
        def score(self, sentence: str) -> float:
            assert sentence == "▁t he ▁mi ll"
            return -5.0

    assert perplexity("THÉ mill", Counting(), Halves()) == 10.0


def test_buckets_are_open_above() -> None:
    values = [339.9, 340.0, 519.9, 520.0, 0.0, 100.0]
    assert bucket_numbers(values, ["en"] * 5 + ["fi"], CUTOFFS) == [1, 2, 2, 3, 0, 0]


def test_a_missing_package_is_named_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "kenlm":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"of the extra 'perplexity'.*pip install"):
        configured_perplexity(PerplexitySection(models={"en": "en.arpa"}))


def test_the_page_has_every_signal_as_the_code_defines_it() -> None:
    page = filter_pages()
    for signal in SIGNALS:
        assert f"| `{signal.name}` | {signal.unit} | {signal.range} | {signal.definition} | {signal.source} |" in page


@pytest.fixture
def model(tmp_path: Path) -> str:
    pytest.importorskip("kenlm", reason="kenlm is an extra that compiles: `perplexity`")
    (tmp_path / "en.arpa").write_text(arpa())
    return str(tmp_path / "en.arpa")


def test_kenlm_scores_as_the_definition_says(model: str) -> None:
    scorer = load_scorer(model)
    for line in ("the mill", "mill the the", "other", "the 0 mill x"):
        assert scorer.score(line) == pytest.approx(Bigrams().score(line), abs=1e-4)


def test_a_batch_is_scored_by_the_model_of_its_language(model: str) -> None:
    extra = configured_perplexity(PerplexitySection(models={"en": model}, cutoffs={"en": (2.0, 3.0)}))
    languages = pa.array(["en", "en", "de", "en"]).dictionary_encode()
    texts = ["the mill", "0 other 7", "the mill", ""]
    values, buckets, numbers = extra.measure(pa.RecordBatch.from_pydict({"text": texts, "language": languages}))
    assert values.to_pylist() == [perplexity("the mill", Bigrams()), perplexity("0 other 7", Bigrams()), 0, 0]
    assert buckets.to_pylist() == ["head", "tail", "all", "all"]
    assert numbers.to_pylist() == [1, 3, 0, 0]
    assert model not in str(extra.key())


def test_what_is_no_model_is_refused(model: str, tmp_path: Path) -> None:
    (tmp_path / "x.arpa").write_text("no model")
    for section, message in (
        (PerplexitySection(models={"en": str(tmp_path / "x.arpa")}), "KenLM cannot read"),
        (PerplexitySection(models={"en": "absent.arpa"}), "no such file"),
        (PerplexitySection(models={"en": model}, cutoffs={"en": (5, 2)}), "two rising"),
        (PerplexitySection(models={"en": model}, pieces={"de": "x"}), "'de' has no model"),
    ):
        with pytest.raises(ConfigError, match=message):
            configured_perplexity(section)


def test_the_extra_has_three_columns() -> None:
    assert [signal.name for signal in Perplexity((), (), ()).signals] == [signal.name for signal in SIGNALS]
    assert math.isfinite(sum(bound for bounds in CUTOFFS.values() for bound in bounds))
