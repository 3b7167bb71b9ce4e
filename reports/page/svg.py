"""Charts as inline SVG, drawn from the rows of a table.

Places along the width are percentages and heights are pixels, so a chart fills a phone and a desktop alike without
scaling its text. Colours come from the page's style sheet by class, and no meaning rests on colour alone. Each chart
has a title and a description; every figure in it also stands in the table beside it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from gristmill.reports.page.wording import byte_size, count, percent, ratio, visible

_LINE = 36
_PLOT = 150
_MAX_LABEL = 48

_TOLERANCE = (0.8, 1.25)
"""The band of ratios drawn as a ground: the four-fifths rule and its inverse."""

_TICKS = (0.05, 0.1, 0.2, 0.5, 0.8, 1.0, 1.25, 2.0, 5.0, 10.0, 20.0)


@dataclass(frozen=True)
class Mark:
    """One row of a chart: its name, its values, and the interval of the first value where there is one."""

    label: str
    values: tuple[float, ...]
    interval: tuple[float, float] | None = None


def shown(value: float, kind: str) -> str:
    """A number as its column shows it.

    >>> shown(0.25, "share"), shown(1204, "count")
    ('25.0 %', '1,204')
    """
    if kind == "share":
        return percent(value)
    if kind == "bytes":
        return byte_size(int(value))
    if kind == "ratio":
        return ratio(value)
    return count(value) if isinstance(value, int) else f"{value:,.1f}"


def nice_top(value: float) -> float:
    """The smallest of 1, 2 or 5 times a power of ten that is at least ``value``: where an axis may end.

    >>> nice_top(0.386), nice_top(2.0), nice_top(1204)
    (0.5, 2.0, 2000.0)
    """
    power = 10.0 ** math.floor(math.log10(value))
    ends = [round(factor * power, 12) for factor in (1, 2, 5, 10)]
    return float(next(end for end in ends if end >= value * (1 - 1e-9)))


def _svg(height: int, title: str, description: str, body: Sequence[Markup]) -> Markup:
    opening = Markup('<svg role="img" class="chart" width="100%" height="{}" aria-label="{}">').format(height, title)
    described = Markup("<title>{}</title><desc>{}</desc>").format(title, description)
    return opening + described + Markup("").join(body) + Markup("</svg>")


def _text(x: float, y: float, text: str, anchor: str = "start", style: str = "") -> Markup:
    return Markup('<text x="{:.2f}%" y="{:.0f}" text-anchor="{}" class="{}">{}</text>').format(
        x, y, anchor, style, text
    )


def _rect(x: float, y: float, width: float, height: float, style: str, tip: str = "") -> Markup:
    title = Markup("<title>{}</title>").format(tip) if tip else Markup("")
    box = Markup('<rect x="{:.3f}%" y="{:.1f}" width="{:.3f}%" height="{:.1f}" class="{}">{}</rect>')
    return box.format(x, y, width, height, style, title)


def _line(x1: float, y1: float, x2: float, y2: float, style: str) -> Markup:
    line = Markup('<line x1="{:.3f}%" y1="{:.1f}" x2="{:.3f}%" y2="{:.1f}" class="{}"/>')
    return line.format(x1, y1, x2, y2, style)


def _whisker(low: float, high: float, y: float, style: str = "") -> list[Markup]:
    name = f"whisker {style}".strip()
    return [_line(low, y, high, y, name), *(_line(end, y - 4, end, y + 4, name) for end in (low, high))]


def bars(title: str, marks: Sequence[Mark], kind: str) -> Markup:
    """One bar a row under its name, with a whisker for the interval, on an axis from 0 to a round number."""
    largest = max(marks, key=lambda mark: mark.values[0])
    reach = max([mark.values[0] for mark in marks] + [mark.interval[1] for mark in marks if mark.interval])
    top = nice_top(reach) if reach > 0 else 1.0
    if kind == "share":
        top = min(top, 1.0)
    body: list[Markup] = []
    for number, mark in enumerate(marks):
        y, text = number * _LINE, shown(mark.values[0], kind)
        if mark.interval:
            text += f" ({shown(mark.interval[0], kind)} to {shown(mark.interval[1], kind)})"
        body += [
            _text(0, y + 13, mark.label),
            _text(100, y + 13, text, "end", "value"),
            _rect(0, y + 19, 100, 10, "track"),
        ]
        style = "s0 under" if mark.interval else "s0"
        body.append(_rect(0, y + 19, 100 * mark.values[0] / top, 10, style, f"{mark.label}: {text}"))
        if mark.interval:
            body += _whisker(100 * mark.interval[0] / top, 100 * mark.interval[1] / top, y + 24)
    height = len(marks) * _LINE
    end = shown(int(top) if kind in ("count", "bytes") and top >= 1 else top, kind)
    body += [_text(0, height + 10, "0", style="value"), _text(100, height + 10, end, "end", "value")]
    description = f"{len(marks)} bars. The longest is {largest.label}: {shown(largest.values[0], kind)}."
    return _svg(height + 14, title, description, body)


def stacked(title: str, marks: Sequence[Mark], names: Sequence[str]) -> Markup:
    """One bar a row, parted in proportion to several counts that ``names`` names."""
    body: list[Markup] = []
    for number, mark in enumerate(marks):
        y, total, left = number * _LINE, sum(mark.values), 0.0
        body += [_text(0, y + 13, mark.label), _text(100, y + 13, count(int(total)), "end", "value")]
        body.append(_rect(0, y + 19, 100, 12, "track"))
        for place, (name, part) in enumerate(zip(names, mark.values, strict=True)):
            width = 100 * part / total if total else 0.0
            if part:
                tip = f"{mark.label}, {name.lower()}: {count(int(part))} ({percent(part / total)})"
                body.append(_rect(left, y + 19, width, 12, f"part v{place}", tip))
            left += width
    parts = ", ".join(name.lower() for name in names)
    return _svg(len(marks) * _LINE, title, f"{len(marks)} bars, each parted into {parts}.", body)


def columns(title: str, marks: Sequence[Mark], kind: str) -> Markup:
    """A histogram: one column a row, in row order, with the first, the middle and the last one named."""
    width, floor = 100 / len(marks), _PLOT + 16
    highest = max(marks, key=lambda mark: mark.values[0])
    top = highest.values[0] or 1
    body = [
        _line(0, floor, 100, floor, "axis"),
        _text(0, 10, f"highest: {shown(highest.values[0], kind)}", style="value"),
    ]
    for number, mark in enumerate(marks):
        if mark.values[0]:
            height = max(_PLOT * mark.values[0] / top, 1.0)
            tip = f"{mark.label}: {shown(mark.values[0], kind)}"
            body.append(_rect((number + 0.1) * width, floor - height, 0.8 * width, height, "s0", tip))
    body.append(_text(0, floor + 16, marks[0].label, style="value"))
    if len(marks) > 1:
        body.append(_text(100, floor + 16, marks[-1].label, "end", "value"))
    if len(marks) > 4:
        middle = len(marks) // 2
        body.append(_text((middle + 0.5) * width, floor + 16, marks[middle].label, "middle", "value"))
    description = f"{len(marks)} columns. The highest is {highest.label}: {shown(highest.values[0], kind)}."
    return _svg(floor + 24, title, description, body)


def forest(title: str, marks: Sequence[Mark]) -> Markup:
    """Ratios on a log axis with their intervals, and the band from 0.8 to 1.25 as a ground."""
    bounds = [abs(math.log(bound)) for mark in marks if mark.interval for bound in mark.interval if bound > 0]
    reach = 1.04 * min(max([*bounds, math.log(1.5)]), math.log(20))

    def place(amount: float) -> float:
        return 50 + 50 * min(max(math.log(max(amount, 1e-9)), -reach), reach) / reach

    height = len(marks) * _LINE
    left, right = (place(bound) for bound in _TOLERANCE)
    body = [_rect(left, 0, right - left, height, "band"), _line(50, 0, 50, height, "axis")]
    outside = 0
    for number, mark in enumerate(marks):
        y, (low, high) = number * _LINE, mark.interval or (mark.values[0], mark.values[0])
        text = f"{ratio(mark.values[0])} ({ratio(low)} to {ratio(high)})"
        style = "below" if high < 1 else "above" if low > 1 else "level"
        outside += style != "level"
        body += [_text(0, y + 13, mark.label), _text(100, y + 13, text, "end", "value")]
        body += _whisker(place(low), place(high), y + 25, style)
        body.append(_point(place(mark.values[0]), y + 25, style, f"{mark.label}: {text}"))
    for tick in (tick for tick in _TICKS if abs(math.log(tick)) <= reach):
        anchor = "start" if place(tick) < 3 else "end" if place(tick) > 97 else "middle"
        body.append(_line(place(tick), height, place(tick), height + 5, "axis"))
        body.append(_text(place(tick), height + 18, f"{tick:g}", anchor, "value"))
    description = f"{len(marks)} ratios on a log axis; the intervals of {outside} do not hold 1."
    return _svg(height + 24, title, description, body)


def _point(x: float, y: float, style: str, tip: str) -> Markup:
    """A circle where the interval holds 1, a square where it does not: never colour alone."""
    if style == "level":
        circle = Markup('<circle cx="{:.3f}%" cy="{}" r="4.5" class="mark {}"><title>{}</title></circle>')
        return circle.format(x, y, style, tip)
    square = Markup('<rect x="{:.3f}%" y="{}" width="9" height="9" transform="translate(-4.5 -4.5)" class="mark {}">')
    return square.format(x, y, style) + Markup("<title>{}</title></rect>").format(tip)


def draw(chart: Mapping[str, Any], table: Mapping[str, Any]) -> Markup:
    """The chart of a table as both stand in report.json; empty where no row has the figures.

    Args:
        chart: one of the table's ``charts``.
        table: a table with ``columns`` and ``rows``.

    >>> chart = {"kind": "bars", "title": "T", "labels": ["a"], "values": ["n"], "interval": None, "rows": 5}
    >>> cells = [{"key": "a", "label": "A", "kind": "corpus"}, {"key": "n", "label": "N", "kind": "count"}]
    >>> "&lt;x&gt;" in draw(chart, {"columns": cells, "rows": [["<x>", 3]]})
    True
    """
    kinds = {column["key"]: column["kind"] for column in table["columns"]}
    names = {column["key"]: column["label"] for column in table["columns"]}
    marks: list[Mark] = []
    for row in table["rows"]:
        cells = dict(zip(kinds, row, strict=True))
        values = [cells[key] for key in chart["values"]]
        between = cells.get(chart["interval"])
        if len(marks) < chart["rows"] and all(isinstance(value, int | float) for value in values):
            label = visible(", ".join(str(cells[key]) for key in chart["labels"]), _MAX_LABEL)
            ends = (between[0], between[1]) if isinstance(between, list) else None
            marks.append(Mark(label, tuple(values), ends))
    if not marks:
        return Markup("")
    if chart["kind"] == "stacked":
        return stacked(chart["title"], marks, [names[key] for key in chart["values"]])
    if chart["kind"] == "forest":
        return forest(chart["title"], marks)
    one = columns if chart["kind"] == "columns" else bars
    return one(chart["title"], marks, kinds[chart["values"][0]])


def legend(names: Sequence[str]) -> Markup:
    """The key to a stacked chart, as HTML."""
    item = Markup('<li><span class="swatch v{}" aria-hidden="true"></span>{}</li>')
    return Markup('<ul class="legend">{}</ul>').format(
        Markup("").join(item.format(n, name) for n, name in enumerate(names))
    )
