"""Trains ``tokenizer.json`` on the example's own texts: byte-level BPE, 8,192 tokens, ``<|endoftext|>`` first.

Run from the repository root: ``python -m examples.train_tokenizer``. The same files and the same release of the
``tokenizers`` library give the same bytes.
"""

from __future__ import annotations

import re
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from fastwarc.warc import ArchiveIterator, WarcRecordType
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import detect_encoding
from resiliparse.parse.html import HTMLTree
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

HERE = Path(__file__).resolve().parent
VOCABULARY_SIZE = 8192
END_OF_TEXT = "<|endoftext|>"
_SOURCE_CODE = (".py", ".js", ".ts", ".go", ".c", ".h", ".md", ".rst", ".txt")


def _page_texts(path: Path) -> Iterator[str]:
    with path.open("rb") as stream:
        for record in ArchiveIterator(stream, record_types=WarcRecordType.response, parse_http=True):
            if record.http_headers.status_code == 200 and (record.http_content_type or "").startswith("text/html"):
                yield extract_plain_text(HTMLTree.parse_from_bytes(record.reader.read(), "utf-8"), main_content=True)


def _epub_texts(path: Path) -> Iterator[str]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith((".xhtml", ".html")):
                yield extract_plain_text(HTMLTree.parse_from_bytes(archive.read(name), "utf-8"))


def _code_texts(path: Path) -> Iterator[str]:
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                if name.endswith(_SOURCE_CODE):
                    yield archive.read(name).decode("utf-8", "replace")
        return
    with tarfile.open(path) as tar:
        for member in tar:
            stream = tar.extractfile(member) if member.isfile() and member.name.endswith(_SOURCE_CODE) else None
            if stream and not re.search(r"\.min\.", member.name):
                yield stream.read().decode("utf-8", "replace")


def example_texts(data: Path = HERE / "data") -> Iterator[str]:
    """Every text of the example, roughly as the pipeline sees it, in the order of the file names."""
    for path in sorted((data / "web").glob("*.warc.gz")):
        yield from _page_texts(path)
    for path in sorted((data / "books").glob("*.epub")):
        yield from _epub_texts(path)
    for path in sorted((data / "books").glob("*.txt")):
        raw = path.read_bytes()
        yield raw.decode(detect_encoding(raw) or "utf-8", "replace")
    for path in sorted((data / "code").iterdir()):
        yield from _code_texts(path)


def train(texts: Iterator[str], vocabulary_size: int = VOCABULARY_SIZE) -> Tokenizer:
    """A byte-level BPE tokenizer (the GPT-2 pre-tokenizer) of ``vocabulary_size`` tokens; end of text has id 0.

    >>> tokenizer = train(iter(["low lower lowest"] * 9), vocabulary_size=262)
    >>> tokenizer.token_to_id("<|endoftext|>"), tokenizer.decode(tokenizer.encode("slow é").ids)
    (0, 'slow é')
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def write_tokenizer(path: Path = HERE / "tokenizer.json") -> None:
    """Trains on :func:`example_texts` and writes the result to ``path``."""
    path.write_text(train(example_texts()).to_str(pretty=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_tokenizer()
