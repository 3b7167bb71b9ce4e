"""What can be known to be wrong in ``[dedup]`` before anything is read."""

from __future__ import annotations

from collections.abc import Sequence

from gristmill.config.config import Config
from gristmill.errors import ConfigError, unknown_name
from gristmill.filters.counts.measure import Signal
from gristmill.filters.extras import Extra
from gristmill.filters.signals import SIGNALS
from gristmill.pipelines.dedup.index_match import check_indexes


def check_dedup(config: Config, extras: Sequence[Extra]) -> None:
    """The indexes are there and of this run's parameters; ``keep = "best_quality"`` orders by a number it measures.

    Raises:
        ConfigError: there is no such number.
        RunDirectoryError: an index is not there, or was made with other parameters.
        IntegrityError: an index is not whole.
    """
    check_indexes(config)
    dedup = config.dedup
    if dedup.keep != "best_quality":
        return
    made: list[Signal] = [*SIGNALS.values(), *(signal for extra in extras for signal in extra.signals)]
    numbers = [signal.name for signal in made if signal.dtype not in {"dictionary", "evidence"}]
    if dedup.quality_signal not in numbers:
        msg = (
            f"dedup.keep = 'best_quality' orders copies by dedup.quality_signal: "
            f"{unknown_name('signal', dedup.quality_signal, numbers)}. A section such as [classifier] makes more"
        )
        raise ConfigError(msg)
