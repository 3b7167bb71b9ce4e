"""Signals of a page's address: how often it meets the lists of the ``[url]`` section, and where."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gristmill import storage
from gristmill.config.filter_config import UrlSection
from gristmill.documents import EVIDENCE_TYPE
from gristmill.errors import ConfigError
from gristmill.filters.counts.measure import NATURAL, Signal
from gristmill.filters.text.arrays import Bytes, Int64s
from gristmill.filters.text.unicode_classes import class_table
from gristmill.filters.url.matching import (
    match_domains,
    match_substrings,
    match_whole,
    match_words,
    readable_texts,
)
from gristmill.filters.url.reading import ListFile, Strings, list_names, read_list, string_buffers
from gristmill.filters.url.substrings import Automaton, automaton
from gristmill.filters.url.suffixes import suffix_table
from gristmill.filters.url.tables import HashTable, hash_table
from gristmill.urls import Urls, parse_urls, readable_host, url_buffer
from gristmill.web_domains import suffix_list_bytes

_SOURCE = "Penedo et al. 2023, arXiv:2306.01116, appendix G.1; datatrove 0.10, pipeline/filters/url_filter.py"
_KEYS = ("domains", "urls", "words", "soft_words", "substrings")

SIGNALS = (
    Signal("url_listed_domains", "int64", "entries", NATURAL, "listed domains that the host is or stands under; "
           "a public suffix lists only itself", _SOURCE),
    Signal("url_listed_addresses", "int64", "entries", "0 or 1", "1 if the canonical address is listed", _SOURCE),
    Signal("url_words", "int64", "distinct words", NATURAL, "listed words among the runs of letters and digits of the "
           "decoded address, case aside", _SOURCE),
    Signal("url_soft_words", "int64", "distinct words", NATURAL, "as url_words, for the soft words", _SOURCE),
    Signal("url_substrings", "int64", "distinct strings", NATURAL, "listed strings in the decoded address without its "
           "- and ., case aside", _SOURCE),
    Signal("url_evidence", "evidence", "matches", "any", "file and entry of every match, with the address", _SOURCE),
)  # fmt: skip
"""The columns of `UrlLists`; all are 0 (and the evidence empty) for documents that are no web pages."""


class Lists(NamedTuple):
    """The lists of a configuration, ready for the kernels.

    Attributes:
        files: of each key, in the order of the configuration.
        tables: of each key whose entries are looked up whole.
        allow: domains that no other list touches.
        search: the substrings.
        strings: the substrings by number, each with the number of its file.
        suffixes: the Public Suffix List.
        key: see `UrlLists.key`.
    """

    files: dict[str, list[ListFile]]
    tables: dict[str, HashTable]
    allow: HashTable
    search: Automaton
    strings: list[tuple[bytes, int]]
    suffixes: HashTable
    key: list[Any]


@dataclass(frozen=True)
class UrlLists:
    """The extra of the ``[url]`` section: paths only, the lists are read once per process."""

    domains: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    soft_words: tuple[str, ...] = ()
    substrings: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    public_suffixes: str | None = None

    @property
    def signals(self) -> tuple[Signal, ...]:
        """`SIGNALS`."""
        return SIGNALS

    def key(self) -> object:
        """Checksums of the lists, with the names that the evidence uses, and of the Public Suffix List."""
        return load_lists(self).key

    def measure(self, documents: pa.RecordBatch) -> Sequence[pa.Array]:
        """One column per signal, one value per row of ``documents``, of which ``kind`` and ``uri`` are read."""
        web = pc.equal(pc.cast(documents.column("kind"), pa.string()), "web")
        rows = np.flatnonzero(web.to_numpy(zero_copy_only=False))
        uris = pc.cast(documents.column("uri"), pa.large_string()).take(pa.array(rows))
        found = match_urls(uris, load_lists(self))
        counts = np.zeros((len(_KEYS), documents.num_rows), np.int64)
        for column, key in enumerate(_KEYS):
            np.add.at(counts[column], rows[found.matches[key][:, 0]], 1)
        return [*(pa.array(column) for column in counts), _evidence(found, uris, rows, documents.num_rows)]


def configured_lists(section: UrlSection) -> UrlLists:
    """The extra of a section, after its lists have been read once.

    Raises:
        ConfigError: no list at all, or one that cannot be read, is empty, or holds nothing of its kind.
    """
    extra = UrlLists(**section.model_dump())
    if not any(getattr(extra, key) for key in _KEYS):
        message = f"[url] names no list; give files for one of {', '.join(_KEYS)}, or take the section out"
        raise ConfigError(message)
    load_lists(extra)
    return extra


@functools.lru_cache(maxsize=2)
def load_lists(extra: UrlLists) -> Lists:
    """Reads every list of an extra, once per process.

    Raises:
        ConfigError: as `configured_lists`.
    """
    named = {key: [uri for pattern in getattr(extra, key) for uri in _files(key, pattern)] for key in (*_KEYS, "allow")}
    every = [uri for uris in named.values() for uri in uris]
    names = dict(zip(dict.fromkeys(every), list_names(list(dict.fromkeys(every))), strict=True))
    files = {
        key: [read_list(uri, names[uri], key, keep_texts=key == "substrings") for uri in uris]
        for key, uris in named.items()
    }
    tables = {key: hash_table([f.hashes for f in files[key]], range(len(files[key]))) for key in files}
    strings: dict[bytes, int] = {}
    for number, file in enumerate(files["substrings"]):
        for text in file.texts:
            strings.setdefault(text, number)
    sums = [[key, [[file.name, file.sha256] for file in files[key]]] for key in files]
    suffixes = hashlib.sha256(suffix_list_bytes(extra.public_suffixes)).hexdigest()
    return Lists(
        files, tables, tables["allow"], automaton(list(strings)), list(strings.items()),
        suffix_table(extra.public_suffixes), [*sums, suffixes],
    )  # fmt: skip


def _files(key: str, pattern: str) -> list[str]:
    found = [entry.uri for entry in storage.find(pattern)]
    if not found:
        message = f"url.{key}: no file {pattern}; give the path of a list, one entry a line"
        raise ConfigError(message)
    return found


class Found(NamedTuple):
    """What `match_urls` finds.

    Attributes:
        matches: for each key, int64 of shape (matches, 4), see `gristmill.filters.url.matching.MATCH`.
        texts: for each key the bytes that the positions of its matches refer to.
        lists: the lists.
    """

    matches: dict[str, Int64s]
    texts: dict[str, Bytes]
    lists: Lists


def match_urls(urls: pa.Array, lists: Lists) -> Found:
    """Looks addresses up in lists.

    Args:
        urls: string or large_string, without nulls.
        lists: from `load_lists`.
    """
    data, offsets = url_buffer(urls)
    parsed = parse_urls(data, offsets)
    readable, bounds = _readable(data, parsed)
    tables = lists.tables
    hard, soft = match_words(readable, bounds, class_table(), tables["words"], tables["soft_words"])
    matches = {
        "domains": match_domains(*parsed.hosts, lists.suffixes, tables["domains"]),
        "urls": match_whole(*parsed.addresses, tables["urls"]),
        "words": hard,
        "soft_words": soft,
        "substrings": match_substrings(readable, bounds, lists.search),
    }
    if len(lists.allow.hashes):
        allowed = np.zeros(len(offsets) - 1, bool)
        allowed[match_domains(*parsed.hosts, lists.suffixes, lists.allow)[:, 0]] = True
        matches = {key: found[~allowed[found[:, 0]]] for key, found in matches.items()}
    texts = dict.fromkeys(_KEYS, readable) | {"domains": parsed.hosts[0], "urls": parsed.addresses[0]}
    return Found(matches, texts, lists)


def _readable(data: Bytes, parsed: Urls) -> Strings:
    """What a reader sees of each address, in lower case, with international hosts in their own letters."""
    hosts = pa.LargeStringArray.from_buffers(
        len(parsed.spans), pa.py_buffer(parsed.hosts[1]), pa.py_buffer(parsed.hosts[0])
    )
    international = pc.match_substring(hosts, "xn--").to_numpy(zero_copy_only=False)
    if international.any():
        names = hosts.to_pylist() if international.all() else None
        rows = np.flatnonzero(international)
        own = [readable_host(name) for name in (names or hosts.take(pa.array(rows)).to_pylist())]
        readable = pa.array([text.encode("utf-8", "replace").decode() for text in own], pa.large_string())
        hosts = pc.replace_with_mask(hosts, pa.array(international), readable)
    texts, offsets = readable_texts(data, parsed.spans, *string_buffers(hosts))
    column = pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(texts))
    return string_buffers(pc.utf8_lower(column))


def _evidence(found: Found, urls: pa.Array, rows: Int64s, documents: int) -> pa.Array:
    entries: dict[int, list[dict[str, object]]] = {}
    for key in _KEYS:
        for row, item, start, stop in found.matches[key].tolist():
            text, number = bytes(found.texts[key][start:stop]), item
            if key == "substrings":
                text, number = found.lists.strings[item]
            entries.setdefault(int(rows[row]), []).append(
                {
                    "rule_set": "url",
                    "item": found.lists.files[key][number].name,
                    "found": text.decode("utf-8", "replace"),
                    "context": urls[row].as_py(),
                    "start": -1,
                    "end": -1,
                }
            )
    hits = sorted(entries)
    lengths = np.zeros(documents + 1, np.int32)
    lengths[np.array(hits, np.int64) + 1] = [len(entries[row]) for row in hits]
    values = pa.array([entry for row in hits for entry in entries[row]], EVIDENCE_TYPE.value_type)
    return pa.ListArray.from_arrays(pa.array(np.cumsum(lengths).astype(np.int32)), values, type=EVIDENCE_TYPE)
