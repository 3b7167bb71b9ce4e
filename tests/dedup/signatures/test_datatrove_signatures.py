"""datatrove's own files (`datatrove_rank.py`) are read, and our signatures of its words equal what they hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gristmill.dedup.candidates.buckets import star_edges
from gristmill.dedup.signatures.banding import BandPlan, band_keys
from gristmill.dedup.signatures.datatrove_signatures import Parameters, read_signatures, shingle_hashes, signature
from gristmill.dedup.signatures.minhash import estimated_jaccard
from gristmill.errors import InputError

RANKS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "datatrove_rank.json").read_text())
SHINGLE, SEED = 3, 7


def parameters(rank: dict[str, Any]) -> Parameters:
    return Parameters(SHINGLE, rank["bands"], rank["rows"], SEED, rank["precision_bits"])


def files(rank: dict[str, Any]) -> list[bytes]:
    return [bytes.fromhex(file) for file in rank["files"]]


@pytest.mark.parametrize("rank", RANKS, ids=["64 bits", "32 bits"])
def test_signatures_of_the_same_words_equal_those_in_the_files(rank: dict[str, Any]) -> None:
    step = parameters(rank)
    read = read_signatures(files(rank), step)
    hashes = [shingle_hashes(words, step) for words in rank["words"]]
    with_shingles = [number for number, found in enumerate(hashes) if len(found)]

    assert read.numbers.tolist() == with_shingles
    assert 0 < len(with_shingles) < len(hashes)
    assert (read.values == np.stack([signature(hashes[number], step) for number in with_shingles])).all()


@pytest.mark.parametrize("rank", RANKS, ids=["64 bits", "32 bits"])
def test_what_was_read_is_banded_bucketed_and_estimated(rank: dict[str, Any]) -> None:
    read = read_signatures(files(rank), parameters(rank))
    keys = band_keys(read.values, BandPlan(rank["bands"], rank["rows"]))
    found = star_edges(keys.reshape(-1), np.repeat(read.numbers, rank["bands"]), max_bucket=100)
    row = {number: place for place, number in enumerate(read.numbers.tolist())}
    pairs = [row[0], row[0]], [row[4], row[3]]

    assert (0, 4) in zip(found.left.tolist(), found.right.tolist(), strict=True)  # they differ in a number only
    assert 3 not in {*found.left.tolist(), *found.right.tolist()}
    close, far = estimated_jaccard(read.values[pairs[0]], read.values[pairs[1]])
    assert (close, far) == (1.0, 0.0)


def test_files_that_do_not_belong_together_are_refused() -> None:
    rank, other = RANKS
    step, whole = parameters(rank), files(rank)
    with pytest.raises(InputError, match=r"wanted the files of 5 buckets"):
        read_signatures(whole[:-1], step)
    with pytest.raises(InputError, match=r"bucket 2 has 143 bytes, wanted a multiple of 36"):
        read_signatures([*whole[:2], whole[2][:-1], *whole[3:]], step)
    with pytest.raises(InputError, match=r"bucket 4 holds 3 documents"):
        read_signatures([*whole[:4], whole[4][:-36]], step)
    backwards = [b"".join(file[at : at + 36] for at in reversed(range(0, len(file), 36))) for file in whole]
    with pytest.raises(InputError, match="not sorted"):
        read_signatures(backwards, step)
    with pytest.raises(InputError, match="other parameters"):
        read_signatures(files(other) + files(other)[:1], step)
    with pytest.raises(InputError, match="no signature"):
        signature(shingle_hashes([], step), step)


def test_a_rank_without_documents_is_empty() -> None:
    assert read_signatures([b""] * 14).values.shape == (0, 112)
