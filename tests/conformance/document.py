"""Writes docs/conformance.md from the stored figures and today's signals.

python -m tests.conformance.document
"""

from __future__ import annotations

from collections import Counter

from gristmill.filters.rules.rules import RULE_SETS
from tests.conformance import compare
from tests.places import ROOT

PAGE = ROOT / "docs" / "conformance.md"

GROUPS = {
    "web": "web pages",
    "book": "passages of books, 13 languages",
    "code": "source files",
    "rights": "declarations of human rights",
    "sentences": "single sentences, 75 languages",
}

INTRODUCTION = """\
# Conformance: whose numbers these are

Written by `python -m tests.conformance.document`; a test holds this page to the code. The same rule name means different things in different
tools, so every variant of ours says whose way of counting it follows, and here is how far it does.

Two peers were run as they are published, in environments of their own, over the same texts, and what they said is stored in
`tests/conformance/expected/` (hashes and figures, no text); `python -m tests.conformance.collect` asks them again. Where a peer's code
cannot be installed (RedPajama-V2, tensorflow_datasets' C4), the definitions are written a second time in plain Python under
`tests/filters/`, and every signal must equal them exactly on arbitrary Unicode.
"""

DEFECTS = """\
## Peers' defects that are not copied

| peer | what it does | here |
|---|---|---|
| datatrove | Gopher quality divides by the number of tokens, and fails with an exception on a text without any | 0, and the text is too short |
| datatrove | repeated n-grams are compared with their words glued together, so `ab c` is `a bc` | words are kept apart |
| datatrove | C4 bad words: every language's list of exceptions applies to all; which pages are kept is drawn without a seed | the list of the document's language; nothing is drawn |
| datatrove | URL words in capitals are not found | letters are lowered first |
| Dolma | an exception leaves a text with some of its attributes, as if the others were fine | a text that cannot be measured is an error |
| Dolma | characters of repeated lines, blanks included, over characters without blanks: can pass 1 | copied, for the threshold is on that figure; the signal says so |
| Dolma | `mixing` configurations name attributes that the tagger does not write, so their rules match nothing | an unknown signal is refused |
| NeMo | of equally frequent n-grams a random one counts, by `PYTHONHASHSEED` | the longest, then the first |
"""


def page() -> str:
    """The whole page.

    Raises:
        ValueError: the shared data is not beside the repository.
    """
    if not compare.corpus(real=True).names:
        message = "the shared data is not beside the repository; the page needs the real documents"
        raise ValueError(message)
    parts = [INTRODUCTION, _documents(), _datatrove(), _dolma(), _notes(), DEFECTS]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def _documents() -> str:
    counted = Counter(compare.corpus(real=True).groups)
    rows = [f"| {words} | {counted[group]:,} |" for group, words in GROUPS.items()]
    made = len(compare.corpus(real=False).names)
    rows.append(f"| made for an edge case | {made} |")
    head = (
        "## The documents\n\nThe first 12,000 characters of each; every one is judged as English, as the peers do.\n\n"
    )
    return head + "| what | documents |\n|---|---|\n" + "\n".join(rows)


def _versions(peer: str) -> str:
    return ", ".join(f"{name} {version}" for name, version in compare.versions(peer).items())


def _datatrove() -> str:
    rows = []
    for rule_set in compare.RULE_SETS:
        found = compare.verdicts(rule_set, real=True)
        cells = [f"{compare.verdicts(rule_set, real=True, group=group).agreement:.1%}" for group in GROUPS]
        made = compare.verdicts(rule_set, real=False)
        crashed = len(compare.crashes(rule_set, real=True)) + len(compare.crashes(rule_set, real=False))
        rows.append(
            f"| `{rule_set}@datatrove` | **{found.agreement:.2%}** | {' | '.join(cells)} | {made.agreement:.1%} | "
            f"{found.only_we_drop} | {found.only_they_drop} | {crashed} |"
        )
    figures = compare.datatrove_figures(real=True)
    tokens = "; ".join(f"`{one.ours}` is equal on {one.equal / one.documents:.2%} of the documents" for one in figures)
    reasons: Counter[str] = Counter()
    for rule_set in compare.RULE_SETS:
        for _, ours, theirs in compare.verdicts(rule_set, real=True).disagreements:
            reasons[
                f"{rule_set}: " + (f"they say `{theirs}`" if theirs else f"we say `{ours[0].partition('.')[2]}`")
            ] += 1
    told = "" if reasons else "There is no disagreement."
    told += "\n".join(
        f"* {reason}: {count}" for reason, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))[:12]
    )
    return f"""## datatrove ({_versions("datatrove")})

Share of the documents on which its filter and our variant give the same verdict, on all real documents and by group; documents that
only one of the two drops; and texts on which its filter raises an exception, which are left out.

| variant | agreement | {" | ".join(GROUPS)} | made | only we drop | only it drops | it crashes |
|---|---|{"---|" * len(GROUPS)}---|---|---|---|
{chr(10).join(rows)}

Its words are the tokens of spaCy's English rules, which a kernel of ours follows: {tokens}. {told}"""


def _dolma() -> str:
    rows = []
    for figures in compare.dolma_figures(real=True):
        made = next(one for one in compare.dolma_figures(real=False) if one.ours == figures.ours)
        equal, documents = figures.equal + made.equal, figures.documents + made.documents
        rows.append(
            f"| `{figures.theirs}` | `{figures.ours}` | {equal:,} of {documents:,} | {max(figures.largest, made.largest):.2g} |"
        )
    return f"""## Dolma ({_versions("dolma")})

Every attribute of its tagger `gopher_v1` beside our signal, equal to 12 digits. A difference comes from the four control characters
(U+001C to U+001F) that Python's `str.split` takes for white space and Unicode does not, or from a text of white space only, whose blank
lines Dolma counts over a denominator of 1.

| attribute | signal | equal | largest difference |
|---|---|---|---|
{chr(10).join(rows)}"""


def _notes() -> str:
    lines = [
        f"| `{name}@{variant}`{' (default)' if variant == rule_set.default else ''} | {rule_set.notes[variant]} |"
        for name, rule_set in RULE_SETS.items()
        for variant in rule_set.variants
    ]
    return "## What each variant means\n\n| variant | what sets it apart |\n|---|---|\n" + "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page())
    print(PAGE)
