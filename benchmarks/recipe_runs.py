"""A recipe over all of the shared data: what it keeps by source and language, why it removes, ten pages to read.

    python -m benchmarks.recipe_runs recipes/fineweb.toml [--output FOLDER]

The sources are those of ``benchmarks/everything.toml``, all else is the recipe's. The ten removed documents are those
of the smallest hash of their id, so that nobody chose them.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
import textwrap
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from benchmarks.measuring import say
from gristmill.config.config import Config, load_config
from gristmill.pipelines.curate import curate
from gristmill.pipelines.run_plan.run_plan import resolve_run

HERE = Path(__file__).resolve().parent
READ = 10


def combined(recipe: Config, output: str) -> Config:
    """The recipe over the sources of ``everything.toml``."""
    everything = load_config(HERE / "everything.toml")
    run = everything.run.model_copy(update={"output": output})
    return recipe.model_copy(update={"source": everything.source, "run": run})


def tables(run: Path, folder: str, columns: list[str]) -> pa.Table:
    """All files of a folder of a run as one table, in order."""
    files = sorted((run / folder).rglob("*.parquet"))
    return pa.concat_tables([pq.read_table(file, columns=columns) for file in files])


def print_shares(ledger: pa.Table, column: str, least: int = 1) -> None:
    """Kept, removed and duplicates by the values of a column that have ``least`` documents."""
    counts = Counter(zip(ledger.column(column).to_pylist(), ledger.column("verdict").to_pylist(), strict=True))
    values = Counter(ledger.column(column).to_pylist())
    print(f"\n{column:<18} {'documents':>9} {'kept':>6} {'share':>7} {'removed':>8} {'duplicate':>10}")
    for value, total in values.most_common():
        if total >= least:
            kept, removed, copies = (counts[value, verdict] for verdict in ("kept", "removed", "duplicate"))
            print(f"{value:<18} {total:>9,} {kept:>6,} {kept / total:>7.1%} {removed:>8,} {copies:>10,}")


def print_causes(ledger: pa.Table) -> None:
    """The five rules that most documents fail."""
    causes = Counter(rule for rules in ledger.column("failed_rules").to_pylist() for rule in rules)
    print("\nfive most frequent causes")
    for rule, count in causes.most_common(5):
        print(f"  {rule:<48} {count:>6,}")


def print_removed(run: Path, ledger: pa.Table) -> None:
    """Ten removed documents: address, causes and beginning."""
    texts = dict(
        zip(
            *(tables(run, "documents", ["doc_id", "text"]).column(name).to_pylist() for name in ("doc_id", "text")),
            strict=True,
        )
    )
    removed = [row for row in ledger.to_pylist() if row["verdict"] == "removed"]
    removed.sort(key=lambda row: xxhash.xxh3_64_intdigest(row["doc_id"]))
    for row in removed[:READ]:
        print(f"\n{row['source']} {row['uri']}\n  {row['language']}; fails {', '.join(row['failed_rules'])}")
        print(textwrap.indent(textwrap.shorten(texts[row["doc_id"]], 400), "  | "))


def main() -> None:
    """Runs and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--output", help="run directory to keep; a temporary one if not given")
    arguments = parser.parse_args()
    logging.getLogger().setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="gristmill-recipe-") as folder:
        output = arguments.output or f"{folder}/run"
        say(f"running {arguments.recipe} over the shared data")
        curate(resolve_run(combined(load_config(arguments.recipe), output)))
        columns = ["doc_id", "source", "uri", "verdict", "failed_rules", "language"]
        ledger = tables(Path(output), "ledger", columns)
        print_shares(ledger, "source")
        print_shares(ledger, "language", least=5)
        print_causes(ledger)
        print_removed(Path(output), ledger)


if __name__ == "__main__":
    main()
