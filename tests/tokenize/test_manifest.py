"""The manifest: bytes that identify the data set, and contradictions refused."""

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from gristmill.errors import IntegrityError, RunDirectoryError
from gristmill.tokenize.manifest import (
    Manifest,
    PartInfo,
    SourceInfo,
    TokenizerInfo,
    check_manifest,
    manifest_sha256,
)

TOKENIZER = TokenizerInfo("tokenizer.json", "ab" * 32, 50_280, 50_279, "<|endoftext|>")


def part(name: str, rows: int = 2, tokens: int = 10) -> PartInfo:
    return PartInfo(name, rows, tokens, 4 * tokens, 1000, "cd" * 32)


def manifest(**changes: Any) -> Manifest:
    sources = {
        "web": SourceInfo.of([part("web/part-00000.arrow"), part("web/part-00001.arrow", 3, 7)]),
        "books": SourceInfo.of([part("books/part-00000.arrow")]),
    }
    return dataclasses.replace(Manifest("uint16", 17, TOKENIZER, sources), **changes)


def test_the_file_is_exactly_the_contract() -> None:
    assert json.loads(manifest().to_json()) == {
        "format": "gristmill-tokens/1",
        "dtype": "uint16",
        "seed": 17,
        "tokenizer": {
            "file": "tokenizer.json",
            "sha256": "ab" * 32,
            "vocab_size": 50_280,
            "eot_id": 50_279,
            "eot_token": "<|endoftext|>",
        },
        "sources": {
            "web": {
                "rows": 5,
                "tokens": 17,
                "text_bytes": 68,
                "parts": [
                    {
                        "path": f"web/part-0000{i}.arrow",
                        "rows": rows,
                        "tokens": tokens,
                        "text_bytes": 4 * tokens,
                        "bytes": 1000,
                        "sha256": "cd" * 32,
                    }
                    for i, (rows, tokens) in enumerate([(2, 10), (3, 7)])
                ],
            },
            "books": {
                "rows": 2,
                "tokens": 10,
                "text_bytes": 40,
                "parts": [
                    {
                        "path": "books/part-00000.arrow",
                        "rows": 2,
                        "tokens": 10,
                        "text_bytes": 40,
                        "bytes": 1000,
                        "sha256": "cd" * 32,
                    }
                ],
            },
        },
    }


def test_bytes_are_deterministic_and_their_hash_identifies_them(tmp_path: Path) -> None:
    one = manifest()
    other = manifest(sources=dict(reversed(list(one.sources.items()))))
    text = one.to_json()
    assert text == other.to_json()
    assert text.endswith("}\n")
    assert text.index('"books"') < text.index('"web"')
    assert manifest_sha256(one) == hashlib.sha256(text.encode()).hexdigest() == manifest_sha256(text.encode())
    (tmp_path / "manifest.json").write_text(text, encoding="utf-8")
    assert Manifest.read(tmp_path) == Manifest.read(tmp_path / "manifest.json") == one
    assert Manifest.read(tmp_path).to_json() == text


def test_names_beyond_ascii_survive(tmp_path: Path) -> None:
    one = manifest(sources={"b\u00fccher": SourceInfo.of([part("b\u00fccher/part-00000.arrow")])})
    (tmp_path / "manifest.json").write_bytes(one.to_json().encode())
    assert Manifest.read(tmp_path) == one


def test_a_missing_manifest_names_the_stage_to_run(tmp_path: Path) -> None:
    with pytest.raises(RunDirectoryError, match="run the tokenize stage first"):
        Manifest.read(tmp_path)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"dtype": "int16"}, "wanted one of uint16, uint32, got 'int16'"),
        ({"tokenizer": dataclasses.replace(TOKENIZER, vocab_size=65_537)}, "uint16 cannot hold .* 65536"),
        ({"tokenizer": dataclasses.replace(TOKENIZER, eot_id=50_280)}, "eot_id 50280 lies outside"),
        ({"tokenizer": dataclasses.replace(TOKENIZER, eot_id=-1)}, "eot_id -1 lies outside"),
        ({"sources": {"a": SourceInfo(3, 10, 40, (part("x"),))}}, "sources.a.rows is 3, its parts sum to 2"),
        ({"sources": {"a": SourceInfo(2, 11, 40, (part("x"),))}}, "sources.a.tokens is 11, its parts sum to 10"),
        ({"sources": {"a": SourceInfo(2, 10, 41, (part("x"),))}}, "sources.a.text_bytes is 41, its parts sum to 40"),
        ({"sources": {"a": SourceInfo.of([part("../x")])}}, "leaves the folder"),
        ({"sources": {"a": SourceInfo.of([part("/x")])}}, "leaves the folder"),
        ({"sources": {"a": SourceInfo.of([part("x"), part("x")])}}, "'x' is listed twice"),
        ({"sources": {"a": SourceInfo.of([part("x", 5, 4)])}}, "4 tokens in 5 rows"),
    ],
)
def test_contradictions_are_refused(tmp_path: Path, changes: dict[str, Any], fault: str) -> None:
    bad = manifest(**changes)
    with pytest.raises(IntegrityError, match=fault):
        check_manifest(bad)
    (tmp_path / "manifest.json").write_text(bad.to_json())
    with pytest.raises(IntegrityError, match=fault):
        Manifest.read(tmp_path)


def test_the_largest_vocabulary_of_a_type_is_accepted() -> None:
    check_manifest(manifest(tokenizer=dataclasses.replace(TOKENIZER, vocab_size=65_536)))
    check_manifest(manifest(dtype="uint32", tokenizer=dataclasses.replace(TOKENIZER, vocab_size=65_537)))


def edited(**changes: Any) -> str:
    return json.dumps({**json.loads(manifest().to_json()), **changes})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "is not JSON"),
        ("[]", "wanted format 'gristmill-tokens/1'"),
        (edited(format="gristmill-tokens/2"), "got 'gristmill-tokens/2'; it was written by another version"),
        (edited(extra=1), "wanted the keys .*got .*'extra'"),
        (edited(seed="17"), "seed must be int, got '17'"),
        (edited(seed=True), "seed must be int, got True"),
        (edited(tokenizer={"file": "x"}), "manifest.json, tokenizer: wanted the keys"),
        (edited(sources={"web": {"rows": 1}}), "sources.web: wanted the keys"),
        (
            edited(sources={"web": {"rows": 1, "tokens": 1, "text_bytes": 1, "parts": ["x"]}}),
            "sources.web.parts: wanted the keys",
        ),
    ],
)
def test_what_no_writer_of_this_version_left_is_refused(text: str, fault: str) -> None:
    with pytest.raises(IntegrityError, match=fault):
        Manifest.from_json(text)
