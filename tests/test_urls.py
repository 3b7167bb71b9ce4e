from __future__ import annotations

import urllib.parse

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.errors import InputError
from gristmill.urls import canonical_host, canonical_url, canonical_urls, parse_urls, readable_host, url_buffer

SAME = [
    ("http://example.com/a", "HTTPS://WWW.Example.COM:443/a/"),
    ("http://example.com/a", "//user:secret@example.com.:80/./b/../a#top"),
    ("http://example.com/a", "example.com\\a"),
    ("http://example.com/~a?x=1", " http://example.com/%7Ea/?utm_source=t&x=1&&fbclid=2 "),
    ("http://example.com/caf\u00e9", "http://example.com/caf%c3%a9"),
    ("http://example.com/a%2Fb%20c", "http://example.com/a%2fb c"),
    ("http://b\u00fccher.example/", "http://XN--Bcher-KVA.example"),
    ("http://B\u00dcCHER\u3002example", "http://b%C3%BCcher.example"),
    ("http://\uff45xample.com", "http://ex%61mple.com"),
    ("http://127.0.0.1/", "http://0x7f.1"),
    ("http://127.0.0.1/", "http://2130706433"),
    ("http://[::1]/", "http://[0:0:0::0001]:80"),
]

DIFFERENT = [
    ("http://example.com/a", "http://example.com/A"),
    ("http://example.com/a", "http://example.com:8080/a"),
    ("http://example.com/a", "ftp://example.com/a"),
    ("http://example.com/?a=1&b=2", "http://example.com/?b=2&a=1"),
    ("http://example.com/a%2Fb", "http://example.com/a/b"),
    ("http://example.com/#!a", "http://example.com/#!b"),
    ("http://stra\u00dfe.de", "http://strasse.de"),
    ("http://www.com", "http://com"),
    ("http://m.example.com", "http://example.com"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_address_are_one_string(one: str, other: str) -> None:
    assert canonical_url(one) == canonical_url(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_may_be_two_pages_stays_two(one: str, other: str) -> None:
    assert canonical_url(one) != canonical_url(other)


@pytest.mark.parametrize(
    "text", ["", "urn:isbn:1", "mailto:a@b.c", "http://h:port/", "http://h:65536/", "http:///x", "http://a b/", "[::1"]
)
def test_what_has_no_host_stays_as_it_is(text: str) -> None:
    urls = parse_urls(*url_buffer(pa.array([f"  {text}\n"])))
    assert bytes(urls.addresses[0]).decode() == text
    assert urls.hosts[1].tolist() == [0, 0]


_PIECES = st.sampled_from(
    [
        *"ab./%25?#!&=:@[]\\xn-wW49\u00e9\u3002\uff10 _u\t\u212a\u0130",
        "http://",
        "www.",
        "utm_",
        "%2e",
        "%C3%A9",
        "//",
        "..",
        "xn--",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(_PIECES, max_size=20).map("".join), st.sampled_from(["", "http://a.b/", "http://", "x.com:81/"]))
def test_the_canonical_form_of_a_canonical_form_is_itself(tail: str, head: str) -> None:
    form = canonical_url(head + tail)
    assert canonical_url(form) == form


@settings(max_examples=200, deadline=None)
@given(
    st.from_regex(r"[a-z][a-z0-9]{0,8}\.(com|org)", fullmatch=True),
    st.lists(st.text(min_size=1, max_size=6).filter(lambda part: part.strip(".") and part.isprintable()), max_size=4),
)
def test_host_and_path_are_those_of_the_standard_library(host: str, parts: list[str]) -> None:
    url = f"https://{host}/" + "/".join(urllib.parse.quote(part, safe="") for part in parts)
    wanted = "/".join("".join(urllib.parse.quote(c, safe="~") if c.isascii() else c for c in part) for part in parts)
    form = canonical_url(url)
    assert urllib.parse.urlsplit("//" + form).hostname == host
    assert form == (f"{host}/{wanted}" if parts else host)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([one for pair in SAME for one in pair]), max_size=6), st.integers(0, 3))
def test_a_column_gives_what_each_address_gives(urls: list[str], skip: int) -> None:
    column = pa.array(["left out"] * skip + urls, pa.string()).slice(skip)
    assert canonical_urls(column).to_pylist() == [canonical_url(url) for url in urls]
    assert canonical_urls(pa.chunked_array([column, column])).to_pylist() == 2 * [canonical_url(url) for url in urls]


def test_international_hosts_can_be_read_again() -> None:
    assert (
        readable_host(canonical_host("B\u00fccher.\u65e5\u672c\u8a9e.example"))
        == "b\u00fccher.\u65e5\u672c\u8a9e.example"
    )
    assert canonical_host("\u00e9" * 5000) == ""


def test_nulls_and_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="null"):
        canonical_urls(pa.array(["a", None]))
    with pytest.raises(InputError, match="int64"):
        canonical_urls(pa.array([1]))
    assert canonical_urls(pa.array([], pa.string())).to_pylist() == []
    assert canonical_urls(pa.chunked_array([], pa.string())).to_pylist() == []
