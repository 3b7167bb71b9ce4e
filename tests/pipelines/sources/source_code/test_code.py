"""Source trees and archives: languages, licences, and archives that want to break out or blow up."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gristmill.pipelines.sources.reading.base import Failed, Item, Skipped, SourceOptions
from gristmill.pipelines.sources.source_code.archives import link_leads_outside, unsafe_path
from gristmill.pipelines.sources.table import read

Read = Callable[..., list[Item]]
Outcome = Callable[[list[Item]], dict[str, int]]

MIT = (
    b"Permission is hereby granted, free of charge, to any person obtaining a copy\nof this software.\nThe above copyright "
    b"notice and this permission notice shall be included in all copies or substantial portions.\n"
)
FILES = {
    "p/src/main.py": b"print('hello')\n",
    "p/src/tagged.c": b"/* SPDX-License-Identifier: GPL-2.0-only */\nint x;\n",
    "p/sub/LICENSE": b"This is free and unencumbered software released into the public domain.",
    "p/sub/deep/tool": b"#!/bin/sh\necho x\n",
    "p/LICENSE": MIT,
    "p/logo.png": b"\x89PNG",
    "p/data.py": b"\x00\x01\x02",
    "p/lib.min.js": b"var a",
    "p/bundle.js": b"var a=1;" * 1000,
    "p/node_modules/x/index.js": b"x()",
    "p/package-lock.json": b"{}",
    "p/empty.py": b"\n",
}


def tar(members: dict[str, bytes], *extra: tarfile.TarInfo, form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in extra:
            archive.addfile(info)
    return out.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def documents(items: list[Item]) -> dict[str, Any]:
    return {item["record_key"]: item for item in items if isinstance(item, dict)}


PACKED: dict[str, bytes] = {
    "tar": tar(FILES),
    "tar.gz": gzip.compress(tar(FILES)),
    "tar.bz2": bz2.compress(tar(FILES)),
    "tar.xz": lzma.compress(tar(FILES)),
    "zip": zipped(FILES),
}


@pytest.mark.parametrize("form", [*PACKED, "directory"])
def test_languages_and_licences_are_the_same_in_every_packing(form: str, tmp_path: Path, outcome: Outcome) -> None:
    path = tmp_path / "shard"
    if form == "directory":
        for name, data in FILES.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)
    else:
        path.write_bytes(PACKED[form])
    items = list(read("code", path, "repo", SourceOptions(license="LicenseRef-mine")))
    assert outcome(items) == {
        "binary": 1,
        "document": 3,
        "generated": 1,
        "license-file": 2,
        "minified": 2,
        "no-text": 1,
        "unknown-language": 1,
        "vendored": 1,
    }
    found = {
        key: (item["meta"]["programming_language"], item["license"], item["license_evidence"])
        for key, item in documents(items).items()
    }
    assert found == {
        "p/src/main.py": ("Python", "MIT", "detected"),
        "p/src/tagged.c": ("C", "GPL-2.0-only", "document"),
        "p/sub/deep/tool": ("Shell", "Unlicense", "detected"),
    }
    assert documents(items)["p/src/main.py"]["uri"] == "repo/p/src/main.py"


def test_the_configured_licence_is_the_last_resort(read_bytes: Read) -> None:
    (item,) = read_bytes("code", zipped({"a.py": b"x = 1\n"}), options=SourceOptions(license="MIT"))
    assert isinstance(item, dict)
    assert (item["license"], item["license_evidence"]) == ("MIT", "source")


def test_white_space_of_code_is_kept(read_bytes: Read) -> None:
    (item,) = read_bytes("code", zipped({"a.py": b"\n\tif x:\r\n\t\ty\n\n"}))
    assert isinstance(item, dict)
    assert item["text"] == "\n\tif x:\n\t\ty\n\n"


def test_a_file_alone_is_a_tree_of_one(read_bytes: Read) -> None:
    (item,) = read_bytes("code", b"fn main() {}\n", "src/main.rs")
    assert isinstance(item, dict)
    assert item["meta"]["programming_language"] == "Rust"


ESCAPES: dict[str, tuple[bytes, dict[str, int]]] = {
    "climbs out": (tar({"../../etc/x.py": b"x"}), {"!path-outside": 1}),
    "climbs out in the middle": (tar({"a/../../x.py": b"x"}), {"!path-outside": 1}),
    "absolute": (tar({"/etc/x.py": b"x"}), {"!absolute-path": 1}),
    "backslashes": (tar({"..\\..\\x.py": b"x"}), {"!path-outside": 1}),
    "zip climbs out": (zipped({"../x.py": b"x"}), {"!path-outside": 1}),
    "zip absolute": (zipped({"/x.py": b"x", "C:/x.py": b"x"}), {"!absolute-path": 2}),
    "link outside": (tar({}, special("a/l.py", tarfile.SYMTYPE, "../../etc/passwd")), {"!link-outside": 1}),
    "link absolute": (tar({}, special("l.py", tarfile.SYMTYPE, "/etc/passwd")), {"!link-outside": 1}),
    "hard link outside": (tar({}, special("l.py", tarfile.LNKTYPE, "../x")), {"!link-outside": 1}),
    "link inside": (tar({"a/x.py": b"x"}, special("a/l.py", tarfile.SYMTYPE, "../a/x.py")), {"document": 1, "link": 1}),
    "device": (tar({}, special("d.py", tarfile.CHRTYPE), special("f.py", tarfile.FIFOTYPE)), {"!device": 2}),
    "folder": (tar({}, special("d", tarfile.DIRTYPE)), {"directory": 1}),
}


@pytest.mark.parametrize("name", ESCAPES)
def test_nothing_leads_out_of_an_archive(name: str, read_bytes: Read, outcome: Outcome) -> None:
    data, wanted = ESCAPES[name]
    assert outcome(read_bytes("code", data, "a.tar")) == wanted


def test_links_in_zip_files(read_bytes: Read, outcome: Outcome) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, target in (("a/in.py", "x.py"), ("a/out.py", "../../x")):
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o120777 << 16
            archive.writestr(info, target)
    assert outcome(read_bytes("code", out.getvalue())) == {"!link-outside": 1, "link": 1}


def test_a_directory_is_not_left(tmp_path: Path, outcome: Outcome) -> None:
    (tmp_path / "secret.py").write_text("x")
    root = tmp_path / "root"
    (root / ".git").mkdir(parents=True)
    (root / ".git" / "config.py").write_text("x")
    (root / "a.py").write_text("x = 1")
    (root / "in.py").symlink_to("a.py")
    (root / "out.py").symlink_to("../secret.py")
    (root / "up").symlink_to("..")
    os.mkfifo(root / "pipe.py")
    items = list(read("code", root, "root", SourceOptions()))
    assert outcome(items) == {"!device": 1, "!link-outside": 2, "document": 1, "link": 1, "version-control": 1}


def many(count: int) -> dict[str, bytes]:
    return {f"{n}.py": b"x = %d\n" % n for n in range(count)}


def test_archives_that_blow_up_are_stopped(read_bytes: Read, outcome: Outcome) -> None:
    bomb = zipped({"a.py": b"x = 1\n", "bomb.py": b"0" * 20_000_000, "b.py": b"y = 1\n"})
    assert outcome(read_bytes("code", bomb)) == {"!archive-bomb": 1, "document": 2}
    big = tar({"a.py": b"x = 1\n", "bomb.py": b"0" * 150_000_000, "b.py": b"y = 1\n"})
    got = outcome(read_bytes("code", gzip.compress(big, 1), options=SourceOptions(max_archive_ratio=20)))
    assert got == {"!archive-bomb": 1, "!record-too-large": 1, "document": 1}
    assert outcome(read_bytes("code", zipped(many(30)), options=SourceOptions(max_members=10))) == {
        "!too-many-members": 1,
        "document": 10,
    }
    assert outcome(read_bytes("code", tar(many(30)), "a.tar", options=SourceOptions(max_members=10))) == {
        "!too-many-members": 1,
        "document": 10,
    }
    small = SourceOptions(max_archive_bytes=100)
    assert outcome(read_bytes("code", zipped({"a.py": b"x" * 80, "b.py": b"y" * 80}), options=small)) == {
        "!archive-too-large": 1,
        "document": 1,
    }


def test_a_tar_header_of_any_size_is_not_held(read_bytes: Read) -> None:
    """A pax header may declare gigabytes; packed, they are a few kilobytes."""
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 100_000_000
    data = gzip.compress(info.tobuf() + b"0" * 100_000_000, 1)
    items = read_bytes("code", data, options=SourceOptions(max_archive_ratio=100_000))
    assert [item.error for item in items if isinstance(item, Failed)] == ["bad-tar"]


WHOLE = tar({"a.py": b"x = 1\n", "b.py": b"y = 2\n" * 2000, "c.py": b"z = 3\n"})
DAMAGED: dict[str, tuple[bytes, set[str]]] = {
    "cut in a member": (WHOLE[:4000], {"!truncated-archive"}),
    "cut in a header": (WHOLE[:1300], {"!truncated-archive"}),
    "cut between members": (WHOLE[:1024], {"!truncated-archive"}),
    "header damaged": (WHOLE[:1030] + b"\xff" * 20 + WHOLE[1050:], {"!bad-tar"}),
    "gzip cut": (gzip.compress(WHOLE)[:-20], {"!truncated-compression", "!truncated-archive"}),
    "gzip damaged": (gzip.compress(WHOLE)[:60] + b"\xff" * 30, {"!corrupt-compression", "!truncated-compression"}),
    "bzip2 cut": (bz2.compress(WHOLE)[:-20], {"!truncated-compression"}),
    "xz cut": (lzma.compress(WHOLE)[:-20], {"!truncated-archive"}),
    "gzip of no tar": (gzip.compress(b"no archive at all, just a text of some length"), {"!bad-tar"}),
    "zip cut": (zipped(FILES)[:-30], {"!bad-zip"}),
    "empty": (b"", {"!empty-file"}),
    "empty zip": (zipped({}), {"!empty-file"}),
    "empty tar": (tar({}), {"!empty-file"}),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_archives_give_what_came_before_and_a_dead_letter(
    name: str, read_bytes: Read, outcome: Outcome
) -> None:
    data, reasons = DAMAGED[name]
    got = outcome(read_bytes("code", data, "a.tar" if name.startswith(("cut", "header", "empty tar")) else "shard"))
    assert set(got) - {"document"} <= reasons
    assert set(got) & reasons
    if name.startswith(("cut", "header")):
        assert got["document"] >= 1


def test_an_encrypted_zip_member_is_a_dead_letter(read_bytes: Read, outcome: Outcome) -> None:
    data = bytearray(zipped({"a.py": b"x = 1\n"}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert outcome(read_bytes("code", bytes(data))) == {"!encrypted-member": 1}


def test_paths() -> None:
    assert unsafe_path("a/b.c") is None
    assert unsafe_path("") == "bad-path"
    assert unsafe_path("a\x00b") == "bad-path"
    assert not link_leads_outside("a/b/c", "../../d", from_root=False)
    assert link_leads_outside("a", "b/../../c", from_root=True)


def test_shared_source_archives(shared: Path) -> None:
    """Counts by ``tarfile`` itself; licences as their projects state them."""
    wanted = {"express-5.3.0.tgz": "MIT", "zlib_1.2.13.dfsg.orig.tar.bz2": "Zlib", "lua5.4_5.4.4.orig.tar.gz": None}
    for name, license_id in wanted.items():
        path = shared / "code" / name
        items = list(read("code", path, name, SourceOptions()))
        with tarfile.open(path) as archive:
            assert len(items) == len(archive.getnames())
            sources = {member.name for member in archive if member.isfile()}
        found = [item for item in items if isinstance(item, dict)]
        assert {item["record_key"] for item in found} <= sources
        assert not [item for item in items if isinstance(item, Failed)]
        assert {item["license"] for item in found} == {license_id}
        assert sum(isinstance(item, Skipped) for item in items) + len(found) == len(items)


def test_a_damaged_zip_member_costs_that_member_alone(read_bytes: Read, outcome: Outcome) -> None:
    data = bytearray(zipped({"a.py": bytes(range(9, 127)) * 4, "b.py": b"y = 1\n"}))
    data[60] ^= 0xFF
    assert outcome(read_bytes("code", bytes(data))) == {"!bad-zip-member": 1, "document": 1}
