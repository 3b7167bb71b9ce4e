"""The panels of the report, in the order of the page. A new panel is one file and one line here."""

from __future__ import annotations

from collections.abc import Sequence

from gristmill.reports.counts.counts import Tally
from gristmill.reports.page.panel import Panel
from gristmill.reports.panels.dates import DATES
from gristmill.reports.panels.domains import DOMAINS
from gristmill.reports.panels.drop_rates import DROP_RATES
from gristmill.reports.panels.duplicates import DUPLICATES
from gristmill.reports.panels.funnel import FUNNEL
from gristmill.reports.panels.identity_terms import IDENTITY_TERMS
from gristmill.reports.panels.languages import LANGUAGES
from gristmill.reports.panels.lengths import LENGTHS
from gristmill.reports.panels.licenses import LICENSES
from gristmill.reports.panels.processing import PROCESSING
from gristmill.reports.panels.pronouns import PRONOUNS
from gristmill.reports.panels.rule_effects import RULE_EFFECTS

PANELS: tuple[Panel, ...] = (
    FUNNEL,
    RULE_EFFECTS,
    DROP_RATES,
    DUPLICATES,
    LANGUAGES,
    DOMAINS,
    LICENSES,
    DATES,
    LENGTHS,
    PRONOUNS,
    IDENTITY_TERMS,
    PROCESSING,
)


def tallies(panels: Sequence[Panel] = PANELS) -> tuple[Tally, ...]:
    """Every tally that some panel counts, once each, in the order of first use.

    >>> tallies()[0].name
    'verdicts'
    """
    found: dict[str, Tally] = {}
    for panel in panels:
        for tally in panel.tallies:
            if found.setdefault(tally.name, tally) is not tally:
                message = f"two tallies are called {tally.name!r}; names of tallies must be unique"
                raise ValueError(message)
    return tuple(found.values())
