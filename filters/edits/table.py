"""The edits by name, and how an entry of ``edit.use`` is read. A new edit is one file and one line here.

What builds an edit from a run's configuration stands in `gristmill.pipelines.edit`, one line for each name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gristmill.documents import KINDS
from gristmill.errors import ConfigError, unknown_name
from gristmill.filters.edits import c4_lines, decontamination, document_repeats, pii, refinedweb_lines
from gristmill.filters.edits.edit_types import EditSpec, EditUse

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

_KEYS = ("name", "variant", "kinds")


def parse_edit(entry: str | Mapping[str, object]) -> EditUse:
    """Reads one entry of ``edit.use``: a name, ``name@variant``, or a table with ``name``, ``variant`` and ``kinds``.

    Raises:
        ConfigError: an unknown edit, variant, kind or key.

    >>> parse_edit("c4_lines@paper")
    EditUse(name='c4_lines', variant='paper', kinds=('web',))
    >>> parse_edit({"name": "c4_lines", "kinds": ["web", "book"]}).kinds
    ('web', 'book')
    """
    if isinstance(entry, str):
        name, at, variant = entry.partition("@")
        return _checked(name, variant if at else None, ())
    for key in entry:
        if key not in _KEYS:
            raise ConfigError(unknown_name("key of an edit.use table", str(key), _KEYS))
    named, chosen, kinds = entry.get("name"), entry.get("variant"), entry.get("kinds", ())
    if not isinstance(named, str):
        message = f'an edit.use table needs name = "...", one of {", ".join(sorted(EDITS))}; got {dict(entry)!r}'
        raise ConfigError(message)
    if not (chosen is None or isinstance(chosen, str)):
        message = f"variant of edit {named!r} must be a string, got {chosen!r}"
        raise ConfigError(message)
    if isinstance(kinds, str) or not isinstance(kinds, Sequence):
        message = f'kinds of edit {named!r} must be a list such as ["web", "book"], got {kinds!r}'
        raise ConfigError(message)
    return _checked(named, chosen, tuple(str(kind) for kind in kinds))


def parse_edits(entries: Sequence[str | Mapping[str, object]]) -> tuple[EditUse, ...]:
    """Reads ``edit.use``.

    Raises:
        ConfigError: as `parse_edit`, or an edit is listed twice.
    """
    uses = tuple(parse_edit(entry) for entry in entries)
    names = [use.name for use in uses]
    for name in names:
        if names.count(name) > 1:
            message = f"edit {name!r} is listed twice in edit.use; list it once, with one variant"
            raise ConfigError(message)
    return uses


def _checked(name: str, variant: str | None, kinds: tuple[str, ...]) -> EditUse:
    if name not in EDITS:
        raise ConfigError(unknown_name("edit", name, EDITS))
    spec = EDITS[name]
    chosen = spec.default if variant is None else variant
    if chosen not in spec.variants:
        raise ConfigError(unknown_name(f"variant of edit {name!r}", chosen, spec.variants))
    for kind in kinds:
        if kind not in KINDS:
            raise ConfigError(unknown_name("kind", kind, KINDS))
    return EditUse(name, chosen, kinds or spec.kinds)
