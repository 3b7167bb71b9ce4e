"""The global order of documents: a shuffle that depends on the seed and the document ids only.

Every document gets a 64-bit rank, ``xxh3_64(doc_id, seed)``; documents of one source are laid out in the order of
``(rank, doc_id)``; a part is a contiguous range of ranks. No worker, runner, file listing or hash seed can change it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gristmill.documents import DOC_ID_BYTES
from gristmill.errors import ConfigError

U64 = np.uint64
_MASK_64 = (1 << 64) - 1
_LOW_32 = U64(0xFFFFFFFF)

# The words of xxHash's default secret (xxhash.h, kSecret) that inputs of 9 to 16 bytes are mixed with: bytes 24-55.
_SECRET_24, _SECRET_32, _SECRET_40, _SECRET_48 = (
    0x1F67B3B7A4A44072,
    0x78E5C0CC4EE679CB,
    0x2172FFCC7DD05A82,
    0x8E2443F7744608B8,
)
_PRIME_MX1 = U64(0x165667919E3779F9)


def doc_id_bytes(doc_ids: pa.Array) -> npt.NDArray[np.uint8]:
    """The bytes of a ``fixed_size_binary(16)`` column as an array of shape (rows, 16), without copying.

    Raises:
        TypeError: the array has another type, or nulls.
    """
    if doc_ids.type != pa.binary(DOC_ID_BYTES) or doc_ids.null_count:
        message = f"doc_ids must be fixed_size_binary({DOC_ID_BYTES}) without nulls, got {doc_ids.type}"
        raise TypeError(message)
    if not len(doc_ids):
        return np.empty((0, DOC_ID_BYTES), np.uint8)
    start = doc_ids.offset * DOC_ID_BYTES
    rows: npt.NDArray[np.uint8] = np.frombuffer(doc_ids.buffers()[1], np.uint8)[start:]
    return rows[: len(doc_ids) * DOC_ID_BYTES].reshape(-1, DOC_ID_BYTES)


def doc_id_array(rows: npt.NDArray[np.uint8]) -> pa.Array:
    """The inverse of :func:`doc_id_bytes`: (rows, 16) bytes as a ``fixed_size_binary(16)`` array."""
    buffer = pa.py_buffer(np.ascontiguousarray(rows))
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(DOC_ID_BYTES), len(rows), [None, buffer])


def _multiply_fold(a: npt.NDArray[np.uint64], b: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The low half of the 128-bit product of ``a`` and ``b`` xor its high half (XXH3_mul128_fold64)."""
    a_low, a_high, b_low, b_high = a & _LOW_32, a >> U64(32), b & _LOW_32, b >> U64(32)
    low_low, high_low, low_high, high_high = a_low * b_low, a_high * b_low, a_low * b_high, a_high * b_high
    middle = (low_low >> U64(32)) + (high_low & _LOW_32) + low_high
    high = high_high + (high_low >> U64(32)) + (middle >> U64(32))
    folded: npt.NDArray[np.uint64] = (a * b) ^ high
    return folded


def ranks(seed: int, doc_ids: pa.Array) -> npt.NDArray[np.uint64]:
    """The rank of each document: ``xxh3_64(doc_id, seed)``, vectorised for the 16-byte ids.

    Follows XXH3_len_9to16_64b of xxHash 0.8; a test holds it equal to python-xxhash.

    Args:
        seed: any integer; taken modulo 2^64.
        doc_ids: ``fixed_size_binary(16)`` without nulls.

    >>> import xxhash
    >>> ids = pa.array([bytes(16), bytes(range(16))], pa.binary(16))
    >>> ranks(17, ids).tolist() == [xxhash.xxh3_64_intdigest(i.as_py(), 17) for i in ids]
    True
    """
    words = doc_id_bytes(doc_ids).view("<u8")
    flip_low = U64(((_SECRET_24 ^ _SECRET_32) + seed) & _MASK_64)
    flip_high = U64(((_SECRET_40 ^ _SECRET_48) - seed) & _MASK_64)
    low, high = words[:, 0] ^ flip_low, words[:, 1] ^ flip_high
    mixed = low.byteswap() + high + _multiply_fold(low, high) + U64(DOC_ID_BYTES)
    mixed ^= mixed >> U64(37)
    mixed *= _PRIME_MX1
    mixed ^= mixed >> U64(32)
    return mixed


def part_of(rank: npt.NDArray[np.uint64], part_count: int) -> npt.NDArray[np.int32]:
    """The part of each rank: the 64-bit range cut into ``part_count`` equal contiguous pieces. Monotone in rank.

    >>> part_of(np.array([0, 2**63 - 1, 2**63, 2**64 - 1], np.uint64), 2).tolist()
    [0, 0, 1, 1]
    """
    _check_part_count(part_count)
    # The high 32 bits decide, so the product fits 64 bits.
    return (((rank >> U64(32)) * U64(part_count)) >> U64(32)).astype(np.int32)


def rank_range(part: int, part_count: int) -> tuple[int, int]:
    """The half-open range of ranks ``[first, last)`` that :func:`part_of` sends to ``part``; ``last`` may be 2^64.

    >>> [rank_range(part, 2) for part in range(2)] == [(0, 2**63), (2**63, 2**64)]
    True
    """
    _check_part_count(part_count)
    first, last = (-(-(number << 32) // part_count) << 32 for number in (part, part + 1))
    return first, last


def plan_parts(total_token_bytes: int, part_bytes: int) -> int:
    """How many parts a source of ``total_token_bytes`` is cut into so that one holds about ``part_bytes``; at least 1.

    Ranks are uniform, so parts differ by chance: by about the size of a document times the root of their number.

    >>> plan_parts(0, 256_000_000), plan_parts(256_000_001, 256_000_000)
    (1, 2)
    """
    if part_bytes <= 0:
        message = f"tokens.part_bytes must be at least 1 byte, got {part_bytes}"
        raise ConfigError(message)
    return max(1, -(-total_token_bytes // part_bytes))


def _check_part_count(part_count: int) -> None:
    if not 1 <= part_count < 1 << 31:
        message = f"the number of parts must lie in [1, 2^31), got {part_count}; choose another tokens.part_bytes"
        raise ConfigError(message)
