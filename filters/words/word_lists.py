"""Word lists: those that come with Gristmill, and a user's own files."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path

from gristmill import storage
from gristmill.errors import ConfigError
from gristmill.filters.words.term_matcher import TermTrie, term_trie

LISTED, MINORITY, AMBIGUOUS = 1, 2, 4
"""Bits of a bundled term: it is on the list; it refers to a minority; it is often harmless."""

BUNDLED = (
    "ar", "cs", "da", "de", "en", "eo", "es", "fa", "fi", "fil", "fr", "hi", "hu", "it", "ja", "kab", "ko", "nl", "no",
    "pl", "pt", "ru", "sv", "th", "tlh", "tr", "zh",
)  # fmt: skip
"""Languages with a bundled list of bad words."""

IDENTITY = "identity.en"
"""The bundled list of English words for groups of people, which are on no list of bad words."""

UNSPACED = ("ja", "th", "zh")
"""Languages in which a term may stand anywhere, as in C4."""

_TIERS = {"minority": MINORITY, "ambiguous": AMBIGUOUS}
_FOLDER = Path(__file__).parents[1] / "data" / "words"
_CODES = {
    "ara": "ar", "arb": "ar", "ces": "cs", "dan": "da", "deu": "de", "eng": "en", "epo": "eo", "spa": "es",
    "fas": "fa", "pes": "fa", "fin": "fi", "tl": "fil", "tgl": "fil", "fra": "fr", "hin": "hi", "hun": "hu",
    "ita": "it", "jpn": "ja", "kor": "ko", "nld": "nl", "nb": "no", "nob": "no", "nor": "no", "pol": "pl",
    "por": "pt", "rus": "ru", "swe": "sv", "tha": "th", "tur": "tr", "cmn": "zh", "zho": "zh",
}  # fmt: skip


def list_language(code: str) -> str:
    """The language of a list for a language code of any common model: script and region are cut off.

    >>> list_language("eng_Latn"), list_language("zh-TW"), list_language("tl"), list_language("xx")
    ('en', 'zh', 'fil', 'xx')
    """
    base = code.replace("-", "_").partition("_")[0].lower()
    return _CODES.get(base, base)


@functools.lru_cache(maxsize=64)
def bundled_trie(name: str) -> TermTrie:
    """The bundled list of a language, or `IDENTITY`; built once per process."""
    return term_trie(parse_terms((_FOLDER / f"{name}.txt").read_text(encoding="utf-8")))


@functools.lru_cache(maxsize=1)
def bundled_sha256() -> str:
    """Checksum of all bundled lists, for the key of the stage that counts them."""
    hasher = hashlib.sha256()
    for name in (*BUNDLED, IDENTITY):
        hasher.update((_FOLDER / f"{name}.txt").read_bytes())
    return hasher.hexdigest()


@functools.lru_cache(maxsize=64)
def user_list(uri: str) -> tuple[TermTrie, str]:
    """A user's list and the checksum of its file; read once per process.

    Raises:
        ConfigError: there is no such file, it is not UTF-8, or holds no term.
    """
    if not storage.exists(uri):
        message = f"[words] lists: no such file {uri!r}; give a text file with one word or phrase a line"
        raise ConfigError(message)
    content = storage.read_bytes(uri)
    try:
        terms = parse_terms(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        message = f"[words] lists: {uri} is not UTF-8 text: {error}"
        raise ConfigError(message) from error
    if not terms:
        message = f"[words] lists: {uri} holds no word; write one word or phrase a line"
        raise ConfigError(message)
    return term_trie(terms), hashlib.sha256(content).hexdigest()


def parse_terms(text: str) -> Mapping[str, int]:
    r"""The terms of a list with their bits: one a line, blank lines and lines that begin with ``# `` skipped.

    >>> parse_terms("# note\none\n two words \ntransgender*\nslur\tminority ambiguous\n")
    {'one': 1, 'two words': 1, 'transgender*': 1, 'slur': 7}
    """
    terms: dict[str, int] = {}
    for line in text.splitlines():
        term, _, tiers = line.partition("\t")
        if (stripped := term.strip()).strip("*") and not line.startswith("# "):
            terms[stripped] = LISTED + sum(_TIERS.get(tier, 0) for tier in tiers.split())
    return terms
