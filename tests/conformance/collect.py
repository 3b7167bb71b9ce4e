"""Runs the peers' own code over every document of `corpus` and stores what it says. Takes about ten minutes.

    python -m tests.conformance.collect [datatrove] [dolma]

Needs the shared data beside the repository and the peers' environments, which are made if need be. The stored tables hold
hashes and figures, never a text.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from benchmarks.peers import peer_python, pinned

from tests.conformance.corpus import made_documents, real_documents, text_hash

HERE = Path(__file__).resolve().parent
EXPECTED = HERE / "expected"

PACKAGES = {"datatrove": ("datatrove", "spacy"), "dolma": ("dolma",)}
"""Packages of each peer whose versions are stored with its figures."""


def documents_by_hash() -> dict[str, str]:
    """Every document once: text by hash, in the order of the hashes."""
    texts = {text_hash(text): text for text in (*made_documents().values(), *real_documents().values())}
    return dict(sorted(texts.items()))


def ask(peer: str, texts: list[str]) -> list[dict[str, object]]:
    """What a peer's own code says of each text.

    Raises:
        subprocess.CalledProcessError: the oracle stopped with an error.
    """
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    command = [str(peer_python(peer)), str(HERE / f"{peer}_oracle.py")]
    done = subprocess.run(command, input=lines, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def store(peer: str, texts: dict[str, str], figures: list[dict[str, object]]) -> Path:
    """Writes a peer's figures under ``expected/``."""
    table = pa.Table.from_pylist([{"text": name, **row} for name, row in zip(texts, figures, strict=True)])
    versions = json.dumps(pinned(peer, *PACKAGES[peer]))
    path = EXPECTED / f"{peer}.parquet"
    pq.write_table(
        table.replace_schema_metadata({"versions": versions}), path, compression="zstd", compression_level=19
    )
    return path


def main(names: list[str]) -> None:
    """Asks the named peers, or all."""
    texts = documents_by_hash()
    for peer in names or list(PACKAGES):
        path = store(peer, texts, ask(peer, list(texts.values())))
        print(f"{path.relative_to(HERE.parents[1])}: {len(texts):,} documents, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
