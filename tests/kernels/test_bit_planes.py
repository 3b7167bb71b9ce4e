"""Bit planes and steps of eight bytes against loops over bytes, and scratch memory that batches share."""

import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.kernels.arena import Arena, kept_arena
from gristmill.kernels.bit_planes import (
    LANES,
    SURE_BITS,
    bits_from,
    byte_in,
    in_range,
    letter_in,
    letters_in,
    new_plane,
)
from gristmill.kernels.swar import hash_bytes, hash_lowered, load_eight, lowered, store_eight, swapped

RAW = st.one_of(
    st.binary(max_size=200), st.text(max_size=80).map(str.encode), st.text("abz AZ.09", max_size=99).map(str.encode)
)


def padded(raw: bytes) -> np.ndarray:
    return np.frombuffer(raw + bytes(2 * LANES), np.uint8)


def bits(mask: int | np.uint64) -> list[bool]:
    return [bool(int(mask) >> bit & 1) for bit in range(LANES)]


@settings(max_examples=200, deadline=None)
@given(RAW, st.integers(0, 40), st.tuples(st.integers(0, 255), st.integers(0, 255)))
def test_comparisons_of_64_bytes_are_those_of_each(raw: bytes, start: int, limits: tuple[int, int]) -> None:
    data, (low, high) = padded(raw), sorted(limits)
    start = min(start, len(raw))
    seen = data[start : start + LANES].tolist()
    assert bits(in_range(data, start, low, high)) == [low <= byte <= high for byte in seen]
    assert bits(byte_in(data, start, low)) == [byte == low for byte in seen]
    assert bits(letters_in(data, start)) == [byte < 0x80 and chr(byte).isalpha() for byte in seen]
    assert bits(letter_in(data, start, ord("k"))) == [byte in b"kK" for byte in seen]


@settings(max_examples=100, deadline=None)
@given(st.binary(min_size=1, max_size=300))
def test_the_bits_from_any_byte_on_are_those_of_the_plane(raw: bytes) -> None:
    data = padded(raw)
    plane = new_plane(data, Arena())
    for k in range(len(data) // LANES):
        plane[k] = in_range(data, k * LANES, 128, 255)
    for i in range(len(raw)):
        found = bits(bits_from(plane.view(np.uint8), i))[:SURE_BITS]
        assert found == [byte >= 128 for byte in data[i : i + SURE_BITS].tolist()]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80), st.binary(max_size=80), st.integers(0, 9))
def test_a_hash_is_of_the_bytes_alone(left: bytes, right: bytes, shift: int) -> None:
    hashes = [int(hash_bytes(padded(bytes(shift) + raw + b"x"), shift, shift + len(raw))) for raw in (left, right)]
    assert hashes[0] == int(hash_bytes(padded(left), 0, len(left)))
    assert (hashes[0] == hashes[1]) == (left == right)


@settings(max_examples=200, deadline=None)
@given(st.text("abcXYZ019_-", max_size=60))
def test_the_hash_in_lower_case_is_that_of_the_lowered_word(word: str) -> None:
    raw = word.encode()
    assert hash_lowered(padded(raw), 0, len(raw)) == hash_bytes(padded(raw.lower()), 0, len(raw))


def test_hashes_of_short_words_do_not_meet() -> None:
    words = [f"{a}{b}".encode() for a in "abcdefghij" for b in range(1000)] + [bytes(size) for size in range(1, 40)]
    assert len({int(hash_bytes(padded(word), 0, len(word))) for word in words}) == len(words)


@settings(deadline=None)
@given(st.binary(min_size=8, max_size=8))
def test_eight_bytes_are_loaded_stored_lowered_and_turned(raw: bytes) -> None:
    data = np.frombuffer(raw, np.uint8).copy()
    eight = np.uint64(load_eight(data, 0))  # from Python, numba takes a small int for a signed one
    assert int(eight) == int.from_bytes(raw, "little")
    assert int(swapped(eight)) == int.from_bytes(raw, "big")
    assert int(lowered(eight)) == int.from_bytes(raw.lower(), "little")
    room = np.zeros(9, np.uint8)
    store_eight(room, 1, eight)
    assert room.tolist() == [0, *raw]


GUARDED = """
import ctypes, mmap, sys
import numpy as np
from gristmill.filters.text.buffers import PAD_BYTES, TextBuffer
from gristmill.filters.signals import _FAMILIES, _block_counts
from gristmill.filters.counts.views import Views
page = mmap.PAGESIZE
memory = mmap.mmap(-1, 2 * page)
whole = np.frombuffer(memory, np.uint8)
libc = ctypes.CDLL(None, use_errno=True)
assert libc.mprotect(ctypes.c_void_p(whole.ctypes.data + page), page, 0) == 0  # a read behind the buffer kills
for size in (page - PAD_BYTES, page - PAD_BYTES - 1, page - PAD_BYTES - 63, 640, 0):
    data = whole[page - PAD_BYTES - size : page]
    data[:size] = np.resize(np.frombuffer(b"The #1 kiwi... j@a.io says: +49 30 1234567 jav {x} ", np.uint8), size)
    _block_counts(Views(TextBuffer(data, np.array([0, size]))), range(len(_FAMILIES)))
print("whole")
"""


GUARDED_COLUMN = """
import ctypes, mmap
import numpy as np, pyarrow as pa
from gristmill.dedup.signatures.exact import exact_hashes
from gristmill.dedup.signatures.minhash import signatures
from gristmill.dedup.signatures.shingles import shingle_sets
page = mmap.PAGESIZE
memory = mmap.mmap(-1, 2 * page)
whole = np.frombuffer(memory, np.uint8)
libc = ctypes.CDLL(None, use_errno=True)
assert libc.mprotect(ctypes.c_void_p(whole.ctypes.data + page), page, 0) == 0
for size in (page, 4000, 100, 17, 8, 1):
    data = whole[page - size : page]
    data[:] = np.resize(np.frombuffer("The kiwi... über alles and Brot für Leser ".encode(), np.uint8), size)
    texts = pa.LargeStringArray.from_buffers(1, pa.py_buffer(np.array([0, size])), pa.py_buffer(data))
    for unit in ("word", "character"):
        signatures(texts, num_perm=16, unit=unit)
        shingle_sets(texts, unit=unit)
    exact_hashes(texts)
print("whole")
"""
"""A column that Arrow did not pad: what deduplication reads is not copied first."""


@pytest.mark.parametrize("program", [GUARDED, GUARDED_COLUMN])
def test_no_kernel_reads_behind_a_buffer(program: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "whole\n"), done.stderr


def test_arrays_of_a_batch_do_not_overlap_and_the_next_batch_lies_over_them() -> None:
    arena = Arena()
    for _ in range(3):
        arena.reuse()
        taken = [arena.empty(size, dtype) for size, dtype in ((5, np.uint8), (1000, np.int64), (3, np.int32))]
        for number, array in enumerate(taken):
            array[:] = number
        assert [array.tolist() for array in taken] == [[0] * 5, [1] * 1000, [2] * 3]
    assert 8000 < arena.held_bytes < 20_000
    assert all(array.base is not None for array in taken)


def test_a_thread_keeps_its_own_arena_and_a_call_inside_a_call_gets_another() -> None:
    with kept_arena() as outer, kept_arena() as inner:
        assert outer is not inner
    with kept_arena() as again:
        assert again in (outer, inner)
    found: list[Arena] = []

    def work() -> None:
        with kept_arena() as arena:
            found.append(arena)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found[0] is not again


def test_an_arena_that_grew_too_large_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gristmill.kernels.arena.KEPT_BYTES", 1000)
    with kept_arena() as large:
        large.empty(5000, np.uint8)
    with kept_arena() as fresh:
        assert fresh is not large
