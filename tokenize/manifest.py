"""The manifest of a set of token shards: what they hold, by which tokenizer, and the checksum of every part.

``tokens/manifest.json`` is the contract between whoever writes tokens and whoever reads them. Its bytes are a pure
function of its content (sorted keys, two spaces, one newline at the end), so their SHA-256 identifies the data set: a
trainer that stores :func:`manifest_sha256` with its checkpoint knows that it resumes on the very same tokens.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from gristmill.errors import IntegrityError, RunDirectoryError

FORMAT = "gristmill-tokens/1"
MANIFEST_NAME = "manifest.json"
TOKENIZER_NAME = "tokenizer.json"

LARGEST_ID = {"uint16": (1 << 16) - 1, "uint32": (1 << 32) - 1}
"""The largest token id each storage type can hold."""


@dataclasses.dataclass(frozen=True)
class PartInfo:
    """One part as the manifest knows it.

    Attributes:
        path: with forward slashes, relative to the folder of the manifest.
        rows: documents.
        tokens: token ids, one end-of-text id per document included.
        text_bytes: UTF-8 bytes of the documents' texts, the denominator of bits per byte.
        bytes: size of the file.
        sha256: of the file, in hex.
    """

    path: str
    rows: int
    tokens: int
    text_bytes: int
    bytes: int
    sha256: str

    def at(self, path: str) -> PartInfo:
        """The same part under another path."""
        return dataclasses.replace(self, path=path)


@dataclasses.dataclass(frozen=True)
class SourceInfo:
    """One source: its totals and its parts in order of rank."""

    rows: int
    tokens: int
    text_bytes: int
    parts: tuple[PartInfo, ...]

    @classmethod
    def of(cls, parts: Iterable[PartInfo]) -> SourceInfo:
        """The source that consists of these parts; totals are their sums."""
        listed = tuple(parts)
        return cls(
            rows=sum(part.rows for part in listed),
            tokens=sum(part.tokens for part in listed),
            text_bytes=sum(part.text_bytes for part in listed),
            parts=listed,
        )


@dataclasses.dataclass(frozen=True)
class TokenizerInfo:
    """The tokenizer the ids belong to; ``file`` is a copy of its ``tokenizer.json`` beside the manifest."""

    file: str
    sha256: str
    vocab_size: int
    eot_id: int
    eot_token: str


@dataclasses.dataclass(frozen=True)
class Manifest:
    """All token shards of a run.

    Attributes:
        dtype: ``uint16`` or ``uint32``, the type of the ids in every part.
        seed: of the global order (:mod:`gristmill.tokenize.order`).
        tokenizer: what turned text into ids.
        sources: by name.
    """

    dtype: str
    seed: int
    tokenizer: TokenizerInfo
    sources: Mapping[str, SourceInfo]

    def to_json(self) -> str:
        """The bytes of ``manifest.json`` as text: sorted keys, two spaces of indent, one newline at the end."""
        content = {"format": FORMAT, **dataclasses.asdict(dataclasses.replace(self, sources=dict(self.sources)))}
        return json.dumps(content, sort_keys=True, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes, where: str = MANIFEST_NAME) -> Manifest:
        """Parses ``manifest.json``. ``where`` names it in messages.

        Raises:
            IntegrityError: not JSON, another format version, or a key that is missing, unknown or of the wrong type.
        """
        try:
            content = json.loads(text)
        except ValueError as error:
            message = f"{where} is not JSON ({error}); it is damaged: write the tokens again"
            raise IntegrityError(message) from error
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            got = content.get("format") if isinstance(content, dict) else content
            message = f"{where}: wanted format {FORMAT!r}, got {got!r}; it was written by another version of gristmill"
            raise IntegrityError(message)
        _expect_keys(content, {"format": str, "dtype": str, "seed": int, "tokenizer": dict, "sources": dict}, where)
        _expect_keys(content["tokenizer"], _fields(TokenizerInfo), f"{where}, tokenizer")
        sources: dict[str, SourceInfo] = {}
        for name, source in sorted(content["sources"].items()):
            place = f"{where}, sources.{name}"
            _expect_keys(source, {"rows": int, "tokens": int, "text_bytes": int, "parts": list}, place)
            for part in source["parts"]:
                _expect_keys(part, _fields(PartInfo), f"{place}.parts")
            sources[name] = SourceInfo(**{**source, "parts": tuple(PartInfo(**part) for part in source["parts"])})
        return cls(content["dtype"], content["seed"], TokenizerInfo(**content["tokenizer"]), sources)

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Reads and checks a ``manifest.json``, or the one in the folder ``path``.

        Raises:
            RunDirectoryError: there is none.
            IntegrityError: it cannot be what a writer of this version left; see :func:`check_manifest`.
        """
        file = path / MANIFEST_NAME if path.is_dir() else path
        try:
            text = file.read_bytes()
        except FileNotFoundError as error:
            message = f"no token manifest at {file}; run the tokenize stage first (gristmill run)"
            raise RunDirectoryError(message) from error
        manifest = cls.from_json(text, str(file))
        check_manifest(manifest, str(file))
        return manifest


def manifest_sha256(manifest: Manifest | bytes) -> str:
    """The SHA-256, in hex, of the bytes of ``manifest.json``: the identity of the token data set."""
    data = manifest if isinstance(manifest, bytes) else manifest.to_json().encode()
    return hashlib.sha256(data).hexdigest()


def check_manifest(manifest: Manifest, where: str = MANIFEST_NAME) -> None:
    """Checks that a manifest agrees with itself: dtype with vocabulary, end-of-text id, paths, totals.

    Raises:
        IntegrityError: listing everything that is wrong.
    """
    faults = [*_tokenizer_faults(manifest), *_part_faults(manifest)]
    if faults:
        message = f"{where} contradicts itself: " + "; ".join(faults)
        raise IntegrityError(message)


def _tokenizer_faults(manifest: Manifest) -> list[str]:
    faults = []
    tokenizer = manifest.tokenizer
    if manifest.dtype not in LARGEST_ID:
        faults.append(f"dtype: wanted one of {', '.join(LARGEST_ID)}, got {manifest.dtype!r}")
    elif tokenizer.vocab_size - 1 > LARGEST_ID[manifest.dtype]:
        faults.append(f"dtype {manifest.dtype} cannot hold the largest token id {tokenizer.vocab_size - 1}")
    if not 0 <= tokenizer.eot_id < tokenizer.vocab_size:
        faults.append(f"tokenizer.eot_id {tokenizer.eot_id} lies outside the vocabulary of {tokenizer.vocab_size}")
    return faults


def _part_faults(manifest: Manifest) -> list[str]:
    faults = []
    seen: set[str] = set()
    for name, source in manifest.sources.items():
        for part in source.parts:
            path = PurePosixPath(part.path)
            if path.is_absolute() or ".." in path.parts or "\\" in part.path:
                faults.append(f"part path {part.path!r} leaves the folder of the manifest")
            if part.path in seen:
                faults.append(f"part {part.path!r} is listed twice")
            seen.add(part.path)
            if min(part.rows, part.tokens, part.text_bytes, part.bytes) < 0 or part.tokens < part.rows:
                faults.append(
                    f"part {part.path!r}: {part.tokens} tokens in {part.rows} rows, each row has at least one"
                )
        total = SourceInfo.of(source.parts)
        for field in ("rows", "tokens", "text_bytes"):
            wanted, got = getattr(source, field), getattr(total, field)
            if wanted != got:
                faults.append(f"sources.{name}.{field} is {wanted}, its parts sum to {got}")
    return faults


def _fields(kind: type[PartInfo | TokenizerInfo]) -> dict[str, type]:
    names = {"str": str, "int": int}
    return {field.name: names[str(field.type)] for field in dataclasses.fields(kind)}


def _expect_keys(got: Any, wanted: Mapping[str, type], where: str) -> None:
    if not isinstance(got, dict) or got.keys() != wanted.keys():
        keys = sorted(got) if isinstance(got, dict) else type(got).__name__
        message = f"{where}: wanted the keys {sorted(wanted)}, got {keys}"
        raise IntegrityError(message)
    for key, kind in wanted.items():
        if not isinstance(got[key], kind) or isinstance(got[key], bool):
            message = f"{where}: {key} must be {kind.__name__}, got {got[key]!r}"
            raise IntegrityError(message)
