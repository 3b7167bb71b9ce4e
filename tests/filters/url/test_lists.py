"""URL lists: spellings, list files and their errors, and every count against a plain reading of the definition."""

from __future__ import annotations

import gzip
import re
import urllib.parse
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gristmill.config.filter_config import UrlSection
from gristmill.documents import EVIDENCE_TYPE
from gristmill.errors import ConfigError
from gristmill.filters.url.extra import SIGNALS, UrlLists, configured_lists
from gristmill.filters.url.reading import list_names
from gristmill.web_domains import registrable_domain

COUNTS = [signal.name for signal in SIGNALS[:-1]]

CONTENT = {
    "domains": "# adult sites\nbad.example\n0.0.0.0 ads.example tracker.example # hosts file\n*.wild.example\n\u00fcbel.example\n"
    "co.uk\nblog.github.io\n203.0.113.7\nWWW.Upper.Example.\n",
    "urls": "https://www.good.example/bad/page/\ngood.example/q?a=1\n",
    "words": "Casino\npoker-room\n\u043a\u0430\u0437\u0438\u043d\u043e\n",
    "soft_words": "hot\nfree\nlive\n",
    "substrings": "xxx-cam\nfreeslots\nslots\n",
    "allow": "fine.bad.example\n",
}


@pytest.fixture(scope="module")
def extra(tmp_path_factory: pytest.TempPathFactory) -> UrlLists:
    folder = tmp_path_factory.mktemp("lists")
    for key, text in CONTENT.items():
        (folder / f"{key}.txt").write_text(text, encoding="utf-8")
    return configured_lists(UrlSection.model_validate({key: (str(folder / f"{key}.txt"),) for key in CONTENT}))


def documents(urls: list[str], kinds: list[str] | None = None) -> pa.RecordBatch:
    kind = pa.array(kinds or ["web"] * len(urls), pa.string()).dictionary_encode()
    return pa.RecordBatch.from_arrays([kind, pa.array(urls, pa.string())], names=["kind", "uri"])


def measured(extra: UrlLists, url: str) -> tuple[list[int], list[tuple[str, str]]]:
    *counts, evidence = extra.measure(documents([url]))
    found = [(entry["item"].removesuffix(".txt"), entry["found"]) for entry in evidence[0].as_py()]
    return [column[0].as_py() for column in counts], found


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://plain.example/page", []),
        ("https://BAD.example:443/", [("domains", "bad.example")]),
        ("http://user:x@deep.sub.bad.example./", [("domains", "bad.example")]),
        ("http://notbad.example/", []),
        ("http://fine.bad.example/casino", []),
        ("http://x.tracker.example", [("domains", "tracker.example")]),
        ("http://a.wild.example", [("domains", "wild.example")]),
        ("http://xn--bel-goa.example", [("domains", "xn--bel-goa.example")]),
        ("http://%C3%BCbel.example/", [("domains", "xn--bel-goa.example")]),
        ("http://www.upper.example", [("domains", "www.upper.example")]),
        ("http://upper.example", []),
        ("http://news.co.uk", []),
        ("http://co.uk/", [("domains", "co.uk")]),
        ("http://my.blog.github.io", [("domains", "blog.github.io")]),
        ("http://203.0.113.7:8080/", [("domains", "203.0.113.7")]),
        ("http://203.0.113.8/", []),
        ("http://good.example/bad/page?utm_source=a#x", [("urls", "good.example/bad/page")]),
        ("http://good.example/bad/page2", []),
        ("http://good.example/q?a=1", [("urls", "good.example/q?a=1")]),
        ("http://a.example/CASINO_2", [("words", "casino")]),
        ("http://a.example/c%61sino", [("words", "casino")]),
        ("http://casino.example/casino", [("words", "casino")]),
        ("http://a.example/casinos", []),
        ("http://a.example/%D0%BA%D0%90%D0%97%D0%B8%D0%BD%D0%BE", [("words", "\u043a\u0430\u0437\u0438\u043d\u043e")]),
        ("http://\u043a\u0430\u0437\u0438\u043d\u043e.example/", [("words", "\u043a\u0430\u0437\u0438\u043d\u043e")]),
        ("http://a.example/free-hot%2Dlive?x=free", [("soft_words", "free"), ("soft_words", "hot"), ("soft_words", "live")]),
        ("http://xxxcam.example", [("substrings", "xxxcam")]),
        ("http://a.example/x.x-x.Cam", [("substrings", "xxxcam")]),
        ("http://a.example/free.slots/slots", [("soft_words", "free"), ("substrings", "freeslots"), ("substrings", "slots")]),
        ("urn:casino:1", [("words", "casino")]),
        ("", []),
    ],
)  # fmt: skip
def test_what_an_address_is_found_by(extra: UrlLists, url: str, found: list[tuple[str, str]]) -> None:
    counts, evidence = measured(extra, url)
    assert evidence == found
    keys = ["domains", "urls", "words", "soft_words", "substrings"]
    assert counts == [sum(item == key for item, _ in found) for key in keys]


def naive(url: str) -> list[int]:
    """The counts by the definitions, with the standard library, for http addresses without userinfo or odd hosts."""
    parts = urllib.parse.urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    text = (host + urllib.parse.unquote(url.split("//", 1)[1][len(parts.netloc) :])).lower()
    labels = host.split(".")
    listed = {"bad.example", "ads.example", "tracker.example", "wild.example", "blog.github.io", "www.upper.example"}
    parents = {".".join(labels[i:]) for i in range(len(labels)) if registrable_domain(".".join(labels[i:]))}
    words = set(re.split(r"[^a-z0-9]+", text))
    flat = re.sub("[-.]", "", text)
    if "fine.bad.example" in parents:
        return [0, 0, 0, 0, 0]
    return [
        len(parents & listed),
        0,
        len(words & {"casino", "pokerroom"}),
        len(words & {"hot", "free", "live"}),
        sum(string in flat for string in ("xxxcam", "freeslots", "slots")),
    ]


_WORD = st.sampled_from(
    [
        "casino",
        "hot",
        "free",
        "live",
        "slots",
        "xxx",
        "cam",
        "a",
        "b2",
        "poker",
        "room",
        "pokerroom",
        "CASINO",
        "Hot",
        "%66ree",
        "%2d",
    ]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(
        ["bad.example", "x.ads.example", "a.b.wild.example", "free.example.com", "fine.bad.example", "slots.org"]
    ),
    st.lists(st.tuples(st.sampled_from("/-._?&="), _WORD), max_size=8),
)
def test_counts_are_those_of_the_definitions(extra: UrlLists, host: str, tail: list[tuple[str, str]]) -> None:
    url = f"http://{host}/" + "".join(mark + word for mark, word in tail)
    assert measured(extra, url)[0] == naive(url)


def test_other_kinds_have_nothing_and_columns_have_their_types(extra: UrlLists) -> None:
    batch = documents(["http://bad.example", "http://bad.example", "http://ok.example"], ["book", "web", "code"])
    *counts, evidence = extra.measure(batch)
    assert counts[0].to_pylist() == [0, 1, 0]
    assert evidence.type == EVIDENCE_TYPE
    assert [len(entry) for entry in evidence.to_pylist()] == [0, 1, 0]
    assert evidence[1].as_py()[0] == {
        "rule_set": "url", "item": "domains.txt", "found": "bad.example", "context": "http://bad.example",
        "start": -1, "end": -1,
    }  # fmt: skip
    assert [len(column) for column in extra.measure(documents([]))] == [0] * len(SIGNALS)


def test_files_may_be_compressed_and_long_and_end_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gristmill.filters.url.reading._BLOCK_BYTES", 64)
    hosts = [f"site{i}.example" for i in range(500)]
    (tmp_path / "hosts.gz").write_bytes(gzip.compress("\r\n".join(hosts).encode()))
    extra = configured_lists(UrlSection(domains=(str(tmp_path / "*.gz"),)))
    *counts, _ = extra.measure(documents([f"http://{host}/" for host in [*hosts, "site500.example"]]))
    assert counts[0].to_pylist() == [1] * 500 + [0]


def test_the_key_depends_on_contents_and_names_only(tmp_path: Path) -> None:
    keys = []
    for folder, text in (("a", "x.example\n"), ("b", "x.example\n"), ("c", "y.example\n")):
        path = tmp_path / folder / "list.txt"
        path.parent.mkdir()
        path.write_text(text)
        keys.append(configured_lists(UrlSection(domains=(str(path),))).key())
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize(
    ("key", "content", "message"),
    [
        ("domains", None, r"url\.domains: no file"),
        ("domains", b"", "has no entry"),
        ("words", b"# only\n  # comments\n", "has no entry"),
        ("domains", b"# list\n\n||ads^\nb.example/path\n", "no entry of .* is a domain.* line 3"),
        ("urls", b"\nurn:x\n", "an address with a host.* line 2"),
        ("words", b"---\n", "a word.* line 1"),
        ("substrings", b"-.-\n", "a string.* line 1"),
    ],
)
def test_a_list_that_lists_nothing_is_refused(tmp_path: Path, key: str, content: bytes | None, message: str) -> None:
    path = tmp_path / "list.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        configured_lists(UrlSection.model_validate({key: (str(path),)}))


def test_a_broken_archive_and_an_empty_section_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.gz"
    path.write_bytes(b"no gzip")
    with pytest.raises(ConfigError, match="cannot be read"):
        configured_lists(UrlSection(domains=(str(path),)))
    with pytest.raises(ConfigError, match="names no list"):
        configured_lists(UrlSection())


def test_entries_that_are_none_are_named_and_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "list.txt"
    path.write_text("ok.example\nnot a domain\n")
    extra = configured_lists(UrlSection(domains=(str(path),)))
    assert "1 of 2 entries" in caplog.text
    assert "line 2" in caplog.text
    assert extra.measure(documents(["http://ok.example"]))[0].to_pylist() == [1]


def test_a_list_of_public_suffixes_may_be_given(tmp_path: Path) -> None:
    (tmp_path / "psl.dat").write_text("// VERSION: 1\nexample\n*.wild\n!city.wild\n")
    (tmp_path / "domains.txt").write_text("example\nx.wild\ncity.wild\n")
    section = UrlSection(domains=(str(tmp_path / "domains.txt"),), public_suffixes=str(tmp_path / "psl.dat"))
    urls = ["a.example", "example", "b.x.wild", "x.wild", "b.city.wild"]
    assert configured_lists(section).measure(documents(urls))[0].to_pylist() == [0, 1, 0, 1, 1]
    with pytest.raises(ConfigError, match="public_suffixes"):
        configured_lists(section.model_copy(update={"public_suffixes": str(tmp_path / "none.dat")}))


def test_lists_with_one_base_name_are_told_apart() -> None:
    assert list_names(["l/a/domains", "l/b/domains", "m/c.txt"]) == ["a/domains", "b/domains", "c.txt"]
    assert list_names(["x/a/domains", "y/a/domains"]) == ["x/a/domains", "y/a/domains"]
