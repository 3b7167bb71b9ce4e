"""Signals of other packages: an `gristmill.filters.extras.Extra` that a plugin makes, with what it returns checked."""

from __future__ import annotations

import dataclasses
import functools
import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from gristmill.filters.counts.measure import ARROW_TYPES, Signal
from gristmill.filters.extras import Extra, Noted
from gristmill.plugins import Plugin, find_plugin, guarded, made, refuse

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


@dataclasses.dataclass(frozen=True)
class PluginSignals:
    """The signals of one plugin, measured by its own code on every worker.

    Attributes:
        plugin: where they come from.
        signals: the columns it makes, in order.
        options: keyword arguments that the configuration gives it, as a JSON object.
    """

    plugin: Plugin
    signals: tuple[Signal, ...]
    options: str

    def key(self) -> object:
        """The plugin, its options, and what it says its columns depend on."""
        extra = made_once(self.plugin, self.options)
        with guarded(self.plugin, "asked for its key"):
            own = extra.key()
        try:
            json.dumps(own)
        except (TypeError, ValueError) as error:
            refuse(self.plugin, f"its key must be JSON values, got {own!r} ({error})")
        return [self.plugin.key(), self.options, own]

    def notes(self) -> tuple[str, ...]:
        """What the plugin wants to be said before the run starts."""
        extra = made_once(self.plugin, self.options)
        with guarded(self.plugin, "asked for its notes"):
            return tuple(str(note) for note in extra.notes()) if isinstance(extra, Noted) else ()

    def measure(self, documents: pa.RecordBatch) -> Sequence[pa.Array]:
        """Its columns for a batch.

        Raises:
            PluginError: it failed, or what it returned is not one column of the right type and length per signal.
        """
        extra = made_once(self.plugin, self.options)
        with guarded(self.plugin, f"measuring {documents.num_rows} documents"):
            columns = list(extra.measure(documents))
        if len(columns) != len(self.signals):
            names = ", ".join(signal.name for signal in self.signals)
            refuse(self.plugin, f"wanted a column for each of {names}, got {len(columns)} columns")
        return [
            self._checked(signal, column, documents.num_rows)
            for signal, column in zip(self.signals, columns, strict=True)
        ]

    def _checked(self, signal: Signal, column: Any, rows: int) -> pa.Array:
        wanted = ARROW_TYPES[signal.dtype]
        if not isinstance(column, pa.Array):
            refuse(self.plugin, f"signal {signal.name!r}: wanted a pyarrow.Array, got {type(column).__name__}")
        if column.type != wanted:
            refuse(self.plugin, f"signal {signal.name!r}: wanted type {wanted}, got {column.type}")
        if len(column) != rows or column.null_count:
            refuse(
                self.plugin,
                f"signal {signal.name!r}: wanted {rows} values without nulls, got {len(column)} with "
                f"{column.null_count} nulls",
            )
        if pa.types.is_floating(wanted) and pc.any(pc.is_nan(column)).as_py():
            refuse(self.plugin, f"signal {signal.name!r}: wanted numbers, got NaN, which passes and fails every rule")
        return column


@functools.cache
def made_once(plugin: Plugin, options: str) -> Any:
    """The plugin's object, once per process: what it loads must not be loaded again for each batch."""
    return made(plugin, _HasSignals, json.loads(options))


class _HasSignalsType(type):
    """`isinstance` by shape: what has signals, a key and a way to measure is an Extra, whatever its class."""

    def __instancecheck__(cls, found: object) -> bool:
        return not isinstance(found, type) and all(hasattr(found, name) for name in ("signals", "key", "measure"))


class _HasSignals(metaclass=_HasSignalsType):
    """Stands for the protocol `Extra` where a type is asked for."""


_HasSignals.__name__ = "gristmill.filters.extras.Extra"


def plugin_signals(entries: Sequence[str | Mapping[str, Any]], taken: Collection[str]) -> tuple[Extra, ...]:
    """The signals that ``signals.use`` asks for, in its order.

    Args:
        entries: names of plugins, or tables with ``name`` and ``options``.
        taken: names of the signals that the run measures anyway.

    Raises:
        PluginError: there is no such plugin, it is broken, or it claims the name of another signal.
    """
    found: list[Extra] = []
    used = dict.fromkeys(taken, "something built in")
    for entry in entries:
        name, options = (entry, {}) if isinstance(entry, str) else (str(entry["name"]), dict(entry.get("options", {})))
        plugin = find_plugin("signals", name)
        signals = _signals(plugin, options)
        for signal in signals:
            if signal.name in used:
                refuse(plugin, f"claims the signal {signal.name!r}, which {used[signal.name]} makes; call it otherwise")
            used[signal.name] = str(plugin)
        extra = PluginSignals(plugin, signals, json.dumps(options, sort_keys=True))
        extra.key()  # what is wrong with it is to be known now
        found.append(extra)
    return tuple(found)


def _signals(plugin: Plugin, options: dict[str, Any]) -> tuple[Signal, ...]:
    extra = made(plugin, _HasSignals, options)
    with guarded(plugin, "asked for its signals"):
        signals = tuple(extra.signals)
    if not signals:
        refuse(plugin, "makes no signal at all")
    for signal in signals:
        if not isinstance(signal, Signal) or signal.dtype not in ARROW_TYPES or not _NAME.fullmatch(signal.name):
            refuse(
                plugin,
                f"wanted Signals named like 'rhyme_count' with a dtype of {', '.join(ARROW_TYPES)}, got {signal!r}",
            )
    return signals
