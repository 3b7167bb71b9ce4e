"""Where a line, a sentence or a field of a record begins or ends: a short item counts only between two such places.

Between two words there is such a boundary if the text between them holds

* a line break, a tab or another control character; or
* a mark other than a comma, a dash or an apostrophe: ``.``, ``?``, ``:``, ``"``, ``(``, ``<``, ``|``, ``…``; or
* a comma and no white space, as in a file of comma-separated values.

The beginning and the end of the text are boundaries. A comma in a sentence, ``well-known``, ``don't`` and white space
are none.
"""

from __future__ import annotations

import numba
import numpy as np

from gristmill.filters.contamination.normal_form import (
    CLASS_SHIFT,
    CODE_MASK,
    EXPANDS,
    OTHER,
    SPACE,
    FoldTables,
    fold_tables,
)
from gristmill.filters.text.arrays import Bytes
from gristmill.filters.text.utf8 import code_point

_COMMA = ord(",")
_WEAK = tuple(map(ord, ",\u060c\u3001-\u2010\u2011\u2012\u2013\u2014\u2015\u2212"))
_BREAKS = (0x85, 0x2028, 0x2029)
_FIRST_PRINTED = 0x20


def parts(between: str) -> bool:
    r"""Whether what stands between two words parts two lines, sentences or fields.

    >>> [parts(". "), parts("\n"), parts(': "'), parts("…"), parts(",")]
    [True, True, True, True, True]
    >>> [parts(" "), parts(", "), parts("-"), parts(" \N{EM DASH} "), parts("'")]
    [False, False, False, False, False]
    """
    data = np.frombuffer(between.encode("utf-8", "replace"), np.uint8)
    return bool(is_boundary(data, 0, len(data), fold_tables()))


@numba.njit(nogil=True, cache=True)
def is_boundary(data: Bytes, i: int, end: int, tables: FoldTables) -> bool:
    """Whether the bytes from ``i`` to ``end``, which lie between two words, part two lines, sentences or fields."""
    comma = space = False
    while i < end:
        point, width = code_point(data, i, end)
        kind, code = int(tables.entries[point] >> CLASS_SHIFT), int(tables.entries[point] & CODE_MASK)
        if kind == SPACE:
            if code < _FIRST_PRINTED or code in _BREAKS:
                return True
            space = True
        elif kind == EXPANDS or (kind == OTHER and code not in _WEAK):
            return True
        comma |= point == _COMMA
        i += width
    return comma and not space
