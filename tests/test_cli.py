"""What a person sees of the commands that need no run: lists, checks, help, and errors that name the cure."""

import json

import click
import pytest
from click.testing import CliRunner

from gristmill.cli import cli
from gristmill.commands import doctor
from gristmill.errors import ConfigError, GristmillError
from gristmill.installed import cure_for_extra
from tests.places import ROOT


def printed(*arguments: str) -> str:
    result = CliRunner().invoke(cli, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


COMMANDS = sorted(
    f"{name} {inner}".strip()
    for name, command in cli.commands.items()
    for inner in (command.commands if isinstance(command, click.Group) else ("",))
)
"""Every command, those of a group with its name before."""


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_with_an_example(name: str) -> None:
    text = printed(*name.split(), "--help")
    assert f"gristmill {name} " in text.split("Options:")[0].replace("\n", " \n")
    assert "--json" in text or name == "pretrain"


def test_rules_lists_variants_thresholds_and_sources() -> None:
    rows = json.loads(printed("rules", "--json"))
    assert {"gopher_quality", "gopher_repetition", "c4", "fineweb", "code"} <= {row["rule_set"] for row in rows}
    words = next(row for row in rows if row["rule"] == "gopher_quality.min_words")
    assert (words["threshold"], words["comparison"]) == (50, "min")
    assert all(row["source"] and row["for"] for row in rows)
    assert "gopher_quality.min_words" in printed("rules")


def test_sources_lists_the_seven_kinds() -> None:
    kinds = {row["kind"] for row in json.loads(printed("sources", "--json"))}
    assert kinds == {"warc", "wet", "epub", "text", "code", "jsonl", "parquet"}
    assert "EPUB" in printed("sources")


def test_config_lists_every_key_and_resolves_the_quickstart() -> None:

    keys = {row["key"] for row in json.loads(printed("config", "--json"))}
    assert {"run.seed", "source.paths", "dedup.near.min_jaccard", "pretrain.model.layers"} <= keys
    quickstart = str(ROOT / "examples" / "quickstart.toml")
    assert json.loads(printed("config", quickstart))["run"]["seed"] == 17
    assert "valid, config hash" in printed("config", quickstart, "--check")


def test_an_unknown_command_names_the_nearest() -> None:
    result = CliRunner().invoke(cli, ["explian", "x"])
    assert result.exit_code == 2
    assert "did you mean 'explain'?" in result.output


def test_doctor_says_what_is_there_and_fails_by_name_when_something_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    states = {row["check"]: row["state"] for row in json.loads(printed("doctor", "--json"))}
    assert states["kernels"] == states["language model"] == states["tokenizer engines"] == "ok"

    def broken() -> tuple[str, str]:
        raise RuntimeError("no such instruction")

    monkeypatch.setitem(doctor.CHECKS, "kernels", broken)
    result = CliRunner().invoke(cli, ["doctor"])
    assert isinstance(result.exception, ConfigError)
    assert "this machine is not ready: kernels" in str(result.exception)
    assert "no such instruction" in result.output


def test_doctor_shows_what_the_terminal_would_read_as_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "OPTIONAL", {"no_such_module": "train"})
    cells = {"optional packages": doctor.CHECKS["optional packages"], "a [bold]": lambda: ("ok", "b [red]c[/red] d")}
    monkeypatch.setattr(doctor, "CHECKS", cells)
    shown = " ".join(printed("doctor").split())
    assert "[train] no_such_module absent: " in shown
    assert "[train]'" in cure_for_extra("train")  # the command, which a cell may break between words
    assert "a [bold]" in shown
    assert "b [red]c[/red] d" in shown


def test_doctor_says_beforehand_that_kernels_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "CHECKS", {"kernels": doctor.CHECKS["kernels"]})
    monkeypatch.setattr(doctor, "wait_for_kernels", lambda module: f"{module} takes a while")
    result = CliRunner().invoke(cli, ["doctor", "--json"])
    assert result.stderr == "filters/signals.py takes a while\n"
    assert json.loads(result.stdout)[0]["state"] == "ok"


def test_each_error_class_has_its_own_exit_code() -> None:
    codes: dict[int, str] = {}
    waiting: list[type[GristmillError]] = [GristmillError]
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        if "exit_code" in vars(one):
            assert one.exit_code not in codes, f"{one} and {codes.get(one.exit_code)}"
            codes[one.exit_code] = one.__name__
    assert sorted(codes) == list(range(1, 11))
    assert click.UsageError.exit_code == ConfigError.exit_code
