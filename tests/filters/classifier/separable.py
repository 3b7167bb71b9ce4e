"""Texts of two vocabularies without a word in common: what a quality classifier must learn to tell apart at once."""

from __future__ import annotations

import random

GOOD = (
    "the", "miller", "grinds", "wheat", "by", "the", "river", "and", "the", "mill", "wheel", "turns", "slowly", "every",
    "quiet", "morning",
)  # fmt: skip
BAD = (
    "click", "buy", "cheap", "now", "winner", "prize", "free", "offer", "subscribe", "today", "bonus", "deal", "credit",
    "casino", "pills",
)  # fmt: skip


def sentences(words: tuple[str, ...], count: int, seed: int) -> list[str]:
    """So many lines of twelve words, drawn with a seed."""
    draw = random.Random(seed)
    return [" ".join(draw.choices(words, k=12)) for _ in range(count)]
