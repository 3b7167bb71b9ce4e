"""Web pages of one address: which copy is the newest, and which addresses name a page at all.

Two addresses are the same when their canonical forms are (`gristmill.urls` states every rule); they are compared by
xxh3-128 of that form. Only an address with ``http://`` or ``https://`` (or ``//``) and a host counts: a bare name such
as ``part-3.jsonl#17`` may be a file, and without its fragment all documents of that file would be one page.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from gristmill.dedup.signatures.digests import halves
from gristmill.urls import parse_urls, url_buffer

ADDRESS_BYTES = 16

NO_DATE = np.iinfo(np.int64).min
"""The time of a document without a date: older than any."""

_WEB = r"^[\x00-\x20]*(?i:(?:https?:)?//)"
_CRAWLED = r'"crawled": ?"(?P<crawled>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})Z"'


class Older(NamedTuple):
    """Copies of one address that are not its newest.

    Attributes:
        rows: int64, the rows of the older copies, ascending.
        newest: int64, for each the row of the newest copy of its address.
    """

    rows: npt.NDArray[np.int64]
    newest: npt.NDArray[np.int64]


def address_hashes(uris: pa.Array | pa.ChunkedArray) -> pa.FixedSizeBinaryArray:
    """xxh3-128 of the canonical form of each address, as 16 bytes; null where it names no web page.

    Args:
        uris: string or large_string, without nulls.

    Raises:
        InputError: the column is not a string column, or has nulls.

    >>> one, other, file = address_hashes(pa.array(["http://a.b/c", "HTTPS://www.a.b/c/?utm_source=d", "a.jsonl#1"]))
    >>> one == other, file.is_valid
    (True, False)
    """
    urls = parse_urls(*url_buffer(uris))
    has_host = np.diff(urls.hosts[1]) > 0
    web = pc.match_substring_regex(uris, _WEB)
    web = web.combine_chunks() if isinstance(web, pa.ChunkedArray) else web
    page = has_host & web.to_numpy(zero_copy_only=False).astype(bool)
    data, offsets = urls.addresses
    view = memoryview(pa.py_buffer(data))
    # The one loop over documents in Python, as in `gristmill.dedup.signatures.exact`: 0.3 microseconds each.
    digests = b"".join([xxhash.xxh3_128_digest(view[i:j]) for i, j in itertools.pairwise(offsets.tolist())])
    hashes = pa.FixedSizeBinaryArray.from_buffers(pa.binary(ADDRESS_BYTES), len(page), [None, pa.py_buffer(digests)])
    return pc.if_else(pa.array(page), hashes, pa.scalar(None, pa.binary(ADDRESS_BYTES)))


def page_times(published: pa.Array, meta: pa.Array) -> npt.NDArray[np.int64]:
    """When each document was fetched, in milliseconds since 1970 UTC.

    That is ``crawled`` in ``meta``, which the web archive readers write; where there is none, ``published``; where
    there is neither, `NO_DATE`.

    Args:
        published: timestamps in milliseconds, or null.
        meta: JSON objects.

    >>> times = pa.array([1000, 1000, None], pa.timestamp("ms", tz="UTC"))
    >>> page_times(times, pa.array(['{"crawled": "1970-01-01T00:00:02Z"}', "{}", "{}"])).tolist()[:2]
    [2000, 1000]
    """
    found = pc.struct_field(pc.extract_regex(meta.cast(pa.string()), _CRAWLED), "crawled")
    crawled = pc.strptime(found, format="%Y-%m-%dT%H:%M:%S", unit="ms", error_is_null=True).cast(pa.int64())
    times = pc.fill_null(pc.coalesce(crawled, published.cast(pa.int64())), NO_DATE)
    return np.asarray(times.to_numpy(zero_copy_only=False), np.int64)


def older_copies(
    hashes: pa.FixedSizeBinaryArray, times: npt.NDArray[np.int64], doc_ids: pa.FixedSizeBinaryArray
) -> Older:
    """The copies that are not the newest of their address.

    The newest has the latest time; of equal times (or none) the smallest ``doc_id``. So the choice is the same in any
    order of the rows.

    Args:
        hashes: of `address_hashes`, without nulls.
        times: of `page_times`.
        doc_ids: 16 bytes each, unique.

    >>> ids = pa.array([bytes([i] * 16) for i in range(3)], pa.binary(16))
    >>> page = address_hashes(pa.array(["http://a.b/c"] * 3))
    >>> older_copies(page, np.array([5, 9, 9]), ids)
    Older(rows=array([0, 2]), newest=array([1, 1]))
    """
    address, identity = halves(hashes), halves(doc_ids)
    latest_first = ~times  # -1 - times: negation without overflow
    order = np.lexsort((identity[:, 1], identity[:, 0], latest_first, address[:, 1], address[:, 0]))
    opens = np.ones(len(order), bool)
    opens[1:] = (address[order[1:]] != address[order[:-1]]).any(axis=1)
    newest = np.empty(len(order), np.int64)
    newest[order] = order[opens][np.cumsum(opens) - 1]
    rows = np.flatnonzero(newest != np.arange(len(order)))
    return Older(rows, newest[rows])
