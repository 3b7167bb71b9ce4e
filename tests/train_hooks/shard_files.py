"""Small token shards for tests, written by the real writer; and the helpers that read them back without the loader."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from gristmill.tokenize.manifest import MANIFEST_NAME, TOKENIZER_NAME, Manifest, PartInfo, SourceInfo, TokenizerInfo
from gristmill.tokenize.shards import open_part, write_part
from gristmill.tokenize.training import train_bpe
from gristmill.tokenize.vocabulary import read_vocabulary

EOT = 0
Documents = Sequence[Sequence[int]]

SENTENCES = (
    "The capital of France is Paris. ",
    "The capital of Italy is Rome. ",
    "The capital of Spain is Madrid. ",
    "The mill turns with the river and grinds the grain. ",
    "The miller keeps a ledger of every sack. ",
    "Größe und Länge: ein Maß für alles. ",
)


def random_documents(rng: np.random.Generator, count: int, vocab_size: int, longest: int = 40) -> list[list[int]]:
    """Documents of random ids, each ending with the end-of-text id, which may also occur inside."""
    lengths = rng.integers(0, longest, count)
    return [[*rng.integers(0, vocab_size, length).tolist(), EOT] for length in lengths]


def write_tokens(
    folder: Path,
    sources: Mapping[str, Sequence[Documents]],
    *,
    vocab_size: int = 256,
    tokenizer: bytes | None = None,
    texts: Mapping[str, Sequence[Sequence[str]]] | None = None,
    dtype: str = "uint16",
) -> Manifest:
    """Writes ``tokens/``: per source a list of parts, each a list of documents."""
    folder.mkdir(parents=True, exist_ok=True)
    content = b"{}" if tokenizer is None else tokenizer
    (folder / TOKENIZER_NAME).write_bytes(content)
    infos: dict[str, SourceInfo] = {}
    for source, parts in sources.items():
        written: list[PartInfo] = []
        for number, documents in enumerate(parts):
            path = folder / source / f"part-{number:05d}.arrow"
            path.parent.mkdir(exist_ok=True)
            sizes = [len(text.encode()) for text in texts[source][number]] if texts else [1] * len(documents)
            ids = [hashlib.md5(f"{source} {number} {row}".encode()).digest() for row in range(len(documents))]
            table = pa.table(
                {
                    "tokens": pa.array([list(d) for d in documents], pa.list_(pa.type_for_alias(dtype))),
                    "doc_id": pa.array(ids, pa.binary(16)),
                    "text_bytes": pa.array(sizes, pa.int32()),
                }
            )
            info = write_part(path, [table], pa.type_for_alias(dtype))
            written.append(dataclasses.replace(info, path=f"{source}/{path.name}"))
        infos[source] = SourceInfo.of(written)
    facts = TokenizerInfo(TOKENIZER_NAME, hashlib.sha256(content).hexdigest(), vocab_size, EOT, "<|endoftext|>")
    manifest = Manifest(dtype, 17, facts, infos)
    (folder / MANIFEST_NAME).write_text(manifest.to_json())
    return manifest


def write_text_tokens(folder: Path, documents: int = 120, seed: int = 3) -> Manifest:
    """Writes ``tokens/`` of two sources of sentences, tokenized by a byte-level BPE trained on them."""
    rng = np.random.default_rng(seed)
    texts = ["".join(rng.choice(SENTENCES, rng.integers(2, 12))) for _ in range(documents)]
    tokenizer = train_bpe([pa.array(texts, pa.large_string())], 320)
    vocabulary = read_vocabulary(tokenizer)
    assert vocabulary.eot_id == EOT
    from gristmill.tokenize.engines import Reference

    ids, offsets = Reference(vocabulary).encode(pa.array(texts, pa.large_string()))
    rows = [[*ids[offsets[i] : offsets[i + 1]].tolist(), EOT] for i in range(len(texts))]
    half = documents // 2
    third = half // 2
    split = {"books": [(0, third), (third, half)], "web": [(half, documents)]}
    return write_tokens(
        folder,
        {name: [rows[a:b] for a, b in parts] for name, parts in split.items()},
        vocab_size=vocabulary.vocab_size,
        tokenizer=tokenizer,
        texts={name: [texts[a:b] for a, b in parts] for name, parts in split.items()},
    )


def source_documents(folder: Path, source: str) -> list[list[int]]:
    """The documents of a source in stream order, read row by row."""
    manifest = Manifest.read(folder)
    return [
        batch.values[batch.offsets[row] : batch.offsets[row + 1]].tolist()
        for part in manifest.sources[source].parts
        for batch in open_part(folder / part.path)
        for row in range(len(batch))
    ]
