"""What the edits of a run took out of one document, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from gristmill.filters.edits.cuts import CUTS_TYPE, apply, from_column

PASSAGE_CHARS = 60
"""Characters shown of each end of a long passage."""


def told_cuts(text: str, stored: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each cut with the passage it took and its characters.

    Args:
        text: the text of ``documents/``.
        stored: its entry of the column ``cuts``.

    >>> told_cuts("one two", [{"edit": "e", "reason": "r", "start": 3, "end": 7, "replacement": ""}])
    [{'edit': 'e', 'reason': 'r', 'start': 3, 'end': 7, 'characters': 4, 'passage': ' two', 'replacement': ''}]
    """
    raw = text.encode()
    told = []
    for cut in stored:
        passage = raw[cut["start"] : cut["end"]].decode()
        told.append(
            {
                **{name: cut[name] for name in ("edit", "reason", "start", "end")},
                "characters": len(passage),
                "passage": shortened(passage),
                "replacement": cut["replacement"],
            }
        )
    return told


def shortened(passage: str) -> str:
    """A passage, or its two ends where it is long.

    >>> len(shortened("x" * 1000))
    123
    """
    if len(passage) <= 2 * PASSAGE_CHARS + 3:
        return passage
    return f"{passage[:PASSAGE_CHARS]} … {passage[-PASSAGE_CHARS:]}"


def edited_text(text: str, stored: Sequence[dict[str, Any]]) -> str:
    """The text that the run judged and trains on.

    >>> edited_text("one two", [{"edit": "e", "reason": "r", "start": 3, "end": 7, "replacement": ""}])
    'one'
    """
    cuts = from_column(pa.array([list(stored)], CUTS_TYPE))
    return str(apply(pa.array([text]), cuts)[0].as_py())


def cut_sentences(told: Sequence[dict[str, Any]]) -> Iterator[str]:
    """One sentence for each edit that cut something.

    >>> cut = {"edit": "e", "reason": "r", "start": 3, "end": 7, "replacement": ""}
    >>> list(cut_sentences(told_cuts("one two", [cut])))
    ['e cut 4 characters in 1 passage: r 1.']
    """
    for edit in dict.fromkeys(cut["edit"] for cut in told):
        own = [cut for cut in told if cut["edit"] == edit]
        reasons = [cut["reason"] for cut in own]
        counts = ", ".join(f"{reason} {reasons.count(reason)}" for reason in dict.fromkeys(reasons))
        passages = f"{len(own):,} passage{'s' * (len(own) > 1)}"
        yield f"{edit} cut {sum(cut['characters'] for cut in own):,} characters in {passages}: {counts}."
