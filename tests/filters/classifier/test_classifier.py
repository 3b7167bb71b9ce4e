"""Quality classifiers: what fastText hears, what its answer means, and that training is repeatable."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.config.filter_config import ClassifierSection
from gristmill.errors import ConfigError, InputError, MissingExtraError
from gristmill.filters.classifier.classifier import ClassifierScore, one_line, resolve_classifier, scores
from gristmill.filters.classifier.fit import FitOptions, fit
from gristmill.filters.classifier.model import (
    card_uri,
    load_classifier,
    model_labels,
    read_card,
    save_classifier,
)
from gristmill.filters.classifier.training import (
    POSITIVE,
    describe,
    evaluate,
    held_out_scores,
    label_texts,
    train_classifier,
)
from gristmill.filters.fasttext.model import FastTextModel
from gristmill.filters.language.language import MODEL_PATH
from tests.filters.classifier.separable import BAD, GOOD, sentences
from tests.filters.fasttext.models import fasttexts_own

SMALL = FitOptions(dim=8, buckets=5000, epochs=10, learning_rate=0.5, seed=3)


@pytest.fixture(scope="module")
def fasttext() -> None:
    pytest.importorskip("fasttext", reason="fastText, which trains, is not installed: the extra `classifier` brings it")


@pytest.fixture(scope="module")
def trained(fasttext: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trained") / "model.bin"
    documents = label_texts(sentences(GOOD, 150, 1), sentences(BAD, 150, 2), held_out_share=0.2, seed=3)
    train_classifier(documents, SMALL, path)
    return path


@pytest.fixture(scope="module")
def model(trained: Path) -> FastTextModel:
    return load_classifier(str(trained))


@pytest.fixture(scope="module")
def oracle(trained: Path) -> Any:
    return fasttexts_own(trained)


@pytest.fixture(scope="module")
def saved(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    uri = str(tmp_path_factory.mktemp("model") / "quality.bin")
    save_classifier(trained, uri, {"label": POSITIVE, "threshold": 0.25})
    return uri


def dclm_score(model: Any, text: str) -> float:
    """The reading of DCLM, on one text: top label, and 1 - p if that is the other one."""
    line = " ".join(text.strip().splitlines()) + "\n"
    [(probability, label)] = model.f.predict(line, 1, 0.0, "strict")
    return float(probability) if label == "__label__positive" else 1 - float(probability)


@given(st.lists(st.sampled_from([*GOOD, *BAD, "\n", "\r\n", "\u2028", " \t", "\x85", "élan", "日本"]), min_size=1))
@settings(max_examples=60)
def test_the_score_is_that_of_dclm(model: FastTextModel, oracle: Any, words: list[str]) -> None:
    text = " ".join(words)
    if text.strip():
        assert scores([text], model, POSITIVE)[0] == dclm_score(oracle, text)


def test_line_breaks_part_words_and_change_nothing_else(model: FastTextModel) -> None:
    flat = "the miller grinds wheat now"
    assert scores([flat.replace(" ", "\n")], model, POSITIVE)[0] == scores([flat], model, POSITIVE)[0]
    assert scores(["themiller"], model, POSITIVE)[0] != scores(["the\nmiller"], model, POSITIVE)[0]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\u3000", "\x00", "</s>", "__label__positive"])
def test_a_text_without_a_word_scores_zero(model: FastTextModel, text: str) -> None:
    assert scores([text], model, POSITIVE)[0] == 0


def test_words_that_fasttext_reads_as_commands_are_not_heard(model: FastTextModel) -> None:
    plain, tail = scores(["the miller", "the miller buy cheap pills"], model, POSITIVE)
    assert plain != tail
    assert scores(["the miller </s> buy cheap pills"], model, POSITIVE)[0] == tail
    assert scores(["the __label__negative miller"], model, POSITIVE)[0] == plain
    assert one_line("a</s> x__label__b") == "a</s> x__label__b"


def test_a_label_inside_a_training_text_is_no_label(fasttext: None, tmp_path: Path) -> None:
    texts = [f"{line} __label__stray" for line in sentences(GOOD, 20, 1)]
    documents = label_texts(texts, sentences(BAD, 20, 2), held_out_share=0, seed=1)
    assert model_labels(train_classifier(documents, SMALL, tmp_path / "m.bin")) == ("negative", "positive")


def test_both_labels_of_two_add_up_to_one(model: FastTextModel) -> None:
    texts = sentences(GOOD + BAD, 20, 9)
    assert np.allclose(scores(texts, model, "positive") + scores(texts, model, "negative"), 1)


def test_a_model_of_many_labels_gives_each_its_own_probability(fasttext: None, tmp_path: Path) -> None:
    lines = [f"__label__{name} {name} word" for name in ("a", "b", "c") for _ in range(20)]
    many = fit(lines, SMALL, tmp_path / "m.bin")
    found = {name: scores(["b word"], many, name)[0] for name in ("a", "b", "c")}
    assert max(found, key=lambda name: found[name]) == "b"
    assert sum(found.values()) == pytest.approx(1, abs=1e-4)


def test_training_tells_the_classes_apart_and_says_so(model: FastTextModel) -> None:
    documents = label_texts(sentences(GOOD, 150, 1), sentences(BAD, 150, 2), held_out_share=0.2, seed=3)
    figures = evaluate(*held_out_scores(documents, model))
    assert figures["held_out"]["auc"] > 0.99
    assert figures["held_out"]["documents"] == int(documents.held_out.sum()) > 20


def test_one_thread_and_one_seed_give_the_same_bytes(fasttext: None, tmp_path: Path) -> None:
    good, bad = sentences(GOOD, 60, 1), sentences(BAD, 60, 2)
    cards = []
    for number, (one, other) in enumerate([(good, bad), (good[::-1], bad[::-1])]):  # nor does the files' order matter
        documents = label_texts(one, other, held_out_share=0.1, seed=SMALL.seed)
        uri, made = str(tmp_path / f"{number}" / "m.bin"), tmp_path / f"{number}.bin"
        train_classifier(documents, SMALL, made)
        save_classifier(made, uri, describe(documents, SMALL, {}, 0.1) | {"threshold": 0.5})
        cards.append(Path(card_uri(uri)).read_bytes())
        assert str(tmp_path).encode() not in Path(uri).read_bytes() + cards[-1]
    assert cards[0] == cards[1]  # with the model's checksum


@given(st.sets(st.text(alphabet="abcdef ", min_size=3), min_size=4, max_size=30), st.integers(0, 5))
@settings(max_examples=40)
def test_the_split_depends_on_a_text_alone(texts: set[str], seed: int) -> None:
    rows = sorted({one_line(text) for text in texts if text.strip()})
    if len(rows) < 4:
        return
    sides: dict[str, bool] = {}
    for good, bad in ((rows[::2], rows[1::2]), (rows[1::2] + rows[:1], rows[2::2])):
        try:
            found = label_texts(good, bad, held_out_share=0.5, seed=seed)
        except InputError:
            continue
        for text, side in zip(found.texts, found.held_out.tolist(), strict=True):
            assert sides.setdefault(text, side) == side


def test_copies_and_texts_of_both_classes_are_counted_and_left_out() -> None:
    found = label_texts(["a b", "a\nb", "both", "", "c d"], ["both", "x", "x"], held_out_share=0, seed=1)
    assert sorted(found.texts) == ["a b", "c d", "x"]
    assert (found.repeated, found.in_both, found.empty) == (2, 1, 1)


def test_a_class_without_documents_is_refused() -> None:
    with pytest.raises(InputError, match="no negative document to train on"):
        label_texts(["a"], [" "], held_out_share=0, seed=1)
    with pytest.raises(InputError, match="no positive document to"):
        label_texts(["a"], ["b", "c"], held_out_share=0.1, seed=1)


def test_the_card_gives_label_and_threshold(saved: str) -> None:
    section = resolve_classifier(ClassifierSection(path=saved))
    assert (section.label, section.threshold) == ("positive", 0.25)
    other = resolve_classifier(ClassifierSection(path=saved, label="__label__negative"))
    assert (other.label, other.threshold) == ("negative", None)  # the card's threshold is for its own label
    assert resolve_classifier(ClassifierSection(path=saved, threshold=0.75)).threshold == 0.75


def test_a_model_without_a_card_needs_a_label(saved: str, tmp_path: Path) -> None:
    copy = tmp_path / "plain.bin"
    copy.write_bytes(Path(saved).read_bytes())
    with pytest.raises(ConfigError, match="its labels are negative, positive"):
        resolve_classifier(ClassifierSection(path=str(copy)))
    with pytest.raises(ConfigError, match="did you mean 'positive'"):
        resolve_classifier(ClassifierSection(path=str(copy), label="positiv"))
    assert resolve_classifier(ClassifierSection(path=str(copy), label="positive")).threshold is None


def test_a_card_of_another_model_is_refused(saved: str, tmp_path: Path) -> None:
    copy = tmp_path / "other.bin"
    copy.write_bytes(Path(saved).read_bytes() + b"\0")
    Path(card_uri(str(copy))).write_bytes(Path(card_uri(saved)).read_bytes())
    with pytest.raises(ConfigError, match="describes another model"):
        read_card(str(copy))
    Path(card_uri(str(copy))).write_text(json.dumps({"label": "positive"}))
    with pytest.raises(ConfigError, match="not the card"):
        read_card(str(copy))


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(b"no model")
    with pytest.raises(ConfigError, match="does not begin as a fastText model"):
        load_classifier(str(tmp_path / "x.bin"))
    with pytest.raises(ConfigError, match="is not a file"):
        load_classifier(str(tmp_path / "absent.bin"))


def test_training_without_fasttext_names_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "fasttext", None)
    with pytest.raises(
        MissingExtraError, match=r"classifier train` needs the package 'fasttext' of the extra 'classifier'"
    ):
        fit(["__label__a text"], SMALL, tmp_path / "m.bin")


def test_any_fasttext_model_works_by_path() -> None:
    section = resolve_classifier(ClassifierSection(path=str(MODEL_PATH), label="en"))
    assert section.label == "en"
    english, german = scores(
        ["The mill grinds slowly.", "Die Mühle mahlt langsam."], load_classifier(section.path), "en"
    )
    assert english > 0.5 > german


def test_the_extra_scores_a_batch_and_its_key_names_no_path(saved: str) -> None:
    extra = ClassifierScore(saved, "positive")
    [column] = extra.measure(pa.RecordBatch.from_pydict({"text": ["the miller grinds wheat", "buy cheap pills", ""]}))
    assert column.type == pa.float64()
    assert column[0].as_py() > 0.5 > column[1].as_py() > column[2].as_py() - 1e-4
    assert saved not in json.dumps(extra.key())
