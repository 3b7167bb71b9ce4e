from __future__ import annotations

import numpy as np
import pytest

from gristmill.filters.text.buffers import PAD_BYTES
from gristmill.filters.text.sentences import count_sentences
from gristmill.filters.text.unicode_classes import class_table


def count(line: str) -> int:
    raw = line.encode()
    data = np.frombuffer(raw + bytes(PAD_BYTES), np.uint8).copy()
    return int(count_sentences(data, 0, len(raw), class_table()))


@pytest.mark.parametrize(
    ("line", "sentences"),
    [
        ("", 0),
        ("   ", 0),
        ("word", 1),
        ("One sentence.", 1),
        ("One sentence. Another one.", 2),
        ("Really? Yes! Good.", 3),
        ("He met Dr. Smith and Mrs. Jones in St. Louis.", 1),
        ("J. R. R. Tolkien wrote it. It is long.", 2),
        ("Flour, bread, etc. are sold here.", 1),
        ("It ended at 5 p.m. yesterday.", 1),
        ('"Stop!" he said. "Why?" she asked.', 4),
        ("He waited... and waited.", 1),
        ("He waited... Then he left.", 2),
        ("He waited\u2026 Then he left.", 2),
        ("It was 1990. The mill stood.", 2),
        ("(It is so.) \u201cIndeed.\u201d \u00abOui.\u00bb Yes.", 4),
        ("Version 2.5 of example.com is out.", 1),
    ],
)
def test_sentences_of_a_line(line: str, sentences: int) -> None:
    assert count(line) == sentences
