"""The newest copy of every address, against plain Python."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.dedup.candidates.addresses import NO_DATE, address_hashes, older_copies, page_times
from gristmill.urls import canonical_url

URLS = (
    "http://a.example/x", "https://www.A.example:443/x/#top", "//a.example/x?utm_medium=m", "http://a.example/X",
    "http://b.example", "HTTP://B.example./?fbclid=1", "http://b.example/%7e", "https://b.example/~",
)  # fmt: skip
NO_PAGES = ("", "a.example/x", "part-0.jsonl#7", "urn:isbn:1", "ftp://a.example/x", "http://", "file:///a/x")


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from((*URLS, *NO_PAGES)), st.sampled_from((NO_DATE, -5, 0, 7))), max_size=20),
    st.randoms(),
)
def test_the_newest_stays_whatever_the_order(rows: list[tuple[str, int]], rng: object) -> None:
    ids = [number.to_bytes(16, "big") for number in range(len(rows))]
    pages = [(url, time, doc_id) for (url, time), doc_id in zip(rows, ids, strict=True) if url not in NO_PAGES]
    rng.shuffle(pages)  # type: ignore[attr-defined]
    best: dict[str, tuple[int, bytes]] = {}
    for url, time, doc_id in pages:
        key = canonical_url(url)
        best[key] = min(best.get(key, (-time, doc_id)), (-time, doc_id))

    hashes = address_hashes(pa.array([url for url, _, _ in pages], pa.string()))
    assert not hashes.null_count
    times = np.array([time for _, time, _ in pages], np.int64)
    found = older_copies(hashes, times, pa.array([doc_id for _, _, doc_id in pages], pa.binary(16)))
    named = {pages[row][2]: pages[newest][2] for row, newest in zip(found.rows, found.newest, strict=True)}
    assert named == {
        doc_id: best[canonical_url(url)][1] for url, _, doc_id in pages if best[canonical_url(url)][1] != doc_id
    }
    assert found.rows.tolist() == sorted(found.rows.tolist())


def test_what_is_no_web_page_has_no_address() -> None:
    assert address_hashes(pa.array(NO_PAGES)).null_count == len(NO_PAGES)
    assert address_hashes(pa.chunked_array([pa.array(URLS), pa.array(NO_PAGES)])).null_count == len(NO_PAGES)


def test_the_crawl_goes_before_the_publication() -> None:
    meta = [
        '{"crawled":"2024-05-01T00:00:01Z"}', '{"note":"\\"crawled\\":\\"2024-05-01T00:00:01Z\\""}',
        '{"crawled":"yesterday"}', '{"crawled":"2024-13-01T00:00:01Z"}', "{}",
    ]  # fmt: skip
    when = dt.datetime(2001, 2, 3, tzinfo=dt.UTC)
    published = pa.array([when, when, when, when, None], pa.timestamp("ms", tz="UTC"))
    crawled = int(dt.datetime(2024, 5, 1, 0, 0, 1, tzinfo=dt.UTC).timestamp() * 1000)
    stated = int(when.timestamp() * 1000)
    assert page_times(published, pa.array(meta)).tolist() == [crawled, stated, stated, stated, NO_DATE]
