"""Identity terms in English documents, and whether documents that mention them were kept as often as others."""

from __future__ import annotations

from gristmill.reports.counts.english import AXIS_TALLY, ENGLISH_TALLY, TERM_TALLY, WHAT_IS_COUNTED
from gristmill.reports.counts.intervals import Estimate
from gristmill.reports.counts.keep_ratios import MIN_EACH_WAY, MIN_MENTIONING, KeepRates, keep_rates
from gristmill.reports.counts.lexicon import Term, english_terms
from gristmill.reports.page.page import DECIMALS, Cell, Chart, Column, Section, Table, insufficient, interval, share
from gristmill.reports.page.panel import Measured, Panel
from gristmill.reports.page.run_facts import RunFacts
from gristmill.reports.page.wording import count, counted

_COLUMNS = (
    Column("kept", "Kept with it", "count"),
    Column("removed", "Removed with it", "count"),
    Column("document_share", "Share of English documents", "share"),
    Column("keep_rate", "Keep rate with it", "share"),
    Column("keep_rate_without", "Keep rate without it", "share"),
    Column("plain", "Ratio", "ratio"),
    Column("plain_interval", "95 % interval", "ratio_interval"),
    Column("adjusted", "Ratio, same source and length", "ratio"),
    Column("adjusted_interval", "95 % interval", "ratio_interval"),
)

_ABOUT = (
    "Documents are English documents kept or removed by a rule; duplicates are left out. Ratio: keep rate of the "
    "documents that mention the term over the keep rate of those that do not; 1: kept as often; below 1: less often. "
    "Same source and length: the ratio among documents of one source and one length bin, combined over all of them "
    f"(Mantel-Haenszel). No ratio is printed for fewer than {MIN_MENTIONING} documents with the term, or fewer than "
    f"{MIN_EACH_WAY} of them kept or removed."
)


def _cells(rates: KeepRates) -> list[Cell]:
    with_term, without = rates.mentioning, rates.others
    head: list[Cell] = [
        rates.mentioning_kept,
        rates.mentioning_removed,
        share(with_term, with_term + without),
        share(rates.mentioning_kept, with_term),
        share(rates.others_kept, without),
    ]
    if rates.shortage is not None:
        return [*head, *[insufficient(rates.shortage)] * 4]
    return [*head, *_ratio_cells(rates.plain), *_ratio_cells(rates.adjusted)]


def _ratio_cells(estimate: Estimate | None) -> list[Cell]:
    if estimate is None:
        return [insufficient("no source and length with documents of both sorts")] * 2
    return [round(estimate.value, DECIMALS), interval(estimate)]


def _term_rows(measured: Measured, terms: list[Term]) -> list[list[Cell]]:
    """Terms with a ratio first, the interval farthest from 1 first; then the rest by frequency."""
    rows: list[tuple[tuple[float, int, str], list[Cell]]] = []
    found = keep_rates(measured["english"], measured["english_terms"], [term.name for term in terms])
    for term in terms:
        rates = found[term.name]
        adjusted = rates.adjusted if rates.shortage is None else None
        rank = 1.0 if adjusted is None else -_distance(adjusted)
        rows.append(((rank, -rates.mentioning, term.name), [term.name, term.axis, *_cells(rates)]))
    return [row for _, row in sorted(rows, key=lambda item: item[0])]


def _distance(estimate: Estimate) -> float:
    """How far the nearer end of the interval lies from 1, as a ratio above 1; 0 where the interval holds 1."""
    if estimate.low > 1.0:
        return estimate.low
    return 1.0 / estimate.high if 0.0 < estimate.high < 1.0 else 0.0


def _axis_rows(measured: Measured) -> list[list[Cell]]:
    axes = [axis for axis, role, _ in english_terms().axes if role != "pronoun"]
    found = keep_rates(measured["english"], measured["english_axes"], axes)
    return [[axis, *_cells(found[axis])] for axis in axes]


def _with_ratio(rows: list[list[Cell]]) -> list[list[float]]:
    """The adjusted intervals of the rows that have one."""
    return [row[-1] for row in rows if isinstance(row[-1], list)]


def _excluding_one(rows: list[list[Cell]]) -> int:
    return sum(1 for low, high in _with_ratio(rows) if low > 1.0 or high < 1.0)


def _forest(title: str, label: str) -> Chart:
    return Chart("forest", title, (label,), ("adjusted",), "adjusted_interval", rows=30)


def build_identity_terms(measured: Measured, _run: RunFacts) -> Section:
    """The section from the counts."""
    lexicon = english_terms()
    identity = [term for term in lexicon.of_role("identity") if not term.ambiguous]
    clear = _term_rows(measured, identity)
    control = _term_rows(measured, list(lexicon.of_role("control")))
    unclear = _term_rows(measured, [term for term in lexicon.of_role("identity") if term.ambiguous])
    axes = _axis_rows(measured)
    term, axis = Column("term", "Term", "name"), Column("axis", "Axis", "name")
    tables = (
        Table(
            "axes",
            "English documents that mention any term of an axis",
            _ABOUT + " Ambiguous terms do not count for their axis.",
            (axis, *_COLUMNS),
            axes,
            charts=(_forest("Keep-rate ratio by axis, same source and length", "axis"),),
        ),
        Table(
            "terms",
            "English documents that mention a term",
            _ABOUT + " Terms whose interval lies farthest from 1 come first.",
            (term, axis, *_COLUMNS),
            clear,
            charts=(_forest("Keep-rate ratio by term, same source and length", "term"),),
        ),
        Table(
            "controls",
            "Control words, which name no group of people",
            _ABOUT + " A ratio away from 1 here is the method's own error.",
            (term, axis, *_COLUMNS),
            control,
            charts=(_forest("Keep-rate ratio of control words, same source and length", "term"),),
        ),
        Table("ambiguous", "Terms that are common in other meanings", _ABOUT, (term, axis, *_COLUMNS), unclear),
    )
    kept = measured["english"].total(verdict="kept")[0]
    removed = measured["english"].total(verdict="removed")[0]
    lead = (
        f"{counted(len(identity), 'term')} were counted in {counted(kept + removed, 'English document')} "
        f"({count(kept)} kept, {count(removed)} removed by a rule); {len(_with_ratio(clear))} occur often "
        "enough for a ratio."
    )
    return Section("identity_terms", "Identity terms", lead, tables, _notes(clear, control))


def _comparisons(clear: list[list[Cell]], control: list[list[Cell]]) -> str:
    """How many intervals miss 1, beside how many would by chance and how many control words do."""
    family, controls = len(_with_ratio(clear)), len(_with_ratio(control))
    if family == 0:
        return (
            "No term occurs in enough documents, kept and removed, for a ratio: this run can neither show nor rule out "
            "a difference."
        )
    return (
        f"Many comparisons: of {counted(family, 'ratio')}, {_excluding_one(clear)} have an interval that does not hold "
        f"1; by chance alone about {0.05 * family:.1f} would. Of {counted(controls, 'control word')} with a ratio, "
        f"{_excluding_one(control)} do. A term stands out only where it lies farther from 1 than the control words."
    )


def _notes(clear: list[list[Cell]], control: list[list[Cell]]) -> tuple[str, ...]:
    lexicon = english_terms()
    return (
        (
            "A count of a term is a statement about texts, not about people: a document that mentions a group may be "
            "by its members, about them, or against them, and most documents about people name no group at all."
        ),
        _comparisons(clear, control),
        (
            "The intervals treat documents as independent. Pages of one site tend to share their fate, so the true "
            "uncertainty is larger than shown. They do not cover errors of the word list or of the language identifier."
        ),
        WHAT_IS_COUNTED,
        f"Word list: {lexicon.name} version {lexicon.version} ({lexicon.license}). {lexicon.about}",
    )


IDENTITY_TERMS = Panel("identity_terms", (ENGLISH_TALLY, TERM_TALLY, AXIS_TALLY), build_identity_terms)
