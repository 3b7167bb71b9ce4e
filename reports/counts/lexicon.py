"""Word lists whose terms are counted in documents, and the form in which the counting kernel reads them."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

import numpy as np
import numpy.typing as npt

from gristmill.errors import ConfigError

ROLES = ("pronoun", "identity", "control")
"""What an axis is for: pronoun sets, identity terms, or words that name no group and show the method's own error."""

_FORM = re.compile(r"[a-z0-9]+( [a-z0-9]+)?")


@dataclass(frozen=True)
class Term:
    """One term of a list: its name, the forms counted as it, and whether it is common in other meanings."""

    name: str
    axis: str
    role: str
    forms: tuple[str, ...]
    ambiguous: bool


@dataclass(frozen=True)
class Lexicon:
    """A versioned list of terms, in file order."""

    name: str
    version: str
    license: str
    about: str
    axes: tuple[tuple[str, str, str], ...]
    """(axis, role, where its terms come from), in file order."""
    terms: tuple[Term, ...]

    def of_role(self, role: str) -> tuple[Term, ...]:
        """The terms of one role, in file order."""
        return tuple(term for term in self.terms if term.role == role)

    @functools.cached_property
    def index(self) -> LexiconIndex:
        """The list as arrays, built once."""
        return LexiconIndex(self)


def parse_lexicon(stored: Mapping[str, object]) -> Lexicon:
    """A lexicon from the JSON form of ``reports/data/identity_terms.json``.

    Raises:
        ConfigError: a field is missing, a role is unknown, a form is not one or two lower-case ASCII words, or two
            terms share a form.
    """
    raw_axes = stored.get("axes")
    if not isinstance(raw_axes, list):
        message = f"a lexicon wants a list 'axes', got the keys {sorted(stored)}"
        raise ConfigError(message)
    axes: list[tuple[str, str, str]] = []
    terms: list[Term] = []
    owner: dict[str, str] = {}
    for axis in raw_axes:
        name, role = axis["axis"], axis["role"]
        if role not in ROLES:
            message = f"axis {name!r} wants a role of {', '.join(ROLES)}, got {role!r}"
            raise ConfigError(message)
        axes.append((name, role, axis["selected_by"]))
        for entry in axis["terms"]:
            forms = tuple(entry.get("forms", [entry["term"].lower()]))
            for form in forms:
                if not _FORM.fullmatch(form):
                    message = f"term {entry['term']!r} wants forms of one or two lower-case ASCII words, got {form!r}"
                    raise ConfigError(message)
                if form in owner:
                    message = (
                        f"the form {form!r} belongs to the term {owner[form]!r}, so {entry['term']!r} cannot use it"
                    )
                    raise ConfigError(message)
                owner[form] = entry["term"]
            terms.append(Term(entry["term"], name, role, forms, bool(entry.get("ambiguous", False))))
    texts = [str(stored.get(key, "")) for key in ("name", "version", "license", "about")]
    return Lexicon(texts[0], texts[1], texts[2], texts[3], tuple(axes), tuple(terms))


@functools.lru_cache(maxsize=1)
def english_terms() -> Lexicon:
    """The list that ships with Gristmill: pronouns, identity terms and control words of English.

    >>> [term.name for term in english_terms().of_role("pronoun")][:4]
    ['she', 'her', 'hers', 'herself']
    """
    path = resources.files("gristmill.reports") / "data" / "identity_terms.json"
    return parse_lexicon(json.loads(path.read_text(encoding="utf-8")))


def fnv1a(word: bytes) -> int:
    """The 32-bit FNV-1a hash of ``word``, as the kernel computes it (public domain, Fowler, Noll and Vo).

    >>> hex(fnv1a(b"a"))
    '0xe40c292c'
    """
    value = 0x811C9DC5
    for byte in word:
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


class LexiconIndex:
    """Arrays for the kernel: an open-addressing hash table of words, and the terms that words and word pairs make.

    Attributes:
        slots: int32, word number or -1; the table's size is a power of two.
        word_bytes, word_offsets: the words' bytes, one after the other.
        single: int32 by word number, the term that this word alone is, or -1.
        pairs: int32 by (first, second) word number, the term that the two words are, or -1.
        opens: bool by word number, whether some pair starts with this word.
        axis_of: int32 by term number, the axis whose total the term enters, or -1 for ambiguous ones.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        words = sorted({word for term in lexicon.terms for form in term.forms for word in form.split(" ")})
        number = {word: index for index, word in enumerate(words)}
        self.slots = _hash_table(words)
        self.word_bytes: npt.NDArray[np.uint8] = np.frombuffer("".join(words).encode("ascii"), dtype=np.uint8)
        self.word_offsets: npt.NDArray[np.int64] = np.cumsum([0, *map(len, words)], dtype=np.int64)
        self.single: npt.NDArray[np.int32] = np.full(len(words), -1, dtype=np.int32)
        self.pairs: npt.NDArray[np.int32] = np.full((len(words), len(words)), -1, dtype=np.int32)
        axis_number = {axis: index for index, (axis, _, _) in enumerate(lexicon.axes)}
        self.axis_of: npt.NDArray[np.int32] = np.array(
            [-1 if term.ambiguous else axis_number[term.axis] for term in lexicon.terms], dtype=np.int32
        )
        for index, term in enumerate(lexicon.terms):
            for form in term.forms:
                parts = [number[word] for word in form.split(" ")]
                if len(parts) == 1:
                    self.single[parts[0]] = index
                else:
                    self.pairs[parts[0], parts[1]] = index
        self.opens: npt.NDArray[np.bool_] = np.any(self.pairs >= 0, axis=1)


def _hash_table(words: list[str]) -> npt.NDArray[np.int32]:
    size = 1
    while size < 8 * len(words):
        size *= 2
    slots: npt.NDArray[np.int32] = np.full(size, -1, dtype=np.int32)
    for index, word in enumerate(words):
        slot = fnv1a(word.encode("ascii")) & (size - 1)
        while slots[slot] >= 0:
            slot = (slot + 1) & (size - 1)
        slots[slot] = index
    return slots
