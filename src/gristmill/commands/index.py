"""`gristmill index`: what earlier runs kept, so that later ones need not keep it again."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click

from gristmill.commands.summary import plain_table, show, wide_console
from gristmill.config.units import format_count
from gristmill.errors import InputError, IntegrityError


@click.group("index")
def index_command() -> None:
    """Compare a new crawl with earlier runs without reading them again.

    An index holds exact hashes, signatures and sorted band keys of the kept documents of runs. Name it in a
    configuration, and that run's copies of indexed documents become duplicates of them:

    \b
    gristmill index build runs/2024-10 --output indexes/web
    # [dedup] index = ["indexes/web"] in the configuration of the next run
    gristmill index add indexes/web runs/2024-11
    """


@index_command.command("build")
@click.argument("run", metavar="RUN")
@click.option("--output", "index", required=True, help="Directory of the new index: local, s3:// or gs://.")
@click.option("--name", help="Name of the run in ledgers.  [default: the last part of RUN]")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def build_command(run: str, index: str, name: str | None, as_json: bool) -> None:
    """Make an index of the documents that RUN kept.

    \b
    gristmill index build runs/2024-10 --output indexes/web
    """
    from gristmill.pipelines.index.build import index_run  # noqa: PLC0415

    head = index_run(index, run, name=name, create=True)
    _say(index, {"run": head.runs[-1].name, "documents": head.runs[-1].documents}, "of the run", as_json=as_json)


@index_command.command("add")
@click.argument("index", metavar="INDEX")
@click.argument("run", metavar="RUN")
@click.option("--name", help="Name of the run in ledgers.  [default: the last part of RUN]")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def add_command(index: str, run: str, name: str | None, as_json: bool) -> None:
    """Add the documents that RUN kept to INDEX, all or none.

    \b
    gristmill index add indexes/web runs/2024-11
    """
    from gristmill.pipelines.index.build import index_run  # noqa: PLC0415

    head = index_run(index, run, name=name)
    _say(index, {"run": head.runs[-1].name, "documents": head.runs[-1].documents}, "added, of the run", as_json=as_json)


@index_command.command("forget")
@click.argument("index", metavar="INDEX")
@click.argument("documents", metavar="DOC_ID...", nargs=-1)
@click.option("--from", "listing", type=click.Path(exists=True, dir_okay=False), help="A file with an id in each line.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def forget_command(index: str, documents: tuple[str, ...], listing: str | None, as_json: bool) -> None:
    """Take documents out of INDEX by their ids in hex, all or none; copies in later runs are kept again.

    \b
    gristmill index forget indexes/web 314ce46f12c9ac86accf49b21684c05b
    """
    from gristmill.dedup.index.files import forget  # noqa: PLC0415

    names = [*documents, *(Path(listing).read_text().split() if listing else ())]
    wrong = [name for name in names if not re.fullmatch(r"[0-9a-fA-F]{32}", name)]
    if wrong or not names:
        got = f"{wrong[0]!r}" if wrong else "none"
        msg = f"wanted document ids of 32 hexadecimal digits, as `gristmill explain` prints them, got {got}"
        raise InputError(msg)
    forget(index, [bytes.fromhex(name) for name in names])
    _say(index, {"documents": len(names)}, "forgotten", as_json=as_json)


@index_command.command("info")
@click.argument("index", metavar="INDEX")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def info_command(index: str, as_json: bool) -> None:
    """Show what INDEX was made from and with.

    \b
    gristmill index info indexes/web
    """
    from gristmill.dedup.index.changes import shown_documents  # noqa: PLC0415
    from gristmill.dedup.index.files import Index, stored_files  # noqa: PLC0415

    opened = Index(index)
    head = opened.head
    facts: dict[str, Any] = {
        "documents": shown_documents(opened),
        "forgotten": sum(entry.documents for entry in head.forgotten),
        "segments": len(head.segments),
        "bytes": sum(file.bytes for file in stored_files(head)),
        "changes": head.sequence,
        "parameters": {name: getattr(head.parameters, name) for name in head.parameters.__dataclass_fields__},
        "runs": [{"name": run.name, "uri": run.uri, "documents": run.documents} for run in head.runs],
    }
    if as_json:
        click.echo(json.dumps(facts, indent=1))
        return
    table = plain_table(f"Index {index}")
    table.add_column("")
    table.add_column("")
    for name in ("documents", "forgotten", "segments", "bytes", "changes"):
        table.add_row(name, format_count(facts[name]))
    for name, value in facts["parameters"].items():
        table.add_row(name, str(value))
    for run in facts["runs"]:
        table.add_row(f"run {run['name']}", f"{format_count(run['documents'])} documents, {run['uri']}")
    show(wide_console(), table)


@index_command.command("verify")
@click.argument("index", metavar="INDEX")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def verify_command(index: str, as_json: bool) -> None:
    """Read all of INDEX and check it: checksums, order of keys, ids. Exits with 8 when something is wrong.

    \b
    gristmill index verify indexes/web
    """
    from gristmill.dedup.index.files import verify  # noqa: PLC0415

    faults = verify(index)
    if as_json:
        click.echo(json.dumps({"index": index, "faults": faults}))
    if faults:
        msg = f"{len(faults)} faults in {index}: {'; '.join(faults[:5])}. Restore it, or build it again from its runs"
        raise IntegrityError(msg)
    if not as_json:
        click.echo(f"{index}: whole")


@index_command.command("query")
@click.argument("index", metavar="INDEX")
@click.argument("run", metavar="CONFIG-or-RUN")
@click.option("--json", "as_json", is_flag=True, help="Print every match as a JSON line.")
@click.option("--most", default=20, show_default=True, help="Matches shown in the table.")
def query_command(index: str, run: str, as_json: bool, most: int) -> None:
    """Show which documents of a run have a copy in INDEX; nothing is changed.

    The run must have its fingerprints, so run it first; a configuration stands for its output. Documents of that run
    itself do not count.

    \b
    gristmill index query indexes/web runs/2024-11
    """
    from gristmill.config.config import load_config  # noqa: PLC0415
    from gristmill.pipelines.index.ask import ask  # noqa: PLC0415

    run_uri = load_config(run).run.output if run.endswith(".toml") else run
    asked, matches = ask(index, run_uri)
    if as_json:
        for match in matches:
            click.echo(json.dumps(match))
        return
    table = plain_table(f"Documents of {run_uri} that are in {index}")
    for name in ("document", "copy of", "of the run", "similarity", "known by"):
        table.add_column(name, overflow="fold")
    for match in matches[:most]:
        table.add_row(
            match["uri"], match["old_uri"], match["run"], f"{match['similarity']:.3f}", match["similarity_evidence"]
        )
    if matches:
        show(wide_console(), table)
    click.echo(f"{format_count(len(matches))} of {format_count(asked)} documents have a copy in {index}")
    if len(matches) > most:
        click.echo(f"({len(matches) - most} more; --json prints all)", err=True)


def _say(index: str, facts: dict[str, Any], what: str, *, as_json: bool) -> None:
    """Says what a change did to an index, as a line or as an object."""
    if as_json:
        click.echo(json.dumps({"index": index} | facts))
        return
    name = f" {facts['run']!r}" if "run" in facts else ""
    click.echo(f"{index}: {format_count(facts['documents'])} documents {what}{name}")
