"""The report panel ``threads``: how many messages begin a thread, how many answer, and what became of both."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from gristmill.reports.counts.batch import Batch
from gristmill.reports.counts.counts import Tally
from gristmill.reports.page.page import Cell, Column, Section, Table, share
from gristmill.reports.page.panel import Measured, Panel
from gristmill.reports.page.run_facts import RunFacts


def count_threads(batch: Batch) -> pa.Table:
    """Documents by their place in a thread and their verdict: integers only, which add up in any order."""
    answers = pc.match_substring(batch.documents.column("meta"), '"in_reply_to":')
    place = pc.if_else(answers, "answer", "first message")
    return batch.grouped({"place": place, "verdict": batch.verdict}, sizes=False)


THREAD_TALLY = Tally("mail_threads", ("place", "verdict"), ("documents",), count_threads)


def build_threads(measured: Measured, _run: RunFacts) -> Section:
    """The section, from the sums over all shards."""
    counts = measured["mail_threads"]
    rows: list[list[Cell]] = []
    for place, (documents,) in counts.by("place").items():
        (kept,) = counts.total(place=place, verdict="kept")
        rows.append([place, documents, kept, share(kept, documents)])
    table = Table(
        "by_place",
        "Messages by their place in a thread",
        "Shares are of the messages of that place.",
        (
            Column("place", "Place", "name"),
            Column("documents", "Messages", "count"),
            Column("kept", "Kept", "count"),
            Column("kept_share", "Share kept", "share"),
        ),
        rows,
    )
    answers = counts.total(place="answer")[0]
    return Section("threads", "Threads", f"{answers:,} of {counts.total()[0]:,} messages answer another.", (table,))


THREADS = Panel("threads", (THREAD_TALLY,), build_threads)
