"""Files that the commands of a page take as given: the reader's own."""

from __future__ import annotations

import gzip
import json
import random
import shutil
import struct
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.pipelines.corpus import english


def _texts(seed: int, count: int) -> list[str]:
    rng = random.Random(seed)
    return [english(rng, 120) for _ in range(count)]


def _write_json_lines(path: Path, texts: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps({"text": text, "url": f"https://a.example/{text[:9]}"}) + "\n" for text in texts)
    path.write_bytes(gzip.compress(lines.encode(), mtime=0))


def _labelled_texts(folder: Path) -> None:
    """Two classes that differ, and a crawl to filter."""
    _write_json_lines(folder / "reference" / "good.jsonl.gz", _texts(1, 60))
    bad = [" ".join(reversed(text.upper().split())) for text in _texts(2, 60)]
    (folder / "crawl-sample").mkdir()
    pq.write_table(pa.table({"text": bad}), folder / "crawl-sample" / "bad.parquet")
    for number in (3, 7):
        _write_json_lines(folder / "crawl" / f"part-00{number}.jsonl.zst", _texts(number, 30))


def _signatures_of_datatrove(folder: Path) -> None:
    """The files of 14 buckets of one rank: rows of 8 values and the document's number, sorted by the values."""
    rng = random.Random(1)
    for band in range(14):
        path = folder / "signatures" / f"bucket_{band:03d}" / "00000.minhash.sig"
        path.parent.mkdir(parents=True)
        rows = sorted((*(rng.getrandbits(60) for _ in range(8)), number) for number in range(5))
        path.write_bytes(b"".join(struct.pack("<8QI", *row) for row in rows))


CONFIG = """
[run]
output = "runs/2024-11"
[[source]]
name = "web"
kind = "jsonl"
paths = ["crawl/2024-11.jsonl.gz"]
fields = { uri = "url" }
[dedup]
index = ["indexes/web"]
[tokenizer]
path = "examples/tokenizer.json"
"""


def _two_crawls(folder: Path) -> None:
    """The month before, which is the example and finished, and one whose texts are new."""
    shutil.copytree(folder / "runs" / "quickstart", folder / "runs" / "2024-10")
    example = (folder / "examples" / "quickstart.toml").read_text(encoding="utf-8")
    (folder / "2024-10.toml").write_text(example.replace("runs/quickstart", "runs/2024-10"), encoding="utf-8")
    _write_json_lines(folder / "crawl" / "2024-11.jsonl.gz", _texts(2, 20))
    (folder / "2024-11.toml").write_text(CONFIG, encoding="utf-8")


PREPARED: Mapping[str, Callable[[Path], None]] = {
    "docs/classifier.md": _labelled_texts,
    "docs/dedup.md": _signatures_of_datatrove,
    "docs/index.md": _two_crawls,
}
"""Page: what makes its files in the folder where its blocks run."""
