"""Entries of ``edit.use``: the forms that mean the same, and what is said of a wrong one."""

from __future__ import annotations

import pytest

from gristmill.errors import ConfigError
from gristmill.filters.edits.edit_types import EditUse
from gristmill.filters.edits.table import EDITS, parse_edit, parse_edits


def test_a_name_means_its_default_variant_and_kinds() -> None:
    for name, spec in EDITS.items():
        assert parse_edit(name) == parse_edit({"name": name}) == EditUse(name, spec.default, spec.kinds)
        for variant in spec.variants:
            assert parse_edit(f"{name}@{variant}") == parse_edit({"name": name, "variant": variant})


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("c4_line", "unknown edit 'c4_line'; did you mean 'c4_lines'"),
        ("c4_lines@papre", "unknown variant of edit 'c4_lines' 'papre'; did you mean 'paper'"),
        ({"name": "pii", "variants": "x"}, r"unknown key of an edit\.use table 'variants'; did you mean 'variant'"),
        ({"kinds": ["web"]}, r'an edit\.use table needs name = "\.\.\.", one of c4_lines, '),
        ({"name": "pii", "variant": 3}, "variant of edit 'pii' must be a string, got 3"),
        ({"name": "pii", "kinds": "web"}, "kinds of edit 'pii' must be a list such as .*, got 'web'"),
        ({"name": "pii", "kinds": ["webb"]}, "unknown kind 'webb'; did you mean 'web'"),
    ],
)
def test_a_wrong_entry_is_refused_with_the_cure(entry: str | dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_edit(entry)


def test_an_edit_listed_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"edit 'c4_lines' is listed twice in edit\.use"):
        parse_edits(["c4_lines", "pii", {"name": "c4_lines", "variant": "paper"}])
