from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.errors import ConfigError
from gristmill.filters.fasttext import model as model_file
from gristmill.filters.fasttext.kernels import join_slices
from gristmill.filters.language import language
from gristmill.filters.language.language import (
    SLICE_BYTES,
    SLICE_COUNT,
    identify,
    identify_buffer,
    load_identifier,
    model_sha256,
)
from gristmill.filters.text.buffers import text_buffer
from tests.filters.fasttext.models import PRUNED, SENTENCES, fasttexts_own, trained
from tests.places import SHARED


@pytest.fixture(scope="module")
def fasttext() -> None:
    pytest.importorskip("fasttext", reason="fastText, the oracle, is not installed: the extra `dev` brings it")


@pytest.fixture(scope="module")
def bundled(fasttext: None) -> Any:
    """The bundled model as fastText reads it."""
    return fasttexts_own(language.MODEL_PATH)


def test_codes_and_scores_of_plain_sentences() -> None:
    codes, scores = identify(pa.array(list(SENTENCES.values())))
    assert codes.to_pylist() == list(SENTENCES)
    assert codes.type == pa.dictionary(pa.int32(), pa.string())
    assert codes.dictionary.to_pylist() == sorted(SENTENCES)
    assert scores.type == pa.float32()
    assert all(0.2 < score <= 1.0 for score in scores.to_pylist())


@pytest.mark.parametrize("text", ["", " ", "\n\n", "12 34.5", "!?…", "👩‍🚀", "\x00", "١٢٣"])
def test_a_text_without_letters_is_unknown_with_score_zero(text: str) -> None:
    codes, scores = identify(pa.array([text]))
    assert codes.to_pylist() == [language.UNKNOWN]
    assert scores.to_pylist() == [0.0]


def test_answers_equal_fasttexts_own_single_calls(bundled: Any) -> None:
    texts = [*SENTENCES.values(), "two\nlines\nof English text", "mixed Deutsch and English"]
    codes, scores = identify(pa.array(texts))
    for text, code, score in zip(texts, codes.to_pylist(), scores.to_pylist(), strict=True):
        [(probability, label)] = bundled.f.predict(text.replace("\n", " ") + "\n", 1, 0.0, "strict")
        assert code == label.removeprefix("__label__")
        assert score == pytest.approx(min(probability, 1.0), abs=1e-6)


def test_line_breaks_are_read_as_spaces() -> None:
    text = SENTENCES["fr"]
    plain, broken = identify(pa.array([text])), identify(pa.array([text.replace(" ", "\n")]))
    assert plain[0].to_pylist() == broken[0].to_pylist()
    assert plain[1].equals(broken[1])


@pytest.mark.parametrize("pad", range(4))
def test_slices_of_a_long_text_are_cut_between_characters(pad: int) -> None:
    text = "a" * pad + "日本語の文章です。" * 400
    data, offsets = join_slices(*text_buffer(pa.array([text])), SLICE_BYTES, SLICE_COUNT)
    assert offsets[-1] <= SLICE_BYTES * SLICE_COUNT + SLICE_COUNT
    pieces = bytes(data).decode("utf-8").removesuffix("\n").split(" ")  # strict: a cut character would raise
    assert len(pieces) == SLICE_COUNT
    assert text.startswith(pieces[0])
    assert text.endswith(pieces[-1])
    assert all(piece in text for piece in pieces)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 15, 16, 17, 40, 41, 1000])
def test_slices_never_pass_their_bound(count: int, size: int) -> None:
    buffer = text_buffer(pa.array(["é" * size, "x" * size]))
    data, offsets = join_slices(*buffer, 8, count)
    assert max(offsets[1:] - offsets[:-1]) <= 8 * count + count
    bytes(data).decode("utf-8")


def test_the_middle_and_the_end_of_a_long_text_are_heard() -> None:
    text = "Home Login 12 34 " + SENTENCES["de"] * 200
    assert identify(pa.array([text]))[0].to_pylist() == ["de"]


def test_bytes_that_are_no_utf8_do_no_harm() -> None:
    raw = b"The miller \xff\xfe takes the grain to the stones\xc3"
    column = pa.LargeStringArray.from_buffers(
        1, pa.py_buffer(b"\0" * 8 + len(raw).to_bytes(8, "little")), pa.py_buffer(raw)
    )
    assert identify(column)[0].to_pylist() == ["en"]


def test_a_model_is_loaded_once_and_a_missing_one_is_named(tmp_path: Path) -> None:
    assert load_identifier() is load_identifier()
    for missing in ("no-such.bin", str(tmp_path)):
        with pytest.raises(ConfigError, match="is not a file"):
            load_identifier(missing)


@pytest.mark.parametrize("content", [b"", b"not a model", language.MODEL_PATH.read_bytes()[:300_000]])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.ftz"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"cannot be used: it (ends too early|does not begin)"):
        load_identifier(str(path))


TEXTS = [
    *SENTENCES.values(),
    "Miller Korn \u043c\u0443\u043a\u0430",
    "</s>",
    "a </s> grain",
    "__label__eng_Latn",
    "tab\tand\x0bfeed\x0c\r\x00 end",
    "x",
    "\ud55c\uad6d\uc5b4 \U0001d4d0\U0001f469",
]


@pytest.mark.parametrize(
    ("loss", "quantize", "options"),
    [
        ("softmax", None, {}),
        ("softmax", PRUNED, {}),
        ("hs", None, {"wordNgrams": 3}),
        ("hs", PRUNED, {"dim": 7}),
        ("softmax", None, {"minn": 0, "maxn": 0, "wordNgrams": 2}),
        ("softmax", None, {"minn": 1, "maxn": 5}),
        ("ova", None, {}),
        ("ns", None, {}),
        ("softmax", None, {"labels": 1}),
    ],
)
@pytest.mark.usefixtures("fasttext")
def test_any_model_by_path_gives_what_fasttext_gives(
    tmp_path: Path, loss: str, quantize: dict[str, Any] | None, options: dict[str, Any]
) -> None:
    path = trained(tmp_path, loss, quantize, **options)
    identifier = load_identifier(str(path))
    assert identifier.model.suits_slices == (loss in {"softmax", "hs"} and options.get("labels") != 1)
    texts = [text for text in TEXTS if "</s>" not in text]
    codes, scores = identify(pa.array(texts), identifier)
    labels, chances = fasttexts_own(path).f.multilinePredict([text + "\n" for text in texts], 1, 0.0, "strict")
    for code, score, label, chance in zip(codes.to_pylist(), scores.to_pylist(), labels, chances, strict=True):
        assert code == label[0].removeprefix("__label__")
        assert score == pytest.approx(min(chance[0], 1.0), abs=1e-5)
    assert model_sha256(str(path)) != model_sha256()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=4))
def test_labels_of_arbitrary_text_are_those_of_fasttext(bundled: Any, texts: list[str]) -> None:
    kept = [text for text in texts if any(map(str.isalpha, text)) and "</s>" not in text]
    codes, scores = identify(pa.array(kept, pa.string()))
    lines = [text.replace("\n", " ") + "\n" for text in kept]
    labels, chances = bundled.f.multilinePredict(lines, 1, 0.0, "strict")
    for code, score, label, chance in zip(codes.to_pylist(), scores.to_pylist(), labels, chances, strict=True):
        assert score == pytest.approx(min(chance[0], 1.0), abs=1e-5)
        assert code == label[0].removeprefix("__label__")


@pytest.mark.parametrize("loss", ["ova", "softmax"])
@pytest.mark.usefixtures("fasttext")
def test_a_model_too_large_for_the_fast_kernel_gives_fasttexts_answers_to_the_last_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loss: str
) -> None:
    monkeypatch.setattr(model_file, "LARGEST_MATRIX_BYTES", 0)
    path = trained(tmp_path, loss, PRUNED)
    identifier = load_identifier(str(path))
    assert not identifier.model.suits_slices
    codes, scores = identify(pa.array([*TEXTS, "12 34", ""]), identifier)
    labels, chances = fasttexts_own(path).f.multilinePredict([text + "\n" for text in TEXTS], 1, 0.0, "strict")
    heard = [bool(label) and any(map(str.isalpha, text)) for label, text in zip(labels, TEXTS, strict=True)]
    wanted = [
        label[0].removeprefix("__label__") if has else "unknown" for label, has in zip(labels, heard, strict=True)
    ]
    assert codes.to_pylist() == [*wanted, "unknown", "unknown"]
    given = [min(chance[0], np.float32(1)) if has else 0 for chance, has in zip(chances, heard, strict=True)]
    assert scores.to_pylist() == [*given, 0, 0]


def test_a_text_that_holds_the_end_of_a_line_as_a_word_is_read_on() -> None:
    plain, marked = identify(pa.array([SENTENCES["de"]])), identify(pa.array(["</s> " + SENTENCES["de"]]))
    assert plain[0].to_pylist() == marked[0].to_pylist()
    assert plain[1].equals(marked[1])


def test_the_script_of_a_text_is_compared_with_that_of_its_language() -> None:
    texts = pa.array(["Der M\u00fcller mahlt.", "Das ist \u041c\u0435\u043b\u044c\u043d\u0438\u043a", "12", "nuqneH"])
    codes = language.encode_languages(["de", "deu_Latn", "unknown", "tlh"])
    shares = language.script_shares(text_buffer(texts), codes).to_pylist()
    assert shares == pytest.approx([1.0, 6 / 13, 0.0, 1.0])
    assert identify_buffer(text_buffer(texts)).script_shares.to_pylist()[0] == 1.0


@pytest.mark.shared
def test_slices_agree_with_whole_texts_on_books(bundled: Any) -> None:
    folder = SHARED / "books" / "text"
    if not folder.is_dir():
        pytest.skip("../shared/data/books is not here")
    texts: list[str] = []
    for path in sorted(folder.glob("*/*.txt")):
        encoding = "cp932" if path.parent.name == "jpn" else "utf-8"
        text = path.read_bytes()[:60_000].decode(encoding, "replace")
        texts += [text[begin : begin + 6000] for begin in range(0, 18_000, 6000) if text[begin : begin + 6000]]
    codes = identify(pa.array(texts))[0].to_pylist()
    lines = [text.replace("\n", " ") + "\n" for text in texts]
    labels, _ = bundled.f.multilinePredict(lines, 1, 0.0, "strict")
    whole = [label[0].removeprefix("__label__") for label in labels]
    agreeing = sum(code == answer for code, answer in zip(codes, whole, strict=True))
    assert len(texts) > 50
    assert agreeing >= 0.99 * len(texts)
