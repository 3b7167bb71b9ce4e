"""Panels of other packages, after those of every run: what they count and what they write is checked."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Sequence

import pyarrow as pa

from gristmill.plugins import Plugin, find_plugin, guarded, made, refuse
from gristmill.reports.counts.batch import Batch
from gristmill.reports.counts.counts import Tally
from gristmill.reports.page.page import Section
from gristmill.reports.page.panel import Measured, Panel
from gristmill.reports.page.run_facts import RunFacts
from gristmill.reports.panels.table import PANELS, tallies


def find_panels(names: Iterable[str]) -> tuple[Plugin, ...]:
    """The plugins that ``report.panels`` names, each loaded and looked at once.

    Raises:
        PluginError: there is none of a name, or it is no whole panel.
    """
    plugins = tuple(find_plugin("panels", name, [panel.name for panel in PANELS]) for name in names)
    panels_with(plugins)
    return plugins


@functools.cache
def panels_with(plugins: tuple[Plugin, ...]) -> tuple[Panel, ...]:
    """The panels of every run and those of some plugins, in the order of the page.

    Raises:
        PluginError: a plugin cannot be loaded here, or claims the name of another panel or tally.

    >>> panels_with(()) == PANELS
    True
    """
    found = list(PANELS)
    for plugin in plugins:
        panel = _guarded(plugin, made(plugin, Panel))
        if panel.name in {other.name for other in found}:
            refuse(plugin, f"claims the panel {panel.name!r}, which is there already; call it otherwise")
        try:
            tallies((*found, panel))
        except ValueError as error:
            refuse(plugin, f"claims a tally that is there already: {error}")
        found.append(panel)
    return tuple(found)


def _guarded(plugin: Plugin, panel: Panel) -> Panel:
    """The panel with its own code's failures named; a tally of this package that it shares stays the same object."""
    shared = {id(tally) for other in PANELS for tally in other.tallies}
    for tally in panel.tallies:
        if not isinstance(tally, Tally):
            refuse(plugin, f"wanted Tallies, got {tally!r}")

    def build(measured: Measured, facts: RunFacts) -> Section:
        with guarded(plugin, "building its section"):
            section = panel.build(measured, facts)
        if not isinstance(section, Section):
            refuse(plugin, f"wanted a Section from `build`, got {type(section).__name__}")
        return section

    counted = tuple(tally if id(tally) in shared else _counting(plugin, tally) for tally in panel.tallies)
    return Panel(panel.name, counted, build)


def _counting(plugin: Plugin, tally: Tally) -> Tally:
    wanted: Sequence[str] = (*tally.keys, *tally.values)

    def count(batch: Batch) -> pa.Table:
        with guarded(plugin, f"counting {tally.name!r} in {batch.num_rows} documents"):
            table = tally.count(batch)
            names = table.column_names
        if names != list(wanted):
            refuse(plugin, f"tally {tally.name!r}: wanted the columns {', '.join(wanted)}, got {', '.join(names)}")
        for name in tally.values:
            if not pa.types.is_integer(table.schema.field(name).type):
                refuse(plugin, f"tally {tally.name!r}: {name} must be integers, got {table.schema.field(name).type}")
        return table

    return dataclasses.replace(tally, count=count)
