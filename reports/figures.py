"""report.json: every figure that the page shows, with its denominator."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from gristmill.reports.counts.lexicon import english_terms
from gristmill.reports.measure import Measures
from gristmill.reports.page.page import share
from gristmill.reports.page.panel import Measured, Panel, run_totals
from gristmill.reports.page.run_facts import RunFacts, run_facts
from gristmill.reports.page.wording import count, counted, percent
from gristmill.reports.panels.table import PANELS
from gristmill.web_domains import suffix_list_version

SCHEMA_VERSION = 1
"""Version of the layout of report.json."""


def figures(measures: Measures, *, run: Mapping[str, object], panels: Sequence[Panel] = PANELS) -> dict[str, object]:
    """The content of report.json, from which the page is rendered.

    Args:
        measures: the counts of the whole run.
        run: what is known about the run beside them; see :class:`gristmill.reports.page.run_facts.RunFacts`.
        panels: the sections, in order; the measures were counted for them.

    Raises:
        ConfigError: ``run`` has an unknown key or a value of the wrong type.

    >>> sorted(figures(Measures(), run={"name": "empty"}))
    ['headline', 'method', 'run', 'schema_version', 'sections', 'warnings']
    """
    facts = run_facts(run)
    return {
        "schema_version": SCHEMA_VERSION,
        "run": _identity(facts),
        "warnings": list(facts.warnings),
        "headline": _headline(measures.counts),
        "sections": [panel.build(measures.counts, facts).to_dict() for panel in panels],
        "method": _method(),
    }


def to_json(report: Mapping[str, object]) -> str:
    """report.json as text: sorted keys, UTF-8, one trailing line end.

    Raises:
        ValueError: a figure is not a finite number.
    """
    return json.dumps(report, sort_keys=True, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _identity(facts: RunFacts) -> dict[str, object]:
    return {
        "name": facts.name,
        "config_hash": facts.config_hash,
        "code_version": facts.code_version,
        "input_manifest_hash": facts.input_manifest_hash,
        "seed": facts.seed,
    }


def _headline(measured: Measured) -> list[dict[str, object]]:
    verdicts = measured["verdicts"]
    read, kept, kept_bytes, tokens = run_totals(measured)
    removed = verdicts.total(verdict="removed")[0]
    duplicate = verdicts.total(verdict="duplicate")[0]
    english = measured["english"].total(verdict="kept")[0]

    def of_read(part: int) -> str:
        ratio = share(part, read)
        return (
            f"of {count(read)} documents read" if ratio is None else f"{percent(ratio)} of {count(read)} documents read"
        )

    return [
        {
            "label": "Documents read",
            "value": read,
            "kind": "count",
            "about": f"from {counted(len(verdicts.by('source')), 'source')}",
        },
        {"label": "Documents kept", "value": kept, "kind": "count", "about": of_read(kept)},
        {"label": "Removed by a rule", "value": removed, "kind": "count", "about": of_read(removed)},
        {"label": "Duplicates", "value": duplicate, "kind": "count", "about": of_read(duplicate)},
        {
            "label": "Text kept",
            "value": kept_bytes,
            "kind": "bytes",
            "about": f"of {verdicts.total()[1]:,} bytes read, UTF-8",
        },
        {"label": "Tokens", "value": tokens, "kind": "count", "about": f"in {count(kept)} documents kept"},
        {
            "label": "Languages kept",
            "value": len(measured["languages"].by("language", verdict="kept")),
            "kind": "count",
            "about": f"in {count(kept)} documents kept",
        },
        {
            "label": "English documents kept",
            "value": english,
            "kind": "count",
            "about": "without source code; the pronoun and identity sections count these",
        },
    ]


def _method() -> list[dict[str, str]]:
    lexicon = english_terms()
    return [
        {"what": "Share intervals", "how": "Wilson's score interval, 95 % (Wilson 1927)"},
        {"what": "Ratio intervals", "how": "adjusted log interval, 95 % (Walter 1975)"},
        {
            "what": "Ratios for the same source and length",
            "how": "Mantel-Haenszel over source and doubling length bins; Greenland and Robins' interval, 95 % (1985)",
        },
        {"what": "Registrable domains", "how": suffix_list_version()},
        {"what": "Word list", "how": f"{lexicon.name} {lexicon.version}, {lexicon.license}"},
        {
            "what": "Rounding",
            "how": "counts are exact sums; shares and ratios are rounded to six digits after the point",
        },
    ]
