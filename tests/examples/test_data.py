"""The example's files are what MANIFEST.tsv says, are licensed, and hold what examples/README.md promises."""

from __future__ import annotations

import collections
import csv
import io
import subprocess
import sys
import tarfile
import tomllib
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from tokenizers import Tokenizer

from tests.places import ROOT

EXAMPLES = ROOT / "examples"
DATA = EXAMPLES / "data"
OPF = "{http://www.idpf.org/2007/opf}"
SPDX = {
    "Apache-2.0",
    "BSD-3-Clause",
    "CC-BY-SA-3.0",
    "MIT",
    "LicenseRef-Project-Gutenberg",
    "LicenseRef-public-domain",
}


def rows(name: str) -> list[dict[str, str]]:
    with (EXAMPLES / name).open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))


def check(examples: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "examples.build", "--check"]
    return subprocess.run(command, cwd=examples.parent, capture_output=True, text=True, check=False)


def test_every_file_has_the_sha256_of_the_manifest() -> None:
    result = check(EXAMPLES)
    assert result.returncode == 0, result.stdout + result.stderr


def test_check_names_changed_missing_and_unlisted_files(tmp_path: Path) -> None:
    copy = tmp_path / "examples"
    copy.mkdir()
    for path in EXAMPLES.iterdir():
        if path.name != "__pycache__":
            (copy / path.name).symlink_to(path)
    for script in EXAMPLES.glob("*.py"):
        (copy / script.name).unlink()
        (copy / script.name).write_bytes(script.read_bytes())
    (copy / "data").unlink()
    for path in DATA.rglob("*"):
        target = copy / "data" / path.relative_to(DATA)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            target.write_bytes(path.read_bytes())
    (copy / "data/web/mirror.warc.gz").write_bytes(b"x")
    (copy / "data/books/austen-emma.epub").unlink()
    (copy / "data/books/extra.txt").write_text("x", encoding="utf-8")
    result = check(copy)
    assert result.returncode == 1
    assert "changed: data/web/mirror.warc.gz" in result.stdout
    assert "missing: data/books/austen-emma.epub" in result.stdout
    assert "not in MANIFEST.tsv: data/books/extra.txt" in result.stdout
    assert len(result.stdout.splitlines()) == 3


def test_the_example_is_at_most_8_mb() -> None:
    assert sum(path.stat().st_size for path in EXAMPLES.rglob("*") if "__pycache__" not in path.parts) <= 8_000_000
    assert (EXAMPLES / "tokenizer.json").stat().st_size < 600_000
    assert all(path.stat().st_size < 500_000 for path in (DATA / "code").iterdir())


def test_every_file_has_a_licence_an_origin_and_a_notice() -> None:
    origins = {row["name"]: row for row in rows("ORIGINS.tsv")}
    listed = {row["path"]: row for row in rows("MANIFEST.tsv")}
    there = {path.relative_to(EXAMPLES).as_posix() for path in DATA.rglob("*") if path.is_file()}
    assert listed.keys() == there | {"tokenizer.json"}
    for row in listed.values():
        assert set(row["licence"].split(" AND ")) <= SPDX, row
        assert all(name in origins or name == "data" for name in row["made_from"].split(";")), row
        for notice in row["notice"].split(";"):
            assert notice == "inside the file" or (EXAMPLES / notice).is_file() or notice == "../LICENSE", row
    assert all(len(row["sha256"]) == 64 and row["licence"] in SPDX and row["copyright"] for row in origins.values())
    assert origins.keys() == {name for row in listed.values() for name in row["made_from"].split(";")} - {"data"}


def test_the_share_alike_licence_is_there_in_full() -> None:
    notice = (EXAMPLES / "licences/debian-handbook.txt").read_text(encoding="utf-8")
    assert "Creative Commons Attribution-ShareAlike 3.0 Unported" in notice
    assert "4. Restrictions" in notice


@pytest.mark.parametrize("path", sorted((DATA / "code").iterdir()), ids=lambda path: path.name)
def test_code_archives_carry_their_licence(path: Path) -> None:
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    else:
        with tarfile.open(path) as tar:
            names = tar.getnames()
    assert any(Path(name).name.upper().startswith("LICENSE") for name in names)


def test_gutenberg_texts_keep_their_terms() -> None:
    for name in ("alice-in-wonderland.txt", "alice-in-wonderland-1994.txt", "van-nievelt-ontboezemingen.txt"):
        text = (DATA / "books" / name).read_text(encoding="latin-1")
        assert "Project Gutenberg" in text
        assert "START: FULL LICENSE" in text or "SMALL PRINT" in text


def counts(name: str) -> tuple[collections.Counter[str], list[int]]:
    """Records by type and status, and how many bytes each record lacks."""
    found: collections.Counter[str] = collections.Counter()
    lacking = []
    data = (DATA / "web" / name).read_bytes()
    for record in ArchiveIterator(io.BytesIO(data), parse_http=False):
        found[record.headers["WARC-Type"]] += 1
        lacking.append(record.content_length - len(record.reader.read()))
    return found, lacking


def test_the_warc_files_hold_the_records_that_the_readme_counts() -> None:
    handbook, lacking = counts("handbook.warc.gz")
    assert handbook == {"warcinfo": 1, "request": 28, "response": 246}
    assert not any(lacking)
    manuals, lacking = counts("manuals.warc.gz")
    assert manuals == {"warcinfo": 1, "request": 7, "metadata": 4, "response": 91}
    assert not any(lacking)


def test_only_the_last_record_of_the_mirror_is_cut_off() -> None:
    mirror, lacking = counts("mirror.warc.gz")
    assert mirror == {"warcinfo": 1, "request": 14, "response": 20, "revisit": 4}
    assert not any(lacking[:-1])
    assert lacking[-1] > 0


def test_digests_of_whole_records_are_right() -> None:
    for name in ("handbook.warc.gz", "manuals.warc.gz", "mirror.warc.gz"):
        stream = io.BytesIO((DATA / "web" / name).read_bytes())
        verdicts = [record.verify_block_digest() for record in ArchiveIterator(stream, parse_http=False)]
        assert all(verdicts[:-1])
        assert verdicts[-1] == (name != "mirror.warc.gz")


def test_coded_bodies_decode_to_the_page() -> None:
    stream = io.BytesIO((DATA / "web/mirror.warc.gz").read_bytes())
    pages = {}
    for record in ArchiveIterator(stream, record_types=WarcRecordType.response, parse_http=True, auto_decode="all"):
        pages[record.headers["WARC-Target-URI"].rsplit("/", 1)[1]] = (
            record.http_headers.get("Transfer-Encoding"),
            record.http_headers.get("Content-Encoding"),
            record.reader.read(),
        )
    assert pages["sect.debian-internals.html"][0] == "chunked"
    assert pages["sect.apt-get.html"][1] == "gzip"
    for name in ("sect.debian-internals.html", "sect.apt-get.html"):
        assert b"This is a mirrored copy" in pages[name][2]
        assert pages[name][2].endswith(b"</html>\n") or b"</html>" in pages[name][2][-16:]


@pytest.mark.parametrize("path", sorted((DATA / "books").glob("*.epub")), ids=lambda path: path.name)
def test_epubs_are_whole(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.read("mimetype").strip() == b"application/epub+zip"
        first = archive.infolist()[0]
        ours = path.name.startswith("austen-")  # the guides are as Debian ships them, with a folder entry first
        assert not ours or (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        container = ET.fromstring(archive.read("META-INF/container.xml"))
        opf = next(element.attrib["full-path"] for element in container.iter() if element.tag.endswith("rootfile"))
        package = ET.fromstring(archive.read(opf))
        items = {item.attrib["id"]: item.attrib["href"] for item in package.iter(f"{OPF}item")}
        spine = [items[reference.attrib["idref"]] for reference in package.iter(f"{OPF}itemref")]
        assert spine
        for href in items.values() if ours else spine:
            content = archive.read(f"{Path(opf).parent.as_posix()}/{href}")
            if href.endswith((".xhtml", ".ncx")):
                ET.fromstring(content)


def test_the_tokenizer_round_trips_every_kind_of_text() -> None:
    tokenizer = Tokenizer.from_file(str(EXAMPLES / "tokenizer.json"))
    assert tokenizer.get_vocab_size() == 8192
    assert tokenizer.token_to_id("<|endoftext|>") == 0
    for text in ("It is a truth universally acknowledged", "def f(x):\n\treturn x\r\n", "中味と形式 é \U0001f600\x00"):
        assert tokenizer.decode(tokenizer.encode(text).ids, skip_special_tokens=False) == text


def test_every_pattern_of_the_quickstart_matches_a_file_and_together_they_match_all() -> None:
    config = tomllib.loads((EXAMPLES / "quickstart.toml").read_text(encoding="utf-8"))
    matched: list[Path] = []
    for source in config["source"]:
        for pattern in source["paths"]:
            files = sorted(ROOT.glob(pattern))
            assert files, pattern
            matched += files
    assert sorted(matched) == sorted(path for path in DATA.rglob("*") if path.is_file())
    assert (ROOT / config["tokenizer"]["path"]).is_file()
    assert config["pretrain"]["steps"] == 100
