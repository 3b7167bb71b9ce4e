"""One batch of documents beside their ledger rows, and the columns that all panels derive from them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TypeVar, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from gristmill.errors import ReconciliationError
from gristmill.web_domains import registrable_domain

T = TypeVar("T")

UNKNOWN = "unknown"
"""The name under which a missing value is counted; it is never left out."""

_HOST = r"^(?i:https?)://(?:[^/?#@]*@)?(?P<host>\[[0-9a-fA-F:.]+\]|[^/?#:]+)"

_ENGLISH = r"^(en|eng)([-_].*)?$"


class Batch:
    """Documents and ledger rows of the same documents in the same order, with derived columns computed once.

    Args:
        documents: rows of ``DOCUMENT_SCHEMA``.
        ledger: rows of ``LEDGER_SCHEMA``.

    Raises:
        ReconciliationError: the two do not describe the same documents in the same order.
    """

    def __init__(self, documents: pa.RecordBatch, ledger: pa.RecordBatch) -> None:
        if documents.num_rows != ledger.num_rows:
            message = f"a batch wants one ledger row per document, got {ledger.num_rows} for {documents.num_rows}"
            raise ReconciliationError(message)
        equal = pc.equal(documents.column("doc_id"), ledger.column("doc_id")).to_numpy(zero_copy_only=False)
        if not equal.all():
            row = int(np.argmin(equal))
            message = (
                f"documents and ledger want the same doc_id in row {row}, got "
                f"{documents.column('doc_id')[row].as_py().hex()} and {ledger.column('doc_id')[row].as_py().hex()}; "
                "the two shards belong to different runs: run the stages after extract again"
            )
            raise ReconciliationError(message)
        self.documents = documents
        self.ledger = ledger
        self._derived: dict[str, object] = {}

    def once(self, name: str, compute: Callable[[Batch], T]) -> T:
        """``compute(self)``, computed once per batch under ``name``: for work that several tallies share."""
        if name not in self._derived:
            self._derived[name] = compute(self)
        return cast(T, self._derived[name])

    @property
    def num_rows(self) -> int:
        """Documents in this batch."""
        return int(self.documents.num_rows)

    @cached_property
    def source(self) -> pa.Array:
        """Source names."""
        return named(self.ledger.column("source"))

    @cached_property
    def kind(self) -> pa.Array:
        """``web``, ``book`` or ``code``."""
        return named(self.documents.column("kind"))

    @cached_property
    def verdict(self) -> pa.Array:
        """What became of each document: ``kept``, ``removed``, ``duplicate`` or ``error``."""
        return named(self.ledger.column("verdict"))

    @cached_property
    def language(self) -> pa.Array:
        """Language codes as the identifier gave them; ``unknown`` where it gave none."""
        return named(self.ledger.column("language"))

    @cached_property
    def utf8_bytes(self) -> pa.Array:
        """Length of each text in UTF-8 bytes."""
        return pc.cast(pc.binary_length(self.documents.column("text")), pa.int64())

    @cached_property
    def tokens(self) -> pa.Array:
        """Tokens of each document: 0 unless kept."""
        return pc.cast(self.ledger.column("tokens"), pa.int64())

    @cached_property
    def ones(self) -> pa.Array:
        """1 for each document, to be summed."""
        return pa.array(np.ones(self.num_rows, dtype=np.int64))

    @cached_property
    def length_bin(self) -> pa.Array:
        """``b``, as a two-digit string, where the text has 2^b to 2^(b+1) - 1 UTF-8 bytes; ``00`` for an empty text."""
        bits = np.frexp(np.maximum(self.utf8_bytes.to_numpy(), 1).astype(np.float64))[1] - 1
        return pa.array([f"{b:02d}" for b in range(64)]).take(pa.array(bits.astype(np.int64)))

    @cached_property
    def is_english_prose(self) -> npt.NDArray[np.bool_]:
        """Whether each document was identified as English and is not source code."""
        english = pc.match_substring_regex(self.language, _ENGLISH)
        prose = pc.not_equal(self.kind, "code")
        return np.asarray(pc.and_(english, prose).to_numpy(zero_copy_only=False), dtype=np.bool_)

    @cached_property
    def domain(self) -> pa.Array:
        """The registrable domain of each web document, null for the others; ``unknown`` where the uri names no host."""
        is_web = pc.equal(self.kind, "web")
        uris = pc.if_else(is_web, self.documents.column("uri"), pa.scalar(None, pa.string()))
        hosts = pc.struct_field(pc.extract_regex(uris, pattern=_HOST), "host").dictionary_encode()
        names = pa.array([registrable_domain(host) or UNKNOWN for host in hosts.dictionary.to_pylist()], pa.string())
        found = names.take(hosts.indices)
        return pc.if_else(is_web, pc.fill_null(found, UNKNOWN), pa.scalar(None, pa.string()))

    @cached_property
    def programming_language(self) -> pa.Array:
        """``meta.language`` of each source code document, null for the others; ``unknown`` where absent."""
        is_code = pc.equal(self.kind, "code").to_numpy(zero_copy_only=False)
        names: list[str | None] = [None] * self.num_rows
        metas = self.documents.column("meta")
        for row in np.flatnonzero(is_code):
            names[row] = _text_field(metas[int(row)].as_py(), "language")
        return pa.array(names, pa.string())

    def grouped(
        self,
        keys: Mapping[str, pa.Array],
        *,
        sizes: bool = True,
    ) -> pa.Table:
        """Sums over the documents of each combination of ``keys``; a document with a null key is left out.

        Returns:
            The key columns, then ``documents`` and, with ``sizes``, ``bytes`` and ``tokens`` (all int64).
        """
        amounts = {"documents": self.ones}
        if sizes:
            amounts |= {"bytes": self.utf8_bytes, "tokens": self.tokens}
        return sum_by({name: pc.cast(column, pa.string()) for name, column in keys.items()}, amounts)


def named(column: pa.Array) -> pa.Array:
    """A column of names as plain strings, ``unknown`` where it is null or empty."""
    plain = pc.fill_null(pc.cast(column, pa.string()), UNKNOWN)
    return pc.if_else(pc.equal(plain, ""), UNKNOWN, plain)


def sum_by(keys: Mapping[str, pa.Array], amounts: Mapping[str, pa.Array]) -> pa.Table:
    """Sums of ``amounts`` for each combination of ``keys``; rows with a null key are left out.

    >>> sum_by({"a": pa.array(["x", "x", None])}, {"n": pa.array([1, 2, 4])}).to_pylist()
    [{'a': 'x', 'n': 3}]
    """
    table = pa.table({**keys, **amounts})
    for name in keys:
        if table.column(name).null_count:
            table = table.filter(pc.is_valid(table.column(name)))
    summed = table.group_by(list(keys), use_threads=False).aggregate([(name, "sum") for name in amounts])
    return summed.select([*keys, *(f"{name}_sum" for name in amounts)]).rename_columns([*keys, *amounts])


def _text_field(meta: str, name: str) -> str:
    """The text field ``name`` of a JSON object, ``unknown`` where it is absent or not a text."""
    value = json.loads(meta).get(name)
    return value if isinstance(value, str) and value else UNKNOWN
