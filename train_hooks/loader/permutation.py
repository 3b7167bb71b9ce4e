"""A keyed permutation of ``range(size)`` that needs no memory: the shuffled order of an epoch as a pure function.

A balanced Feistel network permutes the smallest even number of bits that covers the range; results outside the range
are sent through it again until one falls inside (cycle walking). Both steps are bijections, so the whole is a bijection
of ``range(size)``, and it can be inverted. Black and Rogaway, "Ciphers with Arbitrary Finite Domains" (CT-RSA 2002),
prove the construction; Luby and Rackoff (1988) that four rounds with random round functions look random. This is a
shuffle, not encryption.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from gristmill.errors import ConfigError

ROUNDS = 6
_MASK_64 = (1 << 64) - 1
_MINIMUM_HALF_BITS = 3  # below 64 values a Feistel network has few distinct permutations to choose from


def _mix(value: int) -> int:
    """The finaliser of splitmix64 (Steele, Lea and Flood 2014): every output bit depends on every input bit."""
    value = (value + 0x9E3779B97F4A7C15) & _MASK_64
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK_64
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK_64
    return value ^ (value >> 31)


def derive_keys(seed: int, *names: object) -> tuple[int, ...]:
    """Round keys from a seed and whatever else must change the order (the epoch, a source's name).

    Every part is length-prefixed before it is hashed, so no two different lists of parts share their keys.

    >>> derive_keys(17, "epoch", 0) == derive_keys(17, "epoch", 1)
    False
    """
    hasher = hashlib.blake2b(digest_size=8 * ROUNDS, person=b"gristmill order")
    for part in (seed, *names):
        raw = repr(part).encode()
        hasher.update(len(raw).to_bytes(8, "little"))
        hasher.update(raw)
    digest = hasher.digest()
    return tuple(int.from_bytes(digest[8 * i : 8 * i + 8], "little") for i in range(ROUNDS))


@dataclass(frozen=True)
class Permutation:
    """A bijection of ``range(size)``, in constant memory.

    Args:
        size: how many numbers are permuted, at least 1.
        keys: the round keys, from :func:`derive_keys`.

    >>> order = Permutation(10, derive_keys(17, "example"))
    >>> sorted(order(i) for i in range(10))
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    >>> [order.inverse(order(i)) for i in range(3)]
    [0, 1, 2]
    """

    size: int
    keys: tuple[int, ...]
    _half_bits: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.size < 1:
            msg = f"a permutation needs at least one number to permute, got size {self.size}"
            raise ConfigError(msg)
        bits = (self.size - 1).bit_length()
        object.__setattr__(self, "_half_bits", max(_MINIMUM_HALF_BITS, (bits + 1) // 2))

    def __call__(self, index: int) -> int:
        """The number at place ``index`` of the shuffled order.

        Raises:
            IndexError: ``index`` is not in ``range(size)``.
        """
        value = self._checked(index)
        while True:
            value = self._encrypt(value)
            if value < self.size:
                return value

    def inverse(self, value: int) -> int:
        """The place at which ``value`` stands.

        Raises:
            IndexError: ``value`` is not in ``range(size)``.
        """
        index = self._checked(value)
        while True:
            index = self._decrypt(index)
            if index < self.size:
                return index

    def _checked(self, index: int) -> int:
        if not 0 <= index < self.size:
            msg = f"index {index} is not in range({self.size})"
            raise IndexError(msg)
        return index

    def _encrypt(self, value: int) -> int:
        half = self._half_bits
        mask = (1 << half) - 1
        left, right = value >> half, value & mask
        for key in self.keys:
            left, right = right, left ^ (_mix(right ^ key) & mask)
        return left << half | right

    def _decrypt(self, value: int) -> int:
        half = self._half_bits
        mask = (1 << half) - 1
        left, right = value >> half, value & mask
        for key in reversed(self.keys):
            left, right = right ^ (_mix(left ^ key) & mask), left
        return left << half | right
