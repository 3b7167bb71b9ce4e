"""Text to ids and back: the reference's ids by either engine, and nothing special from text."""

import json
import pickle
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.documents import normalize_text
from gristmill.errors import ConfigError, TokenizerError
from gristmill.tokenize import agreement, engines
from gristmill.tokenize.bpe import EngineName, Tokenizer, encode_all, load_tokenizer
from gristmill.tokenize.vocabulary import read_vocabulary

ENGINES: tuple[EngineName, ...] = ("gigatoken", "tokenizers")
HARD = [
    "",
    " ",
    "a\x00b\x00",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea",
    "\u0301",
    "x\u0301\u0302\u0303\u0304",
    "<|endoftext|>",
    "before<|endoftext|>after <|endoftext|>",
    "<|endoftext",
    "\r\n\r\n\t  \u3000\xa0 end",
    "\ufeff\ufffd\u2028",
    "\U0010ffff",
]


def rows(array: pa.Array) -> list[list[int]]:
    listed: list[list[int]] = array.to_pylist()
    return listed


@pytest.fixture(scope="module", params=ENGINES)
def tokenizer(request: pytest.FixtureRequest, trained: bytes) -> Tokenizer:
    return load_tokenizer(trained, engine=request.param)


def test_both_engines_are_available(trained: bytes) -> None:
    assert load_tokenizer(trained).engine == "gigatoken"
    assert load_tokenizer(trained).mismatch is None


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_ids_are_those_of_tokenizers_and_end_with_end_of_text(
    tokenizer: Tokenizer, trained: bytes, kind: pa.DataType, sentences: list[str]
) -> None:
    plain = [text for text in HARD + sentences if "<|endoftext|>" not in text]
    oracle = tokenizers.Tokenizer.from_str(trained.decode())
    encoded = tokenizer.encode_batch(pa.array(plain, kind))
    assert encoded.type == pa.large_list(pa.uint16())
    assert rows(encoded) == [[*oracle.encode(text).ids, tokenizer.eot_id] for text in plain]


def test_decoding_gives_the_text_back(tokenizer: Tokenizer, sentences: list[str]) -> None:
    texts = HARD + sentences
    encoded = tokenizer.encode_batch(pa.array(texts))
    assert [tokenizer.decode(row) for row in rows(encoded)] == texts


def test_an_empty_text_is_the_end_of_text_alone(tokenizer: Tokenizer) -> None:
    assert rows(tokenizer.encode_batch(pa.array(["", "a", ""])))[::2] == [[tokenizer.eot_id]] * 2
    assert rows(tokenizer.encode_batch(pa.array([], pa.string()))) == []


def test_a_special_token_spelled_out_in_a_text_is_ordinary_characters(tokenizer: Tokenizer) -> None:
    encoded = rows(tokenizer.encode_batch(pa.array(["a<|endoftext|>b", "<|endoftext|>"])))
    assert [row.count(tokenizer.eot_id) for row in encoded] == [1, 1]
    assert [row[-1] for row in encoded] == [tokenizer.eot_id] * 2
    assert tokenizer.decode(encoded[0]) == "a<|endoftext|>b"


def test_slices_of_a_batch_encode_like_the_whole(tokenizer: Tokenizer, sentences: list[str]) -> None:
    whole = pa.array(sentences)
    assert rows(tokenizer.encode_batch(whole.slice(2, 3))) == rows(tokenizer.encode_batch(whole))[2:5]


def test_nulls_and_other_types_are_refused(tokenizer: Tokenizer) -> None:
    with pytest.raises(TypeError, match="nulls"):
        tokenizer.encode_batch(pa.array(["a", None]))
    with pytest.raises(TypeError, match="int64"):
        tokenizer.encode_batch(pa.array([1]))


@given(st.lists(st.text(), max_size=8))
@settings(max_examples=150, deadline=None)
def test_any_text_survives_and_both_engines_agree(trained: bytes, texts: list[str]) -> None:
    loaded = _both(trained)
    array = pa.array(texts, pa.large_string())
    fast, reference = (tokenizer.encode_batch(array) for tokenizer in loaded)
    assert fast.equals(reference)
    assert [loaded[0].decode(row) for row in rows(fast)] == texts


_CACHE: dict[bytes, tuple[Tokenizer, Tokenizer]] = {}


def _both(raw: bytes) -> tuple[Tokenizer, Tokenizer]:
    if raw not in _CACHE:
        _CACHE[raw] = (load_tokenizer(raw, engine="gigatoken"), load_tokenizer(raw, engine="tokenizers"))
    return _CACHE[raw]


def test_engines_agree_on_the_characters_of_unicode(trained: bytes) -> None:
    fast, reference = _both(trained)
    unassigned = ("Cn", "Co", "Cs")
    characters = [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) not in unassigned]
    batch = pa.array([f"a{c} {c}{c}b'{c}S1{c}" for c in characters[::3]], pa.large_string())
    assert fast.encode_batch(batch).equals(reference.encode_batch(batch))


@pytest.mark.parametrize(
    ("unit", "size_bytes"),
    [
        ("word and another. ", 10_000_000),
        (" ", 10_000_000),
        ("a", 500_000),
        ("\n", 500_000),
        ("\u4e2d\u6587", 500_000),
        ("\U0001f469\u200d", 500_000),
    ],
)
def test_a_huge_document_is_one_row(trained: bytes, unit: str, size_bytes: int) -> None:
    text = unit * (size_bytes // len(unit.encode()))
    fast, reference = _both(trained)
    batch = pa.array([text], pa.large_string())
    (row,) = fast.fresh().encode_batch(batch)
    assert fast.decode(row.values.to_numpy()) == text
    if size_bytes < 1_000_000:  # the reference takes seconds for more
        assert row.equals(reference.encode_batch(batch)[0])


def test_real_tokenizers_agree_on_real_text(neox: Path, gpt2: bytes, real_code: list[str]) -> None:
    array = pa.array(real_code, pa.large_string())
    for source, size in ((neox, 50_280), (gpt2, 50_257)):
        fast, reference = load_tokenizer(source), load_tokenizer(source, engine="tokenizers")
        assert (fast.engine, fast.mismatch) == ("gigatoken", None)
        assert (fast.vocab_size, fast.eot_token, fast.dtype) == (size, "<|endoftext|>", pa.uint16())
        assert fast.eot_id == {50_280: 50_279, 50_257: 50_256}[size]
        assert fast.encode_batch(array).equals(reference.encode_batch(array))


def test_real_special_tokens_in_text_stay_text(neox: Path) -> None:
    for engine in ENGINES:
        tokenizer = load_tokenizer(neox, engine=engine)
        text = "a <|endoftext|> b<|padding|> |||IP_ADDRESS|||"
        (row,) = rows(tokenizer.encode_batch(pa.array([text])))
        assert not {tokenizer.eot_id, 1} & set(row[:-1])
        assert 0 in row  # |||IP_ADDRESS||| is an added token but not a special one
        assert tokenizer.decode(row) == text


def edited(raw: bytes, **changes: object) -> bytes:
    """A ``tokenizer.json`` with some top-level keys replaced."""
    return json.dumps({**json.loads(raw), **changes}).encode()


def with_nfc(raw: bytes) -> bytes:
    return edited(raw, normalizer={"type": "NFC"})


REAL_DIFFERENCE = "\U0001183a\U0001d169"
"""Two marks of Unicode 11: `tokenizers` normalizes by older tables than gigatoken and leaves them as they are."""


def test_a_difference_is_found_recorded_and_cured_for_the_whole_batch(trained: bytes, sentences: list[str]) -> None:
    raw = with_nfc(trained)
    tokenizer, reference = load_tokenizer(raw), load_tokenizer(raw, engine="tokenizers")
    batch = pa.array([*sentences, REAL_DIFFERENCE])
    assert tokenizer.engine == "gigatoken"
    assert tokenizer.encode_batch(batch).equals(reference.encode_batch(batch))
    assert tokenizer.engine == "tokenizers"
    assert tokenizer.mismatch is not None
    assert "(2 characters): from token" in tokenizer.mismatch
    assert tokenizer.fresh().engine == "tokenizers"
    assert tokenizer.fresh().mismatch == tokenizer.mismatch


def test_the_difference_is_none_in_the_normal_form_of_stored_documents(trained: bytes) -> None:
    stored = pa.array([normalize_text(REAL_DIFFERENCE)])
    fast, reference = (load_tokenizer(with_nfc(trained), engine=engine) for engine in ENGINES)
    assert fast.encode_batch(stored).equals(reference.encode_batch(stored))


def test_gigatoken_by_name_makes_a_difference_an_error(trained: bytes) -> None:
    tokenizer = load_tokenizer(with_nfc(trained), engine="gigatoken")
    with pytest.raises(TokenizerError, match="gigatoken does not do for this tokenizer: text with xxh3-64"):
        tokenizer.encode_batch(pa.array([REAL_DIFFERENCE]))


def test_a_difference_late_in_a_shard_encodes_the_shard_again(trained: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agreement, "START_DOCUMENTS", 1)
    raw = with_nfc(trained)
    calm = pa.array(["calm"])
    # The first batch hides a difference behind the sample; the second shows it.
    hashes = {
        text: int(agreement.text_hashes(pa.array([text], pa.large_string()))[0])
        for text in (REAL_DIFFERENCE + "!", *map(str, range(99)))
    }
    smallest = min(hashes, key=lambda text: hashes[text])
    first = pa.array([REAL_DIFFERENCE + "!", smallest])
    monkeypatch.setattr(agreement, "CHECKED_FRACTION", 0.0)
    tokenizer, reference = load_tokenizer(raw), load_tokenizer(raw, engine="tokenizers")
    assert not tokenizer.fresh().encode_batch(first).equals(reference.encode_batch(first))
    calls = 0

    def batches() -> list[pa.Array]:
        nonlocal calls
        calls += 1
        return [first, calm, pa.array([REAL_DIFFERENCE])]

    encoded, mismatch = encode_all(tokenizer, batches)
    assert (calls, mismatch) == (1, None)
    monkeypatch.setattr(agreement, "CHECKED_FRACTION", 0.99999)
    monkeypatch.setattr(agreement, "chosen_rows", lambda texts, at_start: np.arange(0 if at_start else len(texts)))
    encoded, mismatch = encode_all(tokenizer, batches)
    assert calls == 3
    assert mismatch is not None
    assert [rows(one) for one in encoded] == [rows(reference.encode_batch(texts)) for texts in batches()]
    assert (tokenizer.engine, tokenizer.mismatch) == ("gigatoken", None)


def test_checked_documents_depend_on_their_text_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"document {i}" for i in range(20_000)]

    def chosen(order: list[str], size: int) -> set[str]:
        found: set[str] = set()
        for at in range(0, len(order), size):
            batch = order[at : at + size]
            found |= {batch[row] for row in agreement.chosen_rows(pa.array(batch, pa.large_string()), at_start=False)}
        return found

    picked = chosen(texts, 1000)
    assert picked == chosen(texts[::-1], 37)
    assert 5 <= len(picked) <= 40  # 20 expected


def test_the_start_sample_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = pa.array(["x" * 9000 + str(i) for i in range(100)], pa.large_string())
    assert 1 <= len(agreement.chosen_rows(texts, at_start=True)) <= 65_536 // 9000 + 1
    assert len(agreement.chosen_rows(pa.array([], pa.large_string()), at_start=True)) == 0


def test_gigatoken_is_loaded_again_before_its_memory_grows(
    trained: bytes, monkeypatch: pytest.MonkeyPatch, sentences: list[str]
) -> None:
    monkeypatch.setattr(engines, "CACHE_BYTES", 100)
    tokenizer = load_tokenizer(trained, engine="gigatoken")
    batch = pa.array(sentences)
    first = tokenizer.encode_batch(batch)
    held = tokenizer._fast._tokenizer  # type: ignore[union-attr]
    assert tokenizer.encode_batch(batch).equals(first)
    assert tokenizer._fast._tokenizer is not held  # type: ignore[union-attr]


def test_a_tokenizer_gigatoken_cannot_load_is_done_by_the_reference() -> None:
    from tokenizers import AddedToken, models, pre_tokenizers

    words = tokenizers.Tokenizer(models.WordLevel({"a": 0, "b": 1, "[UNK]": 2}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.add_special_tokens([AddedToken("</s>", special=True), AddedToken("[UNK]", special=True)])
    raw = words.to_str().encode()
    tokenizer = load_tokenizer(raw)
    assert tokenizer.engine == "tokenizers"
    assert tokenizer.mismatch is not None
    assert tokenizer.mismatch.startswith("gigatoken cannot load this tokenizer (")
    assert rows(tokenizer.encode_batch(pa.array(["a b c"]))) == [[0, 1, 2, 3]]
    with pytest.raises(TokenizerError, match="gigatoken"):
        load_tokenizer(raw, engine="gigatoken")


class Panic(BaseException):
    """What a panic of Rust code is to Python: no ``Exception``."""


def test_an_engine_that_stops_in_a_batch_is_replaced_by_the_reference(trained: bytes, sentences: list[str]) -> None:
    tokenizer, batch = load_tokenizer(trained), pa.array(sentences)

    class Broken:
        def encode_batch(self, *_: object, **__: object) -> None:
            raise Panic("index out of range")

    tokenizer._fast._tokenizer = Broken()  # type: ignore[union-attr]
    want = load_tokenizer(trained, engine="tokenizers").encode_batch(batch)
    assert tokenizer.encode_batch(batch).equals(want)
    assert tokenizer.mismatch == "gigatoken cannot encode a batch (Panic: index out of range)"


def test_without_gigatoken_the_reference_does_the_work(trained: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gigatoken", None)
    tokenizer = load_tokenizer(trained)
    assert tokenizer.engine == "tokenizers"
    assert tokenizer.mismatch is not None
    assert "ModuleNotFoundError" in tokenizer.mismatch


def sentencepiece_like() -> bytes:
    """A tokenizer built like Llama 2's: blanks as U+2581, unknown characters as bytes, ``</s>`` at the end."""
    from tokenizers import decoders, models, normalizers, trainers

    made = tokenizers.Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    made.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    made.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    names = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=500, special_tokens=names, show_progress=False)
    made.train_from_iterator(["The quick brown fox", "hello world foo bar"] * 20, trainer)
    content = json.loads(made.to_str())
    return edited(made.to_str().encode(), added_tokens=content["added_tokens"][:3])


def test_a_tokenizer_with_byte_fallback_works_in_both_engines() -> None:
    texts = ["hello world", "  two", "a</s>b <s>", "\n\x00\u00e9\U0001f469", ""]
    for engine in ENGINES:
        tokenizer = load_tokenizer(sentencepiece_like(), engine=engine)
        assert (tokenizer.eot_token, tokenizer.eot_id) == ("</s>", 2)
        encoded = rows(tokenizer.encode_batch(pa.array(texts)))
        assert [tokenizer.decode(row) for row in encoded] == texts
        assert all(row.count(2) == 1 and 1 not in row for row in encoded)


def test_special_tokens_before_plain_added_ones_leave_the_ids_alone(trained: bytes) -> None:
    made = tokenizers.Tokenizer.from_str(trained.decode())
    made.add_special_tokens(["<|one|>", "<|two|>"])
    made.add_tokens(["<plain>"])
    made.add_special_tokens(["<|three|>"])
    raw = made.to_str().encode()
    batch = pa.array(["a<plain>b<|one|>c<|three|>"])
    encoded = [load_tokenizer(raw, engine=engine).encode_batch(batch) for engine in ENGINES]
    assert encoded[0].equals(encoded[1])
    assert made.token_to_id("<plain>") in rows(encoded[0])[0]


def test_added_tokens_with_ids_the_library_does_not_honour_are_refused(trained: bytes) -> None:
    content = json.loads(trained)
    content["added_tokens"].append({**content["added_tokens"][0], "id": 9000, "content": "<|far|>"})
    with pytest.raises(TokenizerError, match=r"'<\|far\|>' claims the id 9000, but its id is"):
        load_tokenizer(json.dumps(content).encode())


def test_truncation_padding_and_dropout_are_switched_off(trained: bytes, sentences: list[str]) -> None:
    content = json.loads(trained)
    content["truncation"] = {"direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0}
    content["padding"] = {
        "strategy": {"Fixed": 64},
        "direction": "Right",
        "pad_to_multiple_of": None,
        "pad_id": 0,
        "pad_type_id": 0,
        "pad_token": "<|endoftext|>",
    }
    content["model"]["dropout"] = 0.5
    batch = pa.array(sentences)
    want = load_tokenizer(trained, engine="tokenizers").encode_batch(batch)
    for engine in ENGINES:
        assert load_tokenizer(json.dumps(content).encode(), engine=engine).encode_batch(batch).equals(want)


def test_a_template_that_adds_tokens_adds_none(trained: bytes) -> None:
    from tokenizers import processors

    made = tokenizers.Tokenizer.from_str(trained.decode())
    made.post_processor = processors.TemplateProcessing(
        single="<|endoftext|> $A", special_tokens=[("<|endoftext|>", 0)]
    )
    for engine in ENGINES:
        tokenizer = load_tokenizer(made.to_str().encode(), engine=engine)
        assert rows(tokenizer.encode_batch(pa.array(["a"])))[0].count(0) == 1


def bigger(raw: bytes, largest_id: int) -> bytes:
    """The tokenizer with one more ordinary token that has this id."""
    content = json.loads(raw)
    content["model"]["vocab"]["qqqq"] = largest_id
    return json.dumps(content).encode()


@pytest.mark.parametrize(("largest_id", "dtype"), [(65_535, pa.uint16()), (65_536, pa.uint32())])
def test_the_type_follows_the_largest_id_not_the_number_of_ids(
    trained: bytes, largest_id: int, dtype: pa.DataType
) -> None:
    tokenizer = load_tokenizer(bigger(trained, largest_id), engine="tokenizers")
    assert (tokenizer.vocab_size, tokenizer.dtype) == (largest_id + 1, dtype)
    assert tokenizer.encode_batch(pa.array(["a"])).type == pa.large_list(dtype)
    assert tokenizer.info.vocab_size == largest_id + 1


def test_added_tokens_count_for_the_type(trained: bytes) -> None:
    content = json.loads(bigger(trained, 65_535))
    made = tokenizers.Tokenizer.from_str(json.dumps(content))
    made.add_tokens(["<extra>"])
    added_id = made.token_to_id("<extra>")
    assert added_id is not None
    tokenizer = load_tokenizer(made.to_str().encode())
    assert tokenizer.vocab_size == max(added_id, 65_535) + 1
    for engine in ENGINES:
        loaded = load_tokenizer(made.to_str().encode(), engine=engine)
        assert added_id in rows(loaded.encode_batch(pa.array(["x<extra>y"])))[0]


def test_an_id_outside_the_vocabulary_or_a_special_one_is_an_error(trained: bytes) -> None:
    tokenizer = load_tokenizer(trained)
    offsets = np.array([0, 1], np.int64)
    with pytest.raises(TokenizerError, match=f"outside the vocabulary of {tokenizer.vocab_size}"):
        tokenizer._finish((np.array([tokenizer.vocab_size], np.uint32), offsets))
    with pytest.raises(TokenizerError, match="the special id 0 from plain text"):
        tokenizer._finish((np.array([0], np.uint32), offsets))


def test_end_of_text_is_found_named_or_refused_with_candidates(trained: bytes) -> None:
    from tokenizers import AddedToken

    made = tokenizers.Tokenizer.from_str(trained.decode())
    made.add_special_tokens([AddedToken("</s>", special=True), AddedToken("<stop>", special=True)])
    made.add_tokens(["<plain>"])
    raw = made.to_str().encode()
    assert load_tokenizer(raw).eot_token == "<|endoftext|>"
    assert load_tokenizer(raw, eot_token="<stop>").eot_id == made.token_to_id("<stop>")
    with pytest.raises(TokenizerError, match=r"wanted the end-of-text token '<end>'.*one of: .*'</s>', '<stop>'"):
        load_tokenizer(raw, eot_token="<end>")
    none = edited(trained, added_tokens=[])
    with pytest.raises(TokenizerError, match="none: add one"):
        load_tokenizer(none)
    for engine in ENGINES:  # chosen as end of text, a plain added token becomes special: text cannot spell it
        tokenizer = load_tokenizer(raw, eot_token="<plain>", engine=engine)
        assert rows(tokenizer.encode_batch(pa.array(["a<plain>b"])))[0].count(tokenizer.eot_id) == 1


def test_broken_and_missing_files_name_the_cure(tmp_path: Path, trained: bytes) -> None:
    with pytest.raises(ConfigError, match=r"give the path of a tokenizer\.json"):
        load_tokenizer(tmp_path / "none.json")
    for raw in (b"", b"{}", b"[]", b"\xff\xfe", trained[:-100], b'{"added_tokens": [{}]}'):
        with pytest.raises(TokenizerError, match=r"not a tokenizer\.json"):
            load_tokenizer(raw)


def test_identity_and_manifest_entry(trained: bytes, tmp_path: Path) -> None:
    import hashlib

    (tmp_path / "tokenizer.json").write_bytes(trained)
    tokenizer = load_tokenizer(tmp_path / "tokenizer.json")
    assert tokenizer.sha256 == hashlib.sha256(trained).hexdigest()
    assert tokenizer.info.file == "tokenizer.json"
    assert read_vocabulary(trained).raw == trained


def test_a_tokenizer_can_be_pickled(trained: bytes, sentences: list[str]) -> None:
    tokenizer = load_tokenizer(trained)
    again = pickle.loads(pickle.dumps(tokenizer))
    batch = pa.array(sentences)
    assert again.encode_batch(batch).equals(tokenizer.encode_batch(batch))
    assert again.engine == tokenizer.engine
