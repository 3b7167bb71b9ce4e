"""One source's token shards as a single stream of token ids, memory-mapped: any range of it can be read at any time.

The stream is the concatenation of the source's documents in the order of its parts. Where documents begin is taken from
the list offsets of the shards, never from ids that happen to equal the end-of-text id.
"""

from __future__ import annotations

from bisect import bisect_right
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gristmill.errors import EmptyResultError, IntegrityError, TokenizerError
from gristmill.tokenize.manifest import Manifest, PartInfo
from gristmill.tokenize.shards import open_part, verify_part

TokenArray = npt.NDArray[np.uint16] | npt.NDArray[np.uint32]
BoolArray = npt.NDArray[np.bool_]


class TokenPart:
    """One part, memory-mapped; its ids and offsets are views of the file, nothing is copied.

    Args:
        path: the Arrow IPC file.
        info: what the manifest says of it.
        manifest: for the dtype, the vocabulary and the end-of-text id.
        verify: read the whole file once and check its size, its sha256, every id and the end of every document.

    Raises:
        IntegrityError: the file is missing, or is not the one the manifest describes.
        TokenizerError: an id lies outside the vocabulary, or a document does not end with the end-of-text id.
    """

    def __init__(self, path: Path, info: PartInfo, manifest: Manifest, *, verify: bool) -> None:
        if verify:
            verify_part(path, info)
        part = open_part(path)
        if part.dtype != np.dtype(manifest.dtype):
            msg = f"token part {path}: the manifest says its ids are {manifest.dtype}, the file says {part.dtype}"
            raise IntegrityError(msg)
        batches = [batch for batch in part if len(batch)]
        part.close()  # the arrays hold the mapping
        self.path = path
        self.dtype = part.dtype
        self._offsets = [batch.offsets - batch.offsets[0] if batch.offsets[0] else batch.offsets for batch in batches]
        self._tokens = [batch.values[batch.offsets[0] : batch.offsets[-1]] for batch in batches]
        self._starts = [0, *np.cumsum([len(tokens) for tokens in self._tokens], dtype=np.int64).tolist()]
        if self._starts[-1] != info.tokens:
            msg = f"token part {path}: wanted {info.tokens} tokens, got {self._starts[-1]}; write the tokens again"
            raise IntegrityError(msg)
        if verify:
            self._check_ids(manifest.tokenizer.vocab_size, manifest.tokenizer.eot_id)

    def read(self, start: int, stop: int) -> tuple[TokenArray, BoolArray]:
        """Ids ``[start, stop)`` of this part, and which of them begin a document."""
        tokens = np.empty(stop - start, self.dtype)
        begins = np.zeros(stop - start, np.bool_)
        index = bisect_right(self._starts, start) - 1
        done = 0
        while done < stop - start:
            offsets = self._offsets[index]
            first = start + done - self._starts[index]
            last = min(len(self._tokens[index]), stop - self._starts[index])
            tokens[done : done + last - first] = self._tokens[index][first:last]
            low, high = np.searchsorted(offsets, [first, last])
            begins[done + offsets[low:high] - first] = True
            done += last - first
            index += 1
        return tokens, begins

    def _check_ids(self, vocab_size: int, eot_id: int) -> None:
        for tokens, offsets in zip(self._tokens, self._offsets, strict=True):
            largest = int(tokens.max())
            if largest >= vocab_size:
                msg = f"token part {self.path} holds id {largest}; the tokenizer has {vocab_size} ids"
                raise TokenizerError(msg)
            if np.any(np.diff(offsets) < 1) or np.any(tokens[offsets[1:] - 1] != eot_id):
                msg = f"token part {self.path}: a document does not end with the end-of-text id {eot_id}"
                raise TokenizerError(msg)


class TokenStream:
    """All parts of one source as one stream; a part is opened and checked when it is first read.

    Args:
        folder: the ``tokens/`` folder, on a local disk (it is memory-mapped).
        manifest: its manifest.
        source: name of the source.

    Raises:
        EmptyResultError: the source holds no tokens; training would go on without it, unnoticed.
    """

    def __init__(self, folder: Path, manifest: Manifest, source: str) -> None:
        self.folder = folder
        self.manifest = manifest
        self.source = source
        info = manifest.sources[source]
        self._parts = [part for part in info.parts if part.tokens]
        self._starts = [0, *np.cumsum([part.tokens for part in self._parts], dtype=np.int64).tolist()]
        self._open: dict[int, TokenPart] = {}
        self._checked: set[int] = set()
        if not self._parts:
            msg = (
                f"source {source!r} in {folder} holds no tokens; look at why it is empty (gristmill report), "
                f"or leave it out of the run, or set pretrain.source_repeats.{source} = 0"
            )
            raise EmptyResultError(msg)

    def __len__(self) -> int:
        """Tokens of the source."""
        return int(self._starts[-1])

    def __getstate__(self) -> dict[str, Any]:
        """A worker process maps the files for itself (open maps do not travel) and need not hash them again."""
        return {**self.__dict__, "_open": {}}

    def verify(self, share: int = 0, of: int = 1) -> None:
        """Opens and checks every ``of``-th part from the ``share``-th on, those already checked excepted.

        Raises:
            IntegrityError: a part is missing or is not the one the manifest describes.
        """
        for index in range(share, len(self._parts), of):
            self._part(index)

    def trust(self) -> None:
        """Takes every part for checked, because other processes have checked theirs."""
        self._checked = set(range(len(self._parts)))

    def read(self, start: int, stop: int) -> tuple[TokenArray, BoolArray]:
        """Ids ``[start, stop)`` of the stream, cut at its end, and which of them begin a document."""
        stop = min(stop, len(self))
        pieces = []
        index = bisect_right(self._starts, start) - 1
        while start < stop:
            base, end = self._starts[index], min(stop, self._starts[index + 1])
            pieces.append(self._part(index).read(start - base, end - base))
            start, index = end, index + 1
        tokens, begins = zip(*pieces, strict=True)
        return np.concatenate(tokens), np.concatenate(begins)

    def _part(self, index: int) -> TokenPart:
        part = self._open.get(index)
        if part is None:
            info = self._parts[index]
            part = TokenPart(self.folder / info.path, info, self.manifest, verify=index not in self._checked)
            self._open[index] = part
            self._checked.add(index)
        return part
