from __future__ import annotations

import bz2
import gzip
import json
from pathlib import Path

import pytest
import zstandard

from gristmill.errors import ConfigError, EmptyResultError, InputError, IntegrityError
from gristmill.filters.contamination.evaluation_items import EvaluationFiles, Item, find_files, read_items


def written(folder: Path, *lines: object, name: str = "set.jsonl") -> Path:
    path = folder / name
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


def found(path: Path, *fields: str, id_field: str | None = None) -> EvaluationFiles:
    return find_files("quiz", [str(path)], fields, id_field)


def test_fields_come_in_the_order_named_and_lists_are_alternatives(tmp_path: Path) -> None:
    record = {"choices": ["a", "b"], "gold": 1, "doc": {"q": "why", "p": "so"}, "n": None}
    path = written(tmp_path, record, "", {"doc": {"q": "who"}})
    assert read_items(found(path, "doc.q", "choices")) == [
        Item("quiz:1", (("why",), ("a", "b"))),
        Item("quiz:3", (("who",),)),
    ]
    assert read_items(found(path))[0] == Item("quiz:1", (("a", "b"), ("why", "so")))


def test_items_are_named_by_their_field_or_by_file_and_line(tmp_path: Path) -> None:
    written(tmp_path, {"qid": 7, "q": "x"}, name="a.jsonl")
    written(tmp_path, {"qid": "z9", "q": "y"}, name="b.jsonl")
    pattern = tmp_path / "*.jsonl"
    assert [item.name for item in read_items(found(pattern))] == ["quiz:a.jsonl:1", "quiz:b.jsonl:1"]
    assert [item.name for item in read_items(found(pattern, "q", id_field="qid"))] == ["quiz:7", "quiz:z9"]
    with pytest.raises(InputError, match=r"a\.jsonl:1: wanted a string or a number in the field 'id'"):
        read_items(found(pattern, id_field="id"))


def test_compressed_files_are_read_as_their_first_bytes_say(tmp_path: Path) -> None:
    line = b'{"q": "who grinds"}\n'
    for name, data in (
        ("g.jsonl.gz", gzip.compress(line) + gzip.compress(line)),
        ("z.json", zstandard.compress(line)),
        ("b.json", bz2.compress(line)),
    ):
        (tmp_path / name).write_bytes(data)
        assert {item.fields for item in read_items(found(tmp_path / name))} == {(("who grinds",),)}, name
    (tmp_path / "cut.gz").write_bytes(gzip.compress(line * 1000)[:-20])
    with pytest.raises(InputError, match="damaged gzip data"):
        read_items(found(tmp_path / "cut.gz"))


@pytest.mark.parametrize(
    ("lines", "fields", "error", "says"),
    [
        ([], (), EmptyResultError, "no item in"),
        (["", "  "], (), EmptyResultError, "no item in"),
        ([{"q": "x"}, "{broken"], (), InputError, r"set\.jsonl:2: wanted one JSON value a line"),
        ([{"q": "x"}, "17"], (), InputError, r"set\.jsonl:2: wanted a JSON object, array or string, got int"),
        ([{"question": "x"}], ("qestion",), ConfigError, "unknown field 'qestion'; did you mean 'question'"),
    ],
)
def test_bad_sets_are_errors_that_say_where(
    tmp_path: Path, lines: list[object], fields: tuple[str, ...], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        read_items(found(written(tmp_path, *lines), *fields))


def test_a_pattern_without_files_and_a_changed_file_are_errors(tmp_path: Path) -> None:
    with pytest.raises(EmptyResultError, match="matches no file"):
        found(tmp_path / "*.jsonl")
    files = found(written(tmp_path, {"q": "x"}))
    written(tmp_path, {"q": "y"})
    with pytest.raises(IntegrityError, match="has changed since the run began"):
        read_items(files)
