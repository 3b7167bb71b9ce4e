"""report.html: one page without scripts, fonts or anything else from a network.

The page is a pure function of report.json. Text from the corpus is hostile: Jinja escapes every value, and text whose
column says that it comes from the corpus is shortened, isolated from the direction of the text around it and never a
link. The page forbids itself every request by its content security policy.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from gristmill.reports.page.svg import draw, legend, shown
from gristmill.reports.page.wording import byte_size, count, percent, ratio, visible

SHOWN_ROWS = 50
"""Rows of a table on the page; the rest are in report.json."""

FIRST_ROWS = 12
"""A longer table is folded."""

MAX_CORPUS_CHARACTERS = 120
"""Text from the corpus is cut to this length on the page."""


def render(report: Mapping[str, object]) -> str:
    """The page for the content of report.json.

    Args:
        report: what :func:`gristmill.reports.figures.figures` returned, or report.json read back.

    Returns:
        A whole HTML document.
    """
    page = (
        _environment()
        .get_template("report.html.j2")
        .render(report=report, first_rows=FIRST_ROWS, shown_rows=SHOWN_ROWS)
    )
    return str(page)


def cell(value: Any, kind: str) -> Markup:
    """One cell as HTML, by the kind of its column.

    >>> print(cell(0.25, "share"), cell([0.2, 0.3], "share_interval"), cell("<b>", "corpus"))
    25.0 % 20.0 % to 30.0 % <bdi dir="auto">&lt;b&gt;</bdi>
    """
    if value is None:
        return Markup('<span class="none" title="not applicable">\u2013</span>')
    if isinstance(value, dict):
        return Markup('<span class="none">{}: {}</span>').format(value["empty"], value["why"])
    if kind == "corpus":
        return Markup('<bdi dir="auto">{}</bdi>').format(visible(str(value), MAX_CORPUS_CHARACTERS))
    if kind in ("share_interval", "ratio_interval"):
        write = percent if kind == "share_interval" else ratio
        return Markup("{} to {}").format(write(value[0]), write(value[1]))
    if kind == "bytes":
        return Markup('<span title="{:,} bytes">{}</span>').format(value, byte_size(value))
    if kind in ("name", "text"):
        return Markup("{}").format(visible(str(value)))
    return Markup("{}").format(shown(value, kind))


NUMERIC = frozenset({"count", "bytes", "seconds", "number", "share", "ratio", "share_interval", "ratio_interval"})
"""Kinds of column that stand right-aligned."""


def _data(name: str) -> str:
    return (resources.files("gristmill.reports") / "data" / name).read_text(encoding="utf-8")


def _finalize(value: Any) -> Any:
    """Whatever the template prints and did not itself build: no control or direction-changing character passes."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@functools.lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.DictLoader({name: _data(name) for name in ("report.html.j2", "report.css")}),
        autoescape=True,
        finalize=_finalize,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(cell=cell, draw=draw, legend=legend, count=count, numeric=NUMERIC)
    return environment
