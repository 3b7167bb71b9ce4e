"""A property any loader can be held to: stopped anywhere and resumed, it gives exactly the rest."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

State = Any
Item = Any


def assert_resumes_everywhere(
    start: State, read: Callable[[State], Iterator[tuple[Item, State]]], count: int, *, through_json: bool = True
) -> None:
    """Reads ``count`` items from ``start``, then again from the state after each of them, and compares what follows.

    Args:
        start: the state before the first item.
        read: an iterator from a state; yields each item with the state after it.
        count: items to read.
        through_json: states are written as JSON and read back, as a checkpoint would.
    """
    whole = [(item, copy.deepcopy(state)) for item, state in islice(read(start), count)]
    assert len(whole) == count, f"wanted {count} items, the loader gave {len(whole)}"
    items = [item for item, _ in whole]
    for done, (_, state) in enumerate(whole, start=1):
        resumed = json.loads(json.dumps(state)) if through_json else state
        rest = [item for item, _ in islice(read(resumed), count - done)]
        assert rest == items[done:], f"resumed after {done} of {count} items, the rest differs"
