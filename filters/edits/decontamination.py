"""The edit ``decontamination``: passages that stand in evaluation items are cut, and the rest of the document stays.

Source: Brown et al. 2020, arXiv:2005.14165, appendix C, whose reason is that one chance match should not cost a whole
book. Its two further steps, to drop pieces of fewer than 200 characters and documents in more than ten pieces, are not
part of this edit; ``decontamination_cut_count`` says in how many pieces a document is.
"""

from __future__ import annotations

import dataclasses

import numba
import numpy as np
import pyarrow as pa

from gristmill.filters.contamination.decontamination import Decontamination
from gristmill.filters.contamination.index import load_index
from gristmill.filters.edits.cuts import Cuts
from gristmill.filters.edits.edit_types import EditSpec
from gristmill.filters.text.arrays import Bytes, Int64s
from gristmill.filters.text.buffers import text_buffer

WINDOW_CHARS = 200
"""Characters that the variant ``gpt3`` cuts on either side of what is found."""

SPEC = EditSpec(
    name="decontamination",
    summary="passages that stand in items of evaluation sets",
    reasons=("the name of the evaluation set",),
    source="Brown et al. 2020, arXiv:2005.14165, appendix C",
    default="passage",
    variants={
        "passage": "the words shared with an item, and what stands between them",
        "gpt3": f"also {WINDOW_CHARS} characters on either side",
    },
    needs="decontamination",
)


@dataclasses.dataclass(frozen=True)
class CutEvaluationItems:
    """The edit of a run.

    Attributes:
        found_by: finds the items.
        window_chars: characters cut on either side.
    """

    found_by: Decontamination
    window_chars: int = 0

    name = SPEC.name
    tidying = frozenset[str]()

    @classmethod
    def of(cls, variant: str, found_by: Decontamination) -> CutEvaluationItems:
        """The edit of a variant of `SPEC`."""
        return cls(found_by, WINDOW_CHARS if variant == "gpt3" else 0)

    @property
    def reasons(self) -> tuple[str, ...]:
        """The names of the evaluation sets."""
        return tuple(one.name for one in self.found_by.search.sets)

    def key(self) -> object:
        """All parameters, and the checksums of the sets."""
        return [self.name, self.window_chars, self.found_by.key()]

    def find(self, documents: pa.RecordBatch) -> Cuts:
        """The cuts in ``text``."""
        buffer = text_buffer(documents.column("text"))
        spans = self.found_by.spans(buffer)
        sets = load_index(self.found_by.search).item_set[spans.item]
        start, end = spans.start.copy(), spans.end.copy()
        _widen(buffer.data, buffer.offsets, spans.document.astype(np.int64), start, end, self.window_chars)
        # Widened cuts that meet are one, with the set of the first.
        first = np.ones(len(start), bool)
        first[1:] = (spans.document[1:] != spans.document[:-1]) | (start[1:] > end[:-1])
        places = np.flatnonzero(first)
        if len(places):
            start, end, sets = start[places], np.maximum.reduceat(end, places), sets[places]
        counts = np.bincount(spans.document[places], minlength=documents.num_rows)
        bounds = np.append(np.zeros(1, np.int64), np.cumsum(counts)).astype(np.int64)
        return Cuts.of(self.name, self.reasons, bounds, start, end, sets)


@numba.njit(nogil=True, cache=True)
def _widen(data: Bytes, offsets: Int64s, document: Int64s, start: Int64s, end: Int64s, chars: int) -> None:
    """Moves both ends of each span outwards by so many characters, at most to the ends of its text."""
    for span in range(start.size):
        first, last = offsets[document[span]], offsets[document[span] + 1]
        i, j = first + start[span], first + end[span]
        for _ in range(chars):
            if i > first:
                i -= 1
                while i > first and data[i] & 0xC0 == 0x80:
                    i -= 1
            if j < last:
                j += 1
                while j < last and data[j] & 0xC0 == 0x80:
                    j += 1
        start[span], end[span] = i - first, j - first
