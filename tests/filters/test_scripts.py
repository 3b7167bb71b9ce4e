"""The table of languages and scripts: its form, what it says of letters, and how far it agrees with GlotScript."""

from __future__ import annotations

import csv

import pytest

from gristmill.filters.language.language import load_identifier
from gristmill.filters.scripts import SCRIPTS, language_scripts, script_mask, script_table
from tests.places import SHARED

GLOTSCRIPT = SHARED / "lexicons" / "glotscript" / "GlotScript.tsv"


def test_every_language_of_the_bundled_model_has_a_script() -> None:
    assert [label for label in load_identifier().model.labels if not language_scripts(label)] == []


@pytest.mark.parametrize(
    ("code", "scripts"),
    [
        ("en", {"Latn"}), ("eng", {"Latn"}), ("eng_Latn", {"Latn"}), ("sr", {"Cyrl", "Latn"}), ("srp_Cyrl", {"Cyrl"}),
        ("zh", {"Hani", "Bopo"}), ("zho_Hant", {"Hani"}), ("ja", {"Hani", "Hira", "Kana"}), ("ko", {"Hang", "Hani"}),
        ("zh-Hans-CN", {"Hani"}), ("unknown", set()), ("xx_Qaaa", set()),
    ],
)  # fmt: skip
def test_scripts_of_codes_in_each_form(code: str, scripts: set[str]) -> None:
    assert language_scripts(code) == scripts


def test_letters_have_their_script_and_nothing_else_has_one() -> None:
    table = script_table()
    names = {
        letter: SCRIPTS[table[ord(letter)] - 1]
        for letter in "a\u00df\uff21\u00aa\u0431\u03b1\u05d0\u0627\u0928\u0e01\uac00\u3042\uff71\u5b57\u10d0"
    }
    assert list(names.values()) == [
        "Latn", "Latn", "Latn", "Latn", "Cyrl", "Grek", "Hebr", "Arab", "Deva", "Thai", "Hang", "Hira", "Kana", "Hani", "Geor",
    ]  # fmt: skip
    assert all(table[ord(other)] == 0 for other in "1 .\u0660\u0301\u30fc\u02b0\u20ac")
    assert len(SCRIPTS) < 63, "a mask has 64 bits"
    assert script_mask("unknown") == 0


@pytest.mark.shared
def test_the_table_agrees_with_glotscript() -> None:
    if not GLOTSCRIPT.is_file():
        pytest.skip("../shared/data/lexicons/glotscript is not here")
    together = {"Jpan": {"Hani", "Hira", "Kana"}, "Kore": {"Hang", "Hani"}, "Hans": {"Hani"}, "Hant": {"Hani"}}
    checked, wrong = 0, []
    with GLOTSCRIPT.open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            code, main = row["ISO639-3"], row["ISO15924-Main"]
            ours = language_scripts(code)
            if not ours or not main:
                continue
            known: set[str] = set()
            for name in main.replace(" ", "").split(","):
                known |= together.get(name, {name})
            checked += 1
            if not ours & known:
                wrong.append((code, sorted(ours), main))
    assert checked > 150
    assert wrong == []
