from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from gristmill.errors import ConfigError
from gristmill.filters import language
from gristmill.filters.buffers import text_buffer
from gristmill.filters.language import SLICE_BYTES, SLICE_COUNT, identify, load_model
from gristmill.filters.unicode_classes import class_table

SHARED = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"

SENTENCES = {
    "en": "The miller takes the grain to the stones and waits for the flour.",
    "de": "Der Müller bringt das Korn zu den Steinen und wartet auf das Mehl.",
    "fr": "Le meunier porte le grain aux meules et attend la farine.",
    "ru": "Мельник несёт зерно к жерновам и ждёт муку.",
    "ja": "粉屋は穀物を石臼に運び、小麦粉を待ちます。",
    "ar": "يحمل الطحان الحبوب إلى حجر الرحى وينتظر الدقيق.",
}


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


def test_answers_equal_fasttexts_own_single_calls() -> None:
    texts = [*SENTENCES.values(), "two\nlines\nof English text", "mixed Deutsch and English"]
    codes, scores = identify(pa.array(texts))
    for text, code, score in zip(texts, codes.to_pylist(), scores.to_pylist(), strict=True):
        [(probability, label)] = load_model().f.predict(text.replace("\n", " ") + "\n", 1, 0.0, "strict")
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
    data, offsets, letters = language._slices(*text_buffer(pa.array([text])), class_table(), SLICE_BYTES, SLICE_COUNT)
    assert offsets[-1] <= SLICE_BYTES * SLICE_COUNT + SLICE_COUNT
    assert letters.tolist() == [1]
    pieces = bytes(data).decode("utf-8").removesuffix("\n").split(" ")  # strict: a cut character would raise
    assert len(pieces) == SLICE_COUNT
    assert text.startswith(pieces[0])
    assert text.endswith(pieces[-1])
    assert all(piece in text for piece in pieces)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 15, 16, 17, 40, 41, 1000])
def test_slices_never_pass_their_bound(count: int, size: int) -> None:
    buffer = text_buffer(pa.array(["é" * size, "x" * size]))
    data, offsets, _ = language._slices(*buffer, class_table(), 8, count)
    assert max(offsets[1:] - offsets[:-1]) <= 8 * count + count
    bytes(data).decode("utf-8")


def test_the_middle_and_the_end_of_a_long_text_are_heard() -> None:
    text = "Home Login 12 34 " + SENTENCES["de"] * 200
    assert identify(pa.array([text]))[0].to_pylist() == ["de"]


def test_bytes_that_are_no_utf8_are_read_as_spaces() -> None:
    raw = b"The miller \xff\xfe takes the grain to the stones\xc3"
    column = pa.LargeStringArray.from_buffers(
        1, pa.py_buffer(b"\0" * 8 + len(raw).to_bytes(8, "little")), pa.py_buffer(raw)
    )
    assert identify(column)[0].to_pylist() == ["en"]


def test_a_model_is_loaded_once_and_a_missing_one_is_named() -> None:
    assert load_model() is load_model()
    with pytest.raises(ConfigError, match=r"no-such\.bin"):
        load_model(Path("no-such.bin"))


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.ftz"
    path.write_bytes(b"not a model")
    with pytest.raises(ConfigError, match="cannot be read by fastText"):
        load_model(path)


@pytest.mark.shared
def test_slices_agree_with_whole_texts_on_books() -> None:
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
    labels, _ = load_model().f.multilinePredict(lines, 1, 0.0, "strict")
    whole = [label[0].removeprefix("__label__") for label in labels]
    agreeing = sum(code == answer for code, answer in zip(codes, whole, strict=True))
    assert len(texts) > 50
    assert agreeing >= 0.99 * len(texts)
