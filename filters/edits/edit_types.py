"""What an edit is: it reads a batch of documents and says what to cut. It never changes a text itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from gristmill.documents import KINDS
from gristmill.filters.edits.cuts import Cuts

EDIT_COLUMNS = ("doc_id", "source", "kind", "uri", "text", "meta")
"""Columns of the documents that an edit may read. Edits come before any signal, the language included."""


class Edit(Protocol):
    """Finds what to cut. A frozen dataclass that travels to every worker as it is.

    So it holds parameters and paths, never a loaded model or list: what it loads, it loads once per process.
    """

    @property
    def name(self) -> str:
        """As in ``edit.use``."""
        ...

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why a passage may be cut; each is counted by itself."""
        ...

    @property
    def tidying(self) -> frozenset[str]:
        """The reasons that only tidy a text (blank lines, addresses in it) and do not count as words and lines cut."""
        ...

    def key(self) -> object:
        """JSON values that say everything its cuts depend on: parameters, and checksums of files, never paths."""
        ...

    def find(self, documents: pa.RecordBatch) -> Cuts:
        """The cuts of a batch (`EDIT_COLUMNS`), one list per row, made with `Cuts.of`.

        ``text`` is as the edits before have left it; offsets are bytes into that.
        """
        ...


@dataclass(frozen=True)
class EditSpec:
    """One line of the table of edits.

    Attributes:
        name: as in ``edit.use``.
        summary: one sentence on what it cuts.
        reasons: every reason it may give for a cut, in the order in which they are tried.
        source: the paper or code that it follows.
        default: the variant that the bare name means.
        variants: what sets each variant apart, by name.
        kinds: the kinds of document that it edits unless told otherwise.
        needs: section of the configuration that it reads; empty if none.
    """

    name: str
    summary: str
    reasons: tuple[str, ...]
    source: str
    default: str
    variants: Mapping[str, str]
    kinds: tuple[str, ...] = KINDS
    needs: str = ""


@dataclass(frozen=True)
class EditUse:
    """One entry of ``edit.use``: an edit, a variant, and the kinds of document that it edits."""

    name: str
    variant: str
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class PlannedEdit:
    """An edit of a run and the kinds of document that it edits."""

    edit: Edit
    kinds: tuple[str, ...]
