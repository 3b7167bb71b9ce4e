"""Tables on the search for duplicates: what was compared and how similar it was, what was crowded, whose copies."""

from __future__ import annotations

from gristmill.documents import SIMILARITY_EVIDENCE
from gristmill.reports.page.page import Cell, Chart, Column, Table, share
from gristmill.reports.page.run_facts import DedupFact, RepeatedLinesFact
from gristmill.reports.page.wording import count, counted, part_of


def search_tables(fact: DedupFact) -> tuple[Table, ...]:
    """Candidates and what became of them, and their true similarities.

    Args:
        fact: with ``candidates``.
    """
    candidates = fact.candidates or 0
    verified = fact.duplicates if fact.verified is None else fact.verified
    rows: list[list[Cell]] = [["Documents that share a band with another", candidates, None]]
    if verified is not None:
        refused = candidates - verified
        rows.append(["Of these, duplicates after comparison", verified, share(verified, candidates)])
        rows.append(["Of these, kept or without a copy", refused, share(refused, candidates)])
    if fact.candidate_pairs is not None:
        rows.insert(0, ["Links between documents that share a band", fact.candidate_pairs, None])
    if fact.shorter_than_shingle is not None:
        short = "Documents too short for shingles, which only an exact copy can match"
        rows.append([short, fact.shorter_than_shingle, None])
    rows += _url_rows(fact)
    rows += _earlier_rows(fact)
    table = Table(
        "search",
        "The search for duplicates",
        f"Shares are of {counted(candidates, 'candidate document')}. A shared band only makes two documents "
        "candidates; a duplicate is decided by comparing the texts. A band that n documents share links each to the "
        "first of them: n - 1 links.",
        (Column("what", "What", "name"), Column("number", "Number", "count"), Column("share", "Share", "share")),
        rows,
    )
    return (table, *_likeness_table(fact))


def _url_rows(fact: DedupFact) -> list[list[Cell]]:
    """Copies of one address; their texts were not compared, so they are no candidates."""
    if fact.urls is None:
        return []
    return [
        ["Web pages whose addresses were compared", fact.urls.pages, None],
        ["Addresses of which there are several copies", fact.urls.addresses, None],
        ["Older copies of these, dropped for the newest", fact.urls.older, None],
    ]


def _earlier_rows(fact: DedupFact) -> list[list[Cell]]:
    """Copies of documents of earlier runs, by how they are known and by run."""
    rows: list[list[Cell]] = []
    for name, found in sorted((fact.earlier_runs or {}).items()):
        if isinstance(found, dict):
            rows += [[f"Copies of documents of the earlier run {run}", number, None] for run, number in found.items()]
        elif name in SIMILARITY_EVIDENCE:
            rows.append([f"Copies of documents of earlier runs, {name}", found, None])
    return rows


def _likeness_table(fact: DedupFact) -> tuple[Table, ...]:
    bins = fact.likeness_histogram
    total = sum(bins)
    if not total:
        return ()
    width = len(bins) - 1
    labels = [f"{number / width:.2f} to {(number + 1) / width:.2f}" for number in range(width)] + ["1.00"]
    rows: list[list[Cell]] = [[label, found, share(found, total)] for label, found in zip(labels, bins, strict=True)]
    threshold = fact.min_jaccard or 1.0
    below = sum(found for number, found in enumerate(bins) if (number + 1) / width <= threshold + 1e-9)
    about = (
        "The true Jaccard similarity of each candidate with the best document of its group, the one that would stay if "
        f"groups were not looked into. {count(below)} of {count(total)} lie below {threshold:g}: a tool that keeps one "
        "document of each group, unverified, would drop them. Here they stay, unless another kept document is similar "
        "enough."
    )
    return (
        Table(
            "likeness",
            "Candidates by true similarity",
            about,
            (
                Column("similarity", "Similarity", "name"),
                Column("documents", "Candidates", "count"),
                Column("share", "Share", "share"),
            ),
            rows,
            charts=(
                Chart("columns", "Candidates by true similarity", ("similarity",), ("documents",), rows=width + 1),
            ),
        ),
    )


def found_tables(fact: DedupFact) -> tuple[Table, ...]:
    """Source by source, the largest clusters, and the hot buckets; each only where there is one."""
    tables = []
    if fact.by_source:
        total = sum(number for _, _, number in fact.by_source)
        tables.append(
            Table(
                "source_by_source",
                "Duplicates by source and by source of the kept document",
                f"Shares are of {counted(total, 'duplicate')} of a document of this run.",
                (
                    Column("source", "Source of the duplicate", "name"),
                    Column("kept", "Source of the kept document", "name"),
                    Column("documents", "Duplicates", "count"),
                    Column("share", "Share", "share"),
                ),
                [[source, kept, number, share(number, total)] for source, kept, number in fact.by_source],
            )
        )
    if fact.largest_clusters:
        tables.append(
            Table(
                "largest_clusters",
                "The largest clusters",
                "Every member was compared with the kept document, and is at least as similar to it as the threshold.",
                (
                    Column("size", "Documents", "count"),
                    Column("kept", "Kept", "corpus"),
                    Column("members", "Some of the others", "corpus"),
                ),
                [[cluster.size, cluster.kept, _listed(cluster.members)] for cluster in fact.largest_clusters],
            )
        )
    tables += _line_tables(fact.repeated_lines)
    if fact.hot_buckets_total:
        limit = f"more than {count(fact.max_bucket)} documents" if fact.max_bucket else "very many documents"
        tables.append(
            Table(
                "hot_buckets",
                "Hot buckets",
                f"{counted(fact.hot_buckets_total, 'bucket')} of {limit}: bands that very many documents share, as "
                "those of a template, a licence or an error page do. None of their documents is left out; each is "
                "linked to the first of its bucket and compared like any other. The largest are listed.",
                (Column("size", "Documents", "count"), Column("examples", "Some of them", "corpus")),
                [[bucket.size, _listed(bucket.examples)] for bucket in fact.hot_buckets],
            )
        )
    return tuple(tables)


def _line_tables(fact: RepeatedLinesFact | None) -> list[Table]:
    """The repeated lines by their text, the most often cut first."""
    if fact is None or not fact.lines:
        return []
    listed = sum(line.cut for line in fact.lines)
    return [
        Table(
            "repeated_lines",
            "Lines cut most often",
            f"{counted(fact.repeats, 'distinct line')} stood in several documents. Each stays in the first; its "
            f"copies in the others were cut. The lines below account for {part_of(listed, fact.cut, 'copies cut')}; "
            "shares are of these. Long lines are shortened here.",
            (
                Column("line", "Line", "corpus"),
                Column("cut", "Copies cut", "count"),
                Column("share", "Share", "share"),
                Column("documents", "Documents that held it", "count"),
                Column("kept", "Stays in", "corpus"),
            ),
            [[line.text, line.cut, share(line.cut, fact.cut), line.documents, line.kept] for line in fact.lines],
        )
    ]


def _listed(names: tuple[str, ...]) -> str:
    """Addresses on one line.

    >>> _listed(("a", "b"))
    'a | b'
    """
    return " | ".join(names)
