"""Which edits ``edit.use`` asks for; a new one is one line here and one in the table of edits."""

from __future__ import annotations

from collections.abc import Callable

from gristmill.config.filter_config import EditSection, PiiSection
from gristmill.errors import ConfigError
from gristmill.filters.contamination.decontamination import Decontamination
from gristmill.filters.edits.c4_lines import C4Lines
from gristmill.filters.edits.decontamination import CutEvaluationItems
from gristmill.filters.edits.document_repeats import DocumentRepeats
from gristmill.filters.edits.edit_types import Edit, EditUse, PlannedEdit
from gristmill.filters.edits.pii import Pii
from gristmill.filters.edits.refinedweb_lines import RefinedWebLines
from gristmill.filters.edits.table import parse_edits


def configured_edits(
    edit: EditSection, pii: PiiSection, decontamination: Decontamination | None
) -> tuple[PlannedEdit, ...]:
    """The edits of a run, in the order in which they are made.

    Args:
        edit: ``[edit]``.
        pii: ``[pii]``, which says what the edit of that name replaces.
        decontamination: what the section of that name finds, if there is one.

    Raises:
        ConfigError: an unknown edit or variant, one listed twice, or one whose section is missing.
    """
    return tuple(PlannedEdit(_build(use, pii, decontamination), use.kinds) for use in parse_edits(edit.use))


def _build(use: EditUse, pii: PiiSection, decontamination: Decontamination | None) -> Edit:
    builders: dict[str, Callable[[], Edit]] = {
        "c4_lines": lambda: C4Lines.of(use.variant),
        "refinedweb_lines": RefinedWebLines,
        "document_repeats": lambda: DocumentRepeats.of(use.variant),
        "pii": lambda: Pii(pii.redact),
        "decontamination": lambda: CutEvaluationItems.of(use.variant, _needed(decontamination)),
    }
    return builders[use.name]()


def _needed(decontamination: Decontamination | None) -> Decontamination:
    if decontamination is None:
        message = "edit.use: 'decontamination' cuts what the section [decontamination] finds; add [decontamination]"
        raise ConfigError(message)
    return decontamination
