"""Rounds: a shuffle that would not fit in memory is run as several, each for some of the outputs.

The in-process runner holds whatever it shuffles in memory; a service does not. So on the local runner the outputs of a
shuffle are made a few at a time: every round reads the inputs again and sends what its own outputs need.
"""

from __future__ import annotations

from collections.abc import Sequence

from gristmill.pipelines.engine.options import LOCAL_RUNNER, Execution

LOCAL_COPIES = 4
"""How often the local runner holds a byte that it shuffles: as sent, as grouped, as received, and as worked on."""


def rounds(
    todo: Sequence[int], bytes_each: int, execution: Execution, memory_bytes: int
) -> tuple[tuple[int, ...], ...]:
    """The outputs of a shuffle in groups that are run one after the other.

    Args:
        todo: the outputs.
        bytes_each: what is shuffled for one of them.
        execution: the runner; any but the local one gets all at once.
        memory_bytes: what a round may hold.

    Returns:
        At least one group, in order; none empty, unless ``todo`` is.

    >>> rounds(range(5), 100, Execution(), 1000)
    ((0, 1), (2, 3), (4,))
    >>> rounds(range(5), 100, Execution(runner="DataflowRunner"), 1000)
    ((0, 1, 2, 3, 4),)
    """
    whole = tuple(todo)
    if execution.runner != LOCAL_RUNNER:
        return (whole,)
    size = max(1, memory_bytes // max(1, bytes_each * LOCAL_COPIES))
    return tuple(whole[first : first + size] for first in range(0, max(1, len(whole)), size))
