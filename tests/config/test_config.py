"""A wrong configuration is refused before anything runs, with file, line, key and the nearest valid key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gristmill.config.config import Config, canonical_json, parse_config
from gristmill.config.config_errors import find_line
from gristmill.config.units import format_bytes, parse_bytes
from gristmill.errors import ConfigError

GOOD = """
[run]
output = "runs/x"

[[source]]
name = "web"
kind = "warc"
paths = ["a/*.warc.gz"]

[tokenizer]
path = "t.json"
"""


def message_of(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, origin="c.toml")
    return str(caught.value)


def test_a_minimal_configuration_has_every_default_filled_in() -> None:
    config = parse_config(GOOD)
    assert config.dedup.near is not False
    assert (config.dedup.near.bands, config.dedup.near.rows, config.dedup.near.shingle) == (14, 8, 5)
    assert config.tokens.part_bytes == 256_000_000
    assert Config.model_validate(config.to_json()) == config


def test_a_configuration_cannot_be_changed() -> None:
    config = parse_config(GOOD)
    with pytest.raises(ValueError, match="frozen"):
        config.run.seed = 3


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ('kind = "warc"', 'knd = "warc"', ["c.toml:7: source[0].knd", "unknown key 'knd'; did you mean 'kind'?"]),
        ('kind = "warc"', 'kind = "wrc"', ["c.toml:7: source[0].kind", "did you mean 'warc'?"]),
        ('output = "runs/x"', "", ["c.toml:2: run.output: required"]),
        ("[run]", "[run]\nseed = -1", ["c.toml:3: run.seed", "greater than or equal to 0", "got -1"]),
        ("[tokenizer]", "[tokeniser]", ["unknown key 'tokeniser'; did you mean 'tokenizer'?", "tokenizer: required"]),
        ('path = "t.json"', "", ["wanted exactly one of `path`"]),
        ('name = "web"', 'name = "My Web"', ["source[0].name", "got 'My Web'"]),
        (
            "[tokenizer]",
            "[dedup]\nnear = { shingel = 5 }\n[tokenizer]",
            ["dedup.near.shingel", "did you mean 'shingle'?"],
        ),
        (
            "[tokenizer]",
            "[tokens]\npart_bytes = '12 parsecs'\n[tokenizer]",
            ["tokens.part_bytes", "'256 MB'", "'12 parsecs'"],
        ),
        ("[tokenizer]", "[tokenizer", ["not valid TOML"]),
    ],
)
def test_a_mistake_is_named_with_its_place_and_cure(old: str, new: str, wanted: list[str]) -> None:
    message = message_of(GOOD.replace(old, new, 1))
    for part in wanted:
        assert part in message


def test_two_sources_of_one_name_are_refused() -> None:
    twice = GOOD.replace("[tokenizer]", '[[source]]\nname = "web"\nkind = "wet"\npaths = ["b"]\n[tokenizer]')
    assert "web more than once" in message_of(twice)


def test_the_line_of_a_key_in_the_second_source_is_found() -> None:
    assert find_line('[run]\n[[source]]\nkind = "a"\n[[source]]\nname = "b"\nkind = "c"', ("source", 1, "kind")) == 6


def test_where_a_run_lives_and_how_many_workers_it_has_do_not_change_its_hash() -> None:
    one = parse_config(GOOD).digest()
    assert parse_config(GOOD.replace("runs/x", "elsewhere")).digest() == one
    assert parse_config(GOOD.replace("[run]", "[run]\nworkers = 9")).digest() == one
    assert parse_config(GOOD.replace("[run]", "[run]\nseed = 9")).digest() != one


@given(st.integers(min_value=1, max_value=10**15))
def test_a_number_of_bytes_is_read_back_as_written(count: int) -> None:
    assert parse_bytes(count) == count
    assert parse_bytes(f"{count} B") == count
    assert parse_bytes(f"{count}kib") == 1024 * count
    assert format_bytes(count)


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.dictionaries(st.text(), inner))
)
def test_canonical_json_does_not_depend_on_the_order_of_keys(value: object) -> None:
    def turned(node: object) -> object:
        return {key: turned(node[key]) for key in reversed(list(node))} if isinstance(node, dict) else node

    assert canonical_json(value) == canonical_json(turned(value))
