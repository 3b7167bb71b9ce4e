"""Our kernel gives what fastText gives, to the last bit, for models of every loss and every way to store a matrix."""

from __future__ import annotations

import random
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.errors import ConfigError
from gristmill.filters.fasttext import model as model_file
from gristmill.filters.fasttext.lines import answer_lines
from gristmill.filters.fasttext.model import FastTextModel, read_model
from gristmill.filters.language.language import MODEL_PATH
from gristmill.filters.text.buffers import text_buffer
from tests.filters.fasttext.models import PRUNED, SENTENCES, fasttexts_own, trained

OUTPUT_TOO = {"qnorm": True, "qout": True, "dsub": 4}
KINDS: dict[str, tuple[str, dict[str, Any] | None, dict[str, Any]]] = {
    "softmax": ("softmax", None, {}),
    "two labels": ("softmax", None, {"labels": 2}),
    "two labels of a tree": ("hs", None, {"labels": 2}),
    "one label": ("softmax", None, {"labels": 1}),
    "tree of bigrams": ("hs", None, {"minn": 0, "maxn": 0, "wordNgrams": 3, "labels": 4}),
    "bigrams": ("softmax", None, {"minn": 0, "maxn": 0, "wordNgrams": 2}),
    "words alone": ("softmax", None, {"minn": 0, "maxn": 0, "bucket": 0}),
    "width that fastText adds by registers": ("softmax", None, {"dim": 32}),
    "negative sampling": ("ns", None, {}),
    "one versus all": ("ova", None, {"labels": 4}),
    "quantized": ("softmax", {}, {}),
    "quantized and pruned": ("softmax", PRUNED, {}),
    "quantized tree": ("hs", {"qnorm": True, "dsub": 3}, {"dim": 7, "labels": 4}),
    "quantized in uneven parts": ("softmax", {"dsub": 4}, {"dim": 5}),
    "quantized output": ("ova", OUTPUT_TOO, {"dim": 10, "labels": 300, "wordNgrams": 2}),
    "quantized output of a softmax": ("softmax", OUTPUT_TOO, {"labels": 300}),
}
"""A loss, how the model is quantized, and other options."""

WORDS = [
    *" ".join(SENTENCES.values()).split(),
    "</s>",
    "x</s>",
    "</s>x",
    "__label__eng_Latn",
    "__label__",
    "é",
    "a\tb\x0bc\x0c\r\x00d",
]
WORDS += [f"w{number}" for number in range(0, 300, 7)]


@pytest.fixture(scope="module", params=KINDS)
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("fasttext", reason="fastText, the oracle, is not installed: the extra `dev` brings it")
    loss, quantize, options = KINDS[request.param]
    return trained(tmp_path_factory.mktemp("model"), loss, quantize, **options)


def loaded(path: Path) -> FastTextModel:
    with path.open("rb") as file:
        return read_model(file)


def check(model: FastTextModel, oracle: Any, texts: list[str]) -> None:
    lines = text_buffer(pa.array(texts, pa.large_string()))
    asked = [text + "\n" for text in texts]
    names, values = oracle.f.multilinePredict(asked, 1, 0.0, "strict")
    numbers, chances = answer_lines(lines, model)
    got = [[f"__label__{model.labels[label]}"] if label >= 0 else [] for label in numbers.tolist()]
    assert got == names
    assert chances[numbers >= 0].tobytes() == np.concatenate([np.zeros(0, np.float32), *values]).tobytes()
    names, values = oracle.f.multilinePredict(asked, -1, 0.0, "strict")
    for label in sorted({0, len(model.labels) // 2, len(model.labels) - 1}):
        numbers, chances = answer_lines(lines, model, label)
        for row, (given_names, given_values) in enumerate(zip(names, values, strict=True)):
            answer = dict(zip(given_names, given_values.tolist(), strict=True))
            got_chance = float(chances[row]) if numbers[row] >= 0 else None
            assert got_chance == answer.get(f"__label__{model.labels[label]}")


def test_answers_are_fasttexts_own_to_the_last_bit(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(5)
    texts = [" ".join(draw.choices(WORDS, k=draw.randrange(12))) for _ in range(600)]
    texts += ["", " ", "\n", "two\nlines", "</s>", "a </s> b", "__label__eng_Latn", *SENTENCES.values()]
    oracle = fasttexts_own(path)
    check(loaded(path), oracle, texts)
    monkeypatch.setattr(model_file, "LARGEST_MATRIX_BYTES", 0)  # as of a model that is too large to expand
    kept = loaded(path)
    assert (path.suffix == ".ftz") == (len(kept.codes.codes) > 0) == (len(kept.arrays.rows) == 0)
    check(kept, oracle, texts)


@pytest.fixture(scope="module")
def bundled() -> tuple[FastTextModel, Any]:
    pytest.importorskip("fasttext", reason="fastText, the oracle, is not installed: the extra `dev` brings it")
    return loaded(MODEL_PATH), fasttexts_own(MODEL_PATH)


@given(st.lists(st.text(max_size=40), max_size=5))
@settings(max_examples=200, deadline=None)
def test_answers_to_arbitrary_text_are_fasttexts_own(bundled: tuple[FastTextModel, Any], texts: list[str]) -> None:
    check(*bundled, texts)


def test_a_file_is_refused_by_what_is_wrong_with_it(tmp_path: Path) -> None:
    raw = MODEL_PATH.read_bytes()
    at = raw.index(b"__label__en\0")
    broken = {
        "it does not begin as a fastText model": b"word" + raw[4:],
        "it ends too early": raw[:-1],
        "it ends within its dictionary": raw[:at],
        "word vectors": raw[:36] + struct.pack("<i", 1) + raw[40:],
        "its arguments cannot be": raw[:32] + struct.pack("<i", 9) + raw[36:],
        "its dictionary does not hold": raw[:68] + struct.pack("<i", 177) + raw[72:],
        "a matrix of": raw[:8] + struct.pack("<i", 17) + raw[12:],
    }
    for what, content in broken.items():
        path = tmp_path / "model.ftz"
        path.write_bytes(content)
        with pytest.raises(ValueError, match=what):
            loaded(path)


def test_a_model_that_is_not_of_numbers_is_named_as_such() -> None:
    model = loaded(MODEL_PATH)
    broken = model._replace(plain_output=np.full_like(model.plain_output, np.nan))
    with pytest.raises(ConfigError, match="values that are not numbers"):
        answer_lines(text_buffer(pa.array(["a text"])), broken)
