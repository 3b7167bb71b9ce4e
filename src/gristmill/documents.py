"""The document: its schema, its identity and the normal form of its text.

A document is one row of ``documents/<source>/<shard>.parquet``. Every later table (signals, decisions, ledger) has one
row per document in the same order, keyed by ``doc_id``.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Literal, TypedDict

import pyarrow as pa
import xxhash

Kind = Literal["web", "book", "code"]
KINDS: tuple[Kind, ...] = ("web", "book", "code")

DOC_ID_BYTES = 16
"""Length of a ``doc_id``: xxh3 with 128 bits."""

DATE_EVIDENCE = ("declared", "html", "http", "crawl", "none")
"""Where ``published`` comes from, best first: the document's own metadata, its HTML, HTTP headers, the crawl date."""

LICENSE_EVIDENCE = ("document", "detected", "source", "none")
"""Where ``license`` comes from: stated in the document, a licence file or tag, the config, nowhere."""

SIMILARITY_EVIDENCE = ("exact", "verified", "estimated", "url")
"""How a duplicate is known: the normalized texts are equal, the shingles of both texts were compared, only the
signatures of both, because the text of an earlier run is gone, or it is an older copy of the same address, whose text
was not compared."""

VERDICTS = ("kept", "removed", "duplicate", "error")

_DICTIONARY = pa.dictionary(pa.int32(), pa.string())

DOCUMENT_SCHEMA = pa.schema(
    [
        pa.field("doc_id", pa.binary(DOC_ID_BYTES), nullable=False),
        pa.field("source", _DICTIONARY, nullable=False),
        pa.field("kind", _DICTIONARY, nullable=False),
        pa.field("uri", pa.string(), nullable=False),
        pa.field("shard", pa.string(), nullable=False),
        pa.field("offset", pa.int64(), nullable=False),
        pa.field("length", pa.int64(), nullable=False),
        pa.field("text", pa.large_string(), nullable=False),
        pa.field("title", pa.string()),
        pa.field("published", pa.timestamp("ms", tz="UTC")),
        pa.field("date_evidence", _DICTIONARY, nullable=False),
        pa.field("license", pa.string()),
        pa.field("license_evidence", _DICTIONARY, nullable=False),
        pa.field("meta", pa.string(), nullable=False),
    ]
)
"""One row per extracted document. ``offset`` and ``length`` are bytes of the raw shard (of the record as stored,
compressed bytes for a compressed archive; -1 where the format has no such notion). ``published`` is in milliseconds,
the coarsest unit Parquet has. ``meta`` is a JSON object."""

EVIDENCE_TYPE = pa.list_(
    pa.struct(
        [
            pa.field("rule_set", pa.string(), nullable=False),
            pa.field("item", pa.string(), nullable=False),
            pa.field("found", pa.string(), nullable=False),
            pa.field("context", pa.string(), nullable=False),
            pa.field("start", pa.int64(), nullable=False),
            pa.field("end", pa.int64(), nullable=False),
        ]
    )
)
"""What a number alone cannot say: which item of which list was found, the words found, the words around them, and where
(bytes of the text). It travels from ``signals/`` to the ledger."""

LEDGER_SCHEMA = pa.schema(
    [
        pa.field("doc_id", pa.binary(DOC_ID_BYTES), nullable=False),
        pa.field("source", _DICTIONARY, nullable=False),
        pa.field("uri", pa.string(), nullable=False),
        pa.field("verdict", _DICTIONARY, nullable=False),
        pa.field("failed_rules", pa.list_(_DICTIONARY), nullable=False),
        pa.field("evidence", EVIDENCE_TYPE, nullable=False),
        pa.field("duplicate_of", pa.binary(DOC_ID_BYTES)),
        pa.field("duplicate_run", pa.string()),
        pa.field("similarity", pa.float32()),
        pa.field("similarity_evidence", _DICTIONARY),
        pa.field("cluster_size", pa.int32(), nullable=False),
        pa.field("language", _DICTIONARY, nullable=False),
        pa.field("language_score", pa.float32(), nullable=False),
        pa.field("tokens", pa.int32(), nullable=False),
    ]
)
"""One row per document: the decision and its evidence. ``failed_rules`` holds every rule that failed, in rule order;
``evidence`` what was found of which list or evaluation item, and where (empty for most documents). ``duplicate_run``
names the earlier run that ``duplicate_of`` belongs to, null for this run; ``similarity_evidence`` says how the
duplicate is known (`SIMILARITY_EVIDENCE`); ``similarity`` is null where that is ``url``. ``cluster_size`` counts the
documents of the cluster of equal and similar texts, the kept one included (1: there is none). Older copies of an
address stand outside of clusters, whose texts were compared, and have 1."""

ERROR_SCHEMA = pa.schema(
    [
        pa.field("stage", _DICTIONARY, nullable=False),
        pa.field("source", _DICTIONARY, nullable=False),
        pa.field("shard", pa.string(), nullable=False),
        pa.field("uri", pa.string(), nullable=False),
        pa.field("offset", pa.int64(), nullable=False),
        pa.field("error", pa.string(), nullable=False),
        pa.field("detail", pa.string(), nullable=False),
    ]
)
"""One row per dead letter: ``error`` is a short stable reason, ``detail`` what exactly was wrong and where."""


class Document(TypedDict):
    """One extracted document before it becomes a row; ``source``, ``kind`` and ``shard`` are added by extract.

    ``record_key`` identifies the record within its shard and never depends on its position in a listing: a WARC record
    id, a path inside an archive, a line number.
    """

    record_key: str
    uri: str
    offset: int
    length: int
    text: str
    title: str | None
    published: dt.datetime | None
    date_evidence: str
    license: str | None
    license_evidence: str
    meta: Mapping[str, object]


def document_id(source: str, shard: str, record_key: str) -> bytes:
    """The 16-byte identity of a document: xxh3-128 of source name, shard uri (relative to its root) and record key.

    The parts are length-prefixed, so no two different triples share an encoding.

    >>> document_id("web", "a.warc.gz", "<urn:1>").hex()
    '314ce46f12c9ac86accf49b21684c05b'
    """
    hasher = xxhash.xxh3_128()
    for part in (source, shard, record_key):
        raw = part.encode("utf-8", "surrogatepass")
        hasher.update(len(raw).to_bytes(8, "little"))
        hasher.update(raw)
    return hasher.digest()


def normalize_text(text: str) -> str:
    r"""The normal form every stored text has: NFC, ``\n`` line ends, no NUL, no lone surrogates (each becomes U+FFFD).

    >>> normalize_text("e\u0301\r\nb\x00\ud800")
    'é\nb\ufffd'
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in text:
        text = text.replace("\x00", "")
    if not text.isascii():
        if not unicodedata.is_normalized("NFC", text):
            text = unicodedata.normalize("NFC", text)
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def empty_table(schema: pa.Schema) -> pa.Table:
    """A table of no rows with exactly this schema."""
    return schema.empty_table()


def count_values(values: Iterable[str]) -> dict[str, int]:
    """Counts by value, sorted by name so that the result never depends on order.

    >>> count_values(["b", "a", "b"])
    {'a': 1, 'b': 2}
    """
    counts: dict[str, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return dict(sorted(counts.items()))
