"""Where the tests find what is not beside them: the repository, and the shared data that is no part of it."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILTER_PAGES = (
    *sorted((ROOT / "docs" / "filters").glob("*.md")),
    ROOT / "docs" / "classifier.md",
    ROOT / "docs" / "decontamination.md",
)
"""The chapter on filters, and the two pages that hold the rule sets which a section of their own makes."""
SHARED = ROOT.parent / "shared" / "data"


def filter_pages() -> str:
    """The text of the pages that hold every signal and every rule set."""
    return "\n".join(page.read_text(encoding="utf-8") for page in FILTER_PAGES)
