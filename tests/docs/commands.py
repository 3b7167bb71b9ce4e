"""Commands as pages write them, and what is wrong with one as far as this repository can know."""

from __future__ import annotations

import ast
import functools
import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
from apache_beam.options.pipeline_options import PipelineOptions, _BeamArgumentParser

from gristmill.cli import cli
from tests.places import ROOT

OF_OTHER_PROGRAMS = {"--help", "--editable", "--prefer-binary", "--only-binary", "--nproc-per-node"}
"""Options of pip and torchrun that pages name by themselves."""


def commands(line: str) -> Iterator[list[str]]:
    """The commands of a shell line, as lists of words.

    >>> list(commands("OMP_NUM_THREADS=1 gristmill rules | head -3 # all"))
    [['gristmill', 'rules'], ['head', '-3']]
    """
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, ";"]:
        if set(word) <= set("|&;<>"):
            if words:
                yield words
            words = []
        elif words or not re.fullmatch(r"[A-Z_]+=\S*", word):
            words.append(word)


def fault_of(words: list[str]) -> str | None:
    """What is wrong with one command, if this repository can know."""
    name, arguments = words[0].rpartition("/")[2], words[1:]
    if name == "gristmill":
        return _fault_of_ours(cli, arguments)
    if name == "make":
        return next((f"no target {word}" for word in arguments if word.islower() and word not in _targets()), None)
    if name in {"python", "torchrun"} and "-m" in arguments:
        at = arguments.index("-m")
        return _fault_of_module(arguments[at + 1], arguments[at + 2 :])
    if name == "python" and arguments and arguments[0].endswith(".py"):
        return None if (ROOT / arguments[0]).is_file() else f"no script {arguments[0]}"
    if name == "pip":
        extras = {extra for word in arguments for extra in re.findall(r"\[([a-z,]+)\]", word)}
        return next((f"no extra {one}" for extra in extras for one in extra.split(",") if one not in _extras()), None)
    return None


def _fault_of_ours(command: click.Command, arguments: list[str]) -> str | None:
    for number, word in enumerate(arguments):
        option = word.partition("=")[0]
        if word.startswith("-") and option not in _options(command) | {"--help", "-h"}:
            if command.name == "run" and option in _beam_options():
                continue
            return f"{command.name} has no option {option}"
        if isinstance(command, click.Group) and not word.startswith("-"):
            if word.isupper() or word == "…":
                return None
            found = command.commands.get(word)
            return f"no command {word}" if found is None else _fault_of_ours(found, arguments[number + 1 :])
    return None


def _fault_of_module(module: str, arguments: list[str]) -> str | None:
    folder, _, rest = module.partition(".")
    if folder == "gristmill":
        path = ROOT.joinpath(*rest.split(".")).with_suffix(".py")
    elif folder in {"benchmarks", "examples", "tests"}:
        path = ROOT.joinpath(*module.split(".")).with_suffix(".py")
    else:
        return None if importlib.util.find_spec(folder) else f"no module {module}"
    if module.isupper() or rest.isupper():
        return None
    if not path.is_file():
        return f"no module {module}"
    options = {word.partition("=")[0] for word in arguments if word.startswith("--")}
    return next((f"{module} has no option {one}" for one in options if one not in _strings(path)), None)


def _options(command: click.Command) -> set[str]:
    return {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}


@functools.cache
def _beam_options() -> frozenset[str]:
    """Every option of every class of options that Beam brings; its own list holds the names of their values instead."""
    parser = _BeamArgumentParser(conflict_handler="resolve")
    for options in PipelineOptions.__subclasses__():
        if "_add_argparse_args" in vars(options):
            options._add_argparse_args(parser)
    return frozenset(name for action in parser._actions for name in action.option_strings)


@functools.cache
def _targets() -> frozenset[str]:
    return frozenset(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@functools.cache
def _extras() -> frozenset[str]:
    tree = ast.parse((ROOT / "setup.py").read_text())
    tables = [node.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "EXTRAS"]  # type: ignore[attr-defined]
    return frozenset(ast.literal_eval(tables[0]))


@functools.cache
def _strings(path: Path) -> frozenset[str]:
    nodes = ast.walk(ast.parse(path.read_text()))
    return frozenset(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


@functools.cache
def known_options() -> frozenset[str]:
    """Options of any command of ours, of Beam, and of the programs in benchmarks/, examples/ and tests/."""

    def ours(command: click.Command) -> set[str]:
        inner = command.commands.values() if isinstance(command, click.Group) else ()
        return _options(command).union(*map(ours, inner))

    scripts = [path for folder in ("benchmarks", "examples", "tests") for path in (ROOT / folder).rglob("*.py")]
    programs = {text for path in scripts for text in _strings(path) if text.startswith("--")}
    return frozenset(ours(cli) | _beam_options() | programs | OF_OTHER_PROGRAMS)
