"""The edits by name, and how an entry of ``edit.use`` is read. A new edit is one file and one line here.

What builds an edit from a run's configuration stands in `gristmill.pipelines.edit`, one line for each name.
"""

from __future__ import annotations

from collections.abc import Sequence

from gristmill.filters.edits import c4_lines, decontamination, document_repeats, pii, refinedweb_lines
from gristmill.filters.edits.edit_types import EditSpec, EditUse
from gristmill.filters.use_lists import Entry, UseList, check_kinds

EDITS: dict[str, EditSpec] = {
    spec.name: spec
    for spec in (
        c4_lines.SPEC,
        refinedweb_lines.SPEC,
        document_repeats.SPEC,
        pii.SPEC,
        decontamination.SPEC,
    )
}
"""Every edit by name."""

_USES = UseList("edit.use", "edit", EDITS, ("name", "variant", "kinds"))


def parse_edit(entry: Entry) -> EditUse:
    """Reads one entry of ``edit.use``: a name, ``name@variant``, or a table with ``name``, ``variant`` and ``kinds``.

    Raises:
        ConfigError: an unknown edit, variant, kind or key.

    >>> parse_edit("c4_lines@paper")
    EditUse(name='c4_lines', variant='paper', kinds=('web',))
    >>> parse_edit({"name": "c4_lines", "kinds": ["web", "book"]}).kinds
    ('web', 'book')
    """
    name, variant, table = _USES.read(entry)
    kinds = _USES.kinds(name, table)
    chosen = _USES.variant(name, variant)
    check_kinds(kinds)
    return EditUse(name, chosen, kinds or EDITS[name].kinds)


def parse_edits(entries: Sequence[Entry]) -> tuple[EditUse, ...]:
    """Reads ``edit.use``.

    Raises:
        ConfigError: as `parse_edit`, or an edit is listed twice.
    """
    uses = tuple(parse_edit(entry) for entry in entries)
    _USES.check_once([use.name for use in uses])
    return uses
