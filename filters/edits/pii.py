"""The edit ``pii``: personal data and secrets give way to the placeholder of their kind.

What is found is what the signals ``pii_*_count`` count (`gristmill.filters.pii`). The placeholders are fixed, so the
same text always becomes the same text; datatrove and StarCoder draw theirs in turn or at random. A text that was edited
once holds nothing more that the edit would cut.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa

from gristmill.filters.edits.compose import compose
from gristmill.filters.edits.cuts import Cuts, apply_buffer
from gristmill.filters.edits.edit_types import EditSpec
from gristmill.filters.pii.finder import find
from gristmill.filters.pii.kinds import KINDS, PLACEHOLDERS
from gristmill.filters.text.buffers import TextBuffer, text_buffer

SPEC = EditSpec(
    name="pii",
    summary="e-mail and public IP addresses, telephone, card and account numbers, API keys and private keys",
    reasons=KINDS,
    source="gristmill.filters.pii; placeholders in the form of Li et al. 2023, arXiv:2305.06161, section 4",
    default="placeholders",
    variants={"placeholders": "a placeholder such as <EMAIL> stands where one was cut"},
    needs="pii",
)


@dataclasses.dataclass(frozen=True)
class Pii:
    """Cuts personal data and secrets of some kinds.

    Attributes:
        kinds: names of `gristmill.filters.pii.kinds.KINDS`; what is of another kind stays.

    >>> documents = pa.RecordBatch.from_pydict({"text": ["mail ann@mill.net, call +44 20 7946 0958"]})
    >>> cuts = Pii(("email",)).find(documents)
    >>> [(cuts.labels[i].reason, int(a), int(b)) for i, a, b in zip(cuts.label, cuts.start, cuts.end)]
    [('email', 5, 17)]
    """

    kinds: tuple[str, ...] = KINDS

    name = SPEC.name
    reasons = KINDS
    tidying = frozenset(KINDS)

    def key(self) -> object:
        """The kinds, in their own order, and what stands in their place."""
        return [self.name, [(kind, PLACEHOLDERS[kind]) for kind in KINDS if kind in self.kinds]]

    def find(self, documents: pa.RecordBatch) -> Cuts:
        """The cuts in ``text``, repeated until nothing more is found: a number may hide the end of the one before."""
        buffer = text_buffer(documents.column("text"))
        total = self._find_once(buffer)
        cuts = total
        while len(cuts):
            buffer = apply_buffer(buffer, cuts)
            cuts = self._find_once(buffer)
            total = compose(total, cuts)
        return total

    def _find_once(self, buffer: TextBuffer) -> Cuts:
        spans = find(buffer)
        wanted = np.array([kind in self.kinds for kind in KINDS])[spans.kind]
        document, start, end, kind = (column[wanted] for column in spans)
        bounds = np.searchsorted(document, np.arange(len(buffer.offsets)))
        replacement = pa.array([PLACEHOLDERS[name] for name in KINDS]).take(pa.array(kind))
        return Cuts.of(self.name, KINDS, bounds.astype(np.int64), start, end, kind.astype(np.int32), replacement)
