"""A run over a few rows: its raw shards, its configuration, and the rows of what it wrote."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from tokenizers import Tokenizer


def json_lines(rows: Iterable[Mapping[str, Any]]) -> str:
    """JSONL, a line a row."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def source(name: str, path: str, *, kind: str = "web", fields: str = "") -> str:
    """The ``[[source]]`` of JSONL files with ``text`` and ``url``; ``fields`` are more of them, as the file names them."""
    return f"""\
[[source]]
name = "{name}"
kind = "jsonl"
document_kind = "{kind}"
paths = ["{path}"]
fields = {{ text = "text", uri = "url"{fields} }}
"""


def configuration(output: str, *sections: str, vocabulary: int = 400) -> str:
    """A configuration of these sections with a tokenizer trained on the run itself."""
    run = f'[run]\noutput = "{output}"\nseed = 17\n'
    tokenizer = f"[tokenizer]\ntrain = {{ vocab_size = {vocabulary} }}\n"
    return "\n".join((run, *sections, tokenizer))


def rows_of(run: Path, folder: str) -> list[dict[str, Any]]:
    """The rows of every Parquet file below a folder of a run, in the order of their names."""
    return [row for path in sorted((run / folder).rglob("*.parquet")) for row in pq.read_table(path).to_pylist()]


def ledger_of(run: Path) -> dict[str, dict[str, Any]]:
    """The ledger of a run by address."""
    return {row["uri"]: row for row in rows_of(run, "ledger")}


def trained_texts(run: Path) -> dict[str, str]:
    """The texts that a run trains on, by address, decoded from its tokens without the one that ends each."""
    addresses = {row["doc_id"]: row["uri"] for row in rows_of(run, "ledger")}
    tokenizer = Tokenizer.from_file(str(run / "tokens" / "tokenizer.json"))
    found = {}
    for path in sorted((run / "tokens").rglob("*.arrow")):
        for row in pa.ipc.open_file(path).read_all().to_pylist():
            found[addresses[row["doc_id"]]] = tokenizer.decode(row["tokens"][:-1], skip_special_tokens=False)
    return found
