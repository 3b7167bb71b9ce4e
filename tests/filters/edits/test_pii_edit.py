from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.config.config import load_config
from gristmill.filters.edits.cuts import apply
from gristmill.filters.edits.pii import Pii
from gristmill.filters.pii.finder import find
from gristmill.filters.pii.kinds import KINDS, PLACEHOLDERS
from gristmill.filters.text.buffers import text_buffer
from gristmill.pipelines.run_plan.run_plan import resolve_run

VALUES = {
    "email": "ann@mill.net", "ip": "93.184.216.34", "phone": "+44 20 7946 0958", "iban": "GB82WEST12345698765432",
    "card": "4111 1111 1111 1111", "api_key": "ghp_x7Qm2Vb9Zr4Kt8Lw3Ny6Hc1Jd5Fs0Gp2Ua7E",
    "private_key": "-----BEGIN PRIVATE KEY-----\n" + "MIIBOgIBAAJBAKj34GkxFhD90vcNLYLI" * 2 + "\n-----END PRIVATE KEY-----",
}  # fmt: skip


def edited(texts: list[str], kinds: tuple[str, ...] = KINDS) -> list[str]:
    column = pa.array(texts, pa.large_string())
    done: list[str] = apply(column, Pii(kinds).find(pa.RecordBatch.from_pydict({"text": column}))).to_pylist()
    return done


def kinds_in(text: str) -> set[str]:
    return {KINDS[kind] for kind in find(text_buffer(pa.array([text], pa.large_string()))).kind}


def test_every_kind_gives_way_to_its_placeholder_and_all_else_stays() -> None:
    before = [f"é {value}, 日本" for value in VALUES.values()]
    assert edited(["", *before]) == ["", *(f"é {PLACEHOLDERS[kind]}, 日本" for kind in VALUES)]


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_kinds_asked_for_are_cut(kind: str) -> None:
    text = " | ".join(VALUES.values())
    assert edited([text], (kind,)) == [text.replace(VALUES[kind], PLACEHOLDERS[kind])]


def test_a_number_that_hid_the_end_of_the_one_before_does_not_save_it() -> None:
    assert edited(["01 84 17 61 18 4111111111111111"]) == ["<PHONE> <CARD>"]


def test_the_order_of_the_kinds_does_not_change_the_key() -> None:
    assert Pii(("ip", "email")).key() == Pii(("email", "ip")).key() != Pii(("email",)).key()


PIECES = st.sampled_from(
    [*VALUES.values(), " ", "-", ".", "/", "1", "22", "202-456-1111", "a", "@", ":", "(", ")", "é", "\n", "=", '"']
)


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=16).map("".join), st.sets(st.sampled_from(KINDS), min_size=1))
def test_an_edited_text_holds_nothing_more_to_cut(text: str, kinds: set[str]) -> None:
    (once,) = edited([text], tuple(kinds))
    assert edited([once], tuple(kinds)) == [once]
    assert not kinds_in(once) & kinds


def test_the_section_says_which_kinds_a_run_redacts(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text(
        '[run]\noutput = "out"\n[[source]]\nname = "web"\nkind = "jsonl"\npaths = ["a.jsonl"]\n'
        '[edit]\nuse = ["pii"]\n[pii]\nredact = ["card"]\n[tokenizer]\ntrain = { vocab_size = 300 }\n'
    )
    (planned,) = resolve_run(load_config(path)).edits
    assert planned.edit == Pii(("card",))
    assert planned.kinds == ("web", "book", "code")
