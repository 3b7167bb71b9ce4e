"""The results of the benchmarks as Markdown: one table of figures beside the peer's, and the page that is committed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.dedup.minhash import ours_beside

Results = Mapping[str, Mapping[str, Any]]
HEAD = ("what", "ours", "peer", "ratio")
PEER_ROW = "datatrove, trafilatura"


def markdown(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table.

    >>> print(markdown(("a", "b"), [(1, "x")]))
    | a | b |
    |---|---|
    | 1 | x |
    """
    lines = [head, *([str(cell) for cell in row] for row in rows)]
    shown = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([shown[0], "|" + "---|" * len(head), *shown[1:]])


def warc_rows(result: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    """Rates of the whole program and of a long run, each of our rows beside datatrove."""
    peer = result["rows"].get(PEER_ROW, {})
    for name, row in result["rows"].items():
        if name == PEER_ROW:
            continue
        ratio = result["ratio_to_peer"].get(name, {})
        for prefix, words in (("", "whole program"), ("long_run_", "long run")):
            for kind, seconds in (("wall", "s"), ("cpu", "CPU second")):
                documents, size = f"{prefix}documents_per_{kind}_second", f"{prefix}mb_per_{kind}_second"
                if documents in row:
                    ours, theirs = (
                        f"{one[documents]:,} documents/{seconds}, {one[size]} MB/{seconds}" if documents in one else "-"
                        for one in (row, peer)
                    )
                    yield f"WARC to tokens, {words}: {name}", ours, theirs, ratio.get(f"{prefix}{kind}", "-")


def rule_rows(result: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    """Megabytes of text a CPU second through the quality rules."""
    rate = result["mb_per_cpu_second"]
    shown = (f"{rate[name]} MB/CPU second" for name in ("gristmill", "datatrove"))
    yield "Gopher quality and C4 rules, beside datatrove", *shown, result["ratio"]


def minhash_rows(result: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    """Megabytes of text a CPU second to signatures, beside each peer."""
    rate = result["mb_per_cpu_second"]
    for name, ratio in result["ratio"].items():
        yield (
            f"MinHash signatures, beside {name}",
            f"{rate[ours_beside(name)]} MB/CPU second",
            f"{rate[name]} MB/CPU second",
            ratio,
        )


def bpe_rows(result: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    """Megabytes of text a CPU second to ids, cold and warm, beside ``tokenizers``."""
    rate = result["mb_per_cpu_second"]
    for state in ("cold", "warm"):
        yield (
            f"BPE ids, {state}, beside tokenizers (ids equal: {'yes' if result['ids_equal'] else 'NO'})",
            f"{rate[f'gigatoken_{state}']} MB/CPU second",
            f"{rate['tokenizers']} MB/CPU second",
            result[f"ratio_{state}"],
        )


ROWS = {"warc_to_tokens": warc_rows, "gopher_c4": rule_rows, "minhash": minhash_rows, "bpe": bpe_rows}
"""How the result of each benchmark is shown."""


def table(results: Results) -> str:
    """All figures in one Markdown table."""
    return markdown(HEAD, [row for name, result in results.items() for row in ROWS[name](result)])


def page(results: Results, command: str) -> str:
    """The whole of ``RESULTS.md``: machine and versions, figures, stages and documents of WARC to tokens.

    Args:
        results: of every benchmark, by name.
        command: how they were made.
    """
    warc = results["warc_to_tokens"]
    about, given = warc["machine"], warc["input"]
    stages = [
        (name, stage, seconds) for name, row in warc["rows"].items() for stage, seconds in row["stage_seconds"].items()
    ]
    steps = ("read", "extracted", "passed_rules", "kept")
    outcome = [
        (name, *(row["documents"][step] for step in steps), row["tokens"], row["wall_seconds"], row["cpu_seconds"])
        for name, row in warc["rows"].items()
    ]
    versions = {key: value for result in results.values() for key, value in result.get("versions", {}).items()}
    parts = [
        "# Last measured\n\nWritten by the command below; how to read it: [README.md](README.md).",
        markdown(
            ("", ""),
            [("command", f"`{command}`"), *about.items(), ("core", warc["pinning"]), ("rounds", warc["rounds"])],
        ),
        "Versions: " + ", ".join(f"{name} {version}" for name, version in versions.items()) + ".",
        "## Figures",
        table(results),
        "## WARC to tokens",
        f"{given['documents']:,} HTML pages, {given['payload_bytes'] / 1e6:.1f} MB of bodies; numba's caches warm.",
        markdown(("program", *steps, "tokens", "wall seconds", "CPU seconds"), outcome),
        "Wall seconds by stage:",
        markdown(("program", "stage", "seconds"), stages),
    ]
    return "\n\n".join(parts) + "\n"
