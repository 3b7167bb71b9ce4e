"""Recognises a licence file by the sentences that only this licence has.

Each licence is a few phrases that must all occur, in text reduced to lower-case words; the order of the table decides
between a licence and the licences whose text contains it. The phrases are those of the texts on the SPDX licence list.
"""

from __future__ import annotations

import re

_WORDS = re.compile(r"[a-z0-9.]+")
_FILE_NAME = re.compile(
    r"(?:un)?licen[sc]es?(?:[-._].*)?|copying(?:[-._].*)?|.*[-._](?:un)?licen[sc]e(?:\.(?:txt|md|rst))?", re.IGNORECASE
)
_CODE_SUFFIXES = (".py", ".js", ".c", ".h", ".go", ".rs", ".java", ".rb", ".ts", ".json", ".html", ".xml")

HEAD_CHARS = 20_000
"""How much of a licence file is looked at."""

_BSD = (
    "redistribution and use in source and binary forms",
    "redistributions of source code must retain the above copyright notice",
)
_ISC = "permission to use copy modify and or distribute this software for any purpose with or without fee"
_PHRASES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("AGPL-3.0", ("gnu affero general public license version 3",)),
    ("LGPL-3.0", ("gnu lesser general public license version 3",)),
    ("LGPL-2.1", ("gnu lesser general public license version 2.1",)),
    ("LGPL-2.0", ("gnu library general public license version 2",)),
    ("GPL-3.0", ("gnu general public license version 3",)),
    ("GPL-2.0", ("gnu general public license version 2 june 1991",)),
    ("MPL-2.0", ("mozilla public license version 2.0",)),
    ("Apache-2.0", ("apache license version 2.0 january 2004",)),
    ("Apache-2.0", ("licensed under the apache license version 2.0",)),
    ("CC0-1.0", ("cc0 1.0 universal",)),
    ("Unlicense", ("this is free and unencumbered software released into the public domain",)),
    ("BSD-4-Clause", (*_BSD, "all advertising materials mentioning features or use of this software")),
    ("BSD-3-Clause", (*_BSD, "endorse or promote products derived from")),
    ("BSD-2-Clause", _BSD),
    (
        "Zlib",
        (
            "the origin of this software must not be misrepresented",
            "altered source versions must be plainly marked as such",
        ),
    ),
    (
        "MIT",
        (
            "permission is hereby granted free of charge to any person obtaining a copy",
            "the above copyright notice and this permission notice shall be included in all copies",
        ),
    ),
    ("ISC", (_ISC, "provided that the above copyright notice and this permission notice appear in all copies")),
    ("0BSD", (_ISC,)),
    ("PSF-2.0", ("python software foundation license version 2",)),
    ("BSL-1.0", ("boost software license version 1.0",)),
)


def is_license_file(name: str) -> bool:
    """Whether a file's name (without folder) says that it holds a licence.

    >>> [is_license_file(name) for name in ("LICENSE", "COPYING.txt", "MIT-LICENSE", "license_files.py", "main.c")]
    [True, True, True, False, False]
    """
    return bool(_FILE_NAME.fullmatch(name)) and not name.lower().endswith(_CODE_SUFFIXES)


def license_from_text(text: str) -> str | None:
    """The SPDX identifier of a licence file's text, ``None`` if it is none of the known ones.

    The GNU licences say nothing in their own text about later versions, so they give the identifier without ``-only``
    or ``-or-later``, which SPDX lists as deprecated but which is all that the file supports.

    >>> license_from_text("This is free and unencumbered software released into the public domain.")
    'Unlicense'
    """
    words = " ".join(_WORDS.findall(text[:HEAD_CHARS].lower()))
    words = re.sub(r"\.(?= |$)", "", words)
    for name, phrases in _PHRASES:
        if all(phrase in words for phrase in phrases):
            return name
    return None
