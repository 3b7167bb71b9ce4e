"""Charts as inline SVG, drawn from the rows of a table.

Places along the width are percentages and heights are pixels, so a chart fills a phone and a desktop alike without
scaling its text. Colours come from the page's style sheet by class. Each chart has a title and a description; every
figure in it also stands in the table beside it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from gristmill.reports.wording import byte_size, count, percent, ratio

_LINE = 36
_TOLERANCE = (0.8, 1.25)
"""The band of ratios drawn as a ground: the four-fifths rule and its inverse."""

Row = Mapping[str, Any]


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


def _svg(height: int, title: str, description: str, body: Sequence[Markup]) -> Markup:
    return Markup(
        '<svg role="img" class="chart" width="100%" height="{h}" aria-label="{t}"><title>{t}</title><desc>{d}</desc>{b}</svg>'
    ).format(h=height, t=title, d=description, b=Markup("").join(body))


def _text(x: float, y: float, text: str, anchor: str = "start", style: str = "") -> Markup:
    return Markup('<text x="{x:.2f}%" y="{y:.0f}" text-anchor="{a}" class="{c}">{t}</text>').format(
        x=x, y=y, a=anchor, c=style, t=text
    )


def _rect(x: float, y: float, width: float, height: float, style: str, tip: str = "") -> Markup:
    title = Markup("<title>{}</title>").format(tip) if tip else Markup("")
    return Markup('<rect x="{x:.3f}%" y="{y:.0f}" width="{w:.3f}%" height="{h:.1f}" class="{c}">{t}</rect>').format(
        x=x, y=y, w=width, h=height, c=style, t=title
    )


def _line(x1: float, y1: float, x2: float, y2: float, style: str) -> Markup:
    return Markup('<line x1="{a:.3f}%" y1="{b:.1f}" x2="{c:.3f}%" y2="{d:.1f}" class="{s}"/>').format(
        a=x1, b=y1, c=x2, d=y2, s=style
    )


def _cut(label: str, limit: int = 48) -> str:
    return label if len(label) <= limit else label[: limit - 1] + "\u2026"


def bars(title: str, rows: Sequence[Row], label: str, value: str, kind: str, interval: str | None) -> Markup:
    """One bar a row under its name, with a whisker for the interval."""
    tops = [row[interval][1] if interval and isinstance(row[interval], list) else row[value] for row in rows]
    top = max(tops, default=0) or 1
    body: list[Markup] = []
    for number, row in enumerate(rows):
        y = number * _LINE
        text = shown(row[value], kind)
        whisker = row[interval] if interval and isinstance(row[interval], list) else None
        if whisker:
            text += f" ({shown(whisker[0], kind)} to {shown(whisker[1], kind)})"
        width = 100 * row[value] / top
        body += [
            _text(0, y + 13, _cut(str(row[label]))),
            _text(100, y + 13, text, "end", "value"),
            _rect(0, y + 19, 100, 10, "track"),
            _rect(0, y + 19, width, 10, "s0", f"{row[label]}: {text}"),
        ]
        if whisker:
            low, high = 100 * whisker[0] / top, 100 * whisker[1] / top
            body += [_line(low, y + 24, high, y + 24, "whisker")]
            body += [_line(end, y + 20, end, y + 28, "whisker") for end in (low, high)]
    largest = max(rows, key=lambda row: row[value]) if rows else None
    description = f"{len(rows)} bars." + (
        f" The longest is {largest[label]}: {shown(largest[value], kind)}." if largest else ""
    )
    return _svg(len(rows) * _LINE, title, description, body)


def stacked(title: str, rows: Sequence[Row], label: str, values: Sequence[tuple[str, str]]) -> Markup:
    """One bar a row, parted in proportion to several counts; ``values`` are (key, name) pairs."""
    body: list[Markup] = []
    for number, row in enumerate(rows):
        y, total, left = number * _LINE, sum(row[key] for key, _ in values), 0.0
        body += [_text(0, y + 13, _cut(str(row[label]))), _text(100, y + 13, count(total), "end", "value")]
        body.append(_rect(0, y + 19, 100, 12, "track"))
        for place, (key, name) in enumerate(values):
            width = 100 * row[key] / total if total else 0.0
            if width:
                tip = f"{row[label]}, {name.lower()}: {count(row[key])} ({percent(row[key] / total)})"
                body.append(_rect(left, y + 19, width, 12, f"part v{place}", tip))
            left += width
    names = ", ".join(name.lower() for _, name in values)
    return _svg(len(rows) * _LINE, title, f"{len(rows)} bars, each parted into {names}.", body)


def columns(title: str, rows: Sequence[Row], label: str, value: str, kind: str) -> Markup:
    """A histogram: one column a row, in row order, with few labels under the axis."""
    plot, width = 150, 100 / max(len(rows), 1)
    top = max((row[value] for row in rows), default=0) or 1
    body = [
        _line(0, plot + 16, 100, plot + 16, "axis"),
        _text(0, 10, f"{shown(top, kind)} at the highest", style="value"),
    ]
    for number, row in enumerate(rows):
        height = plot * row[value] / top
        if row[value]:
            height = max(height, 1.0)
            tip = f"{row[label]}: {shown(row[value], kind)}"
            body.append(_rect(number * width + 0.1 * width, plot + 16 - height, 0.8 * width, height, "s0", tip))
    ends = {0: "start", len(rows) - 1: "end"} if len(rows) > 1 else {0: "start"}
    if len(rows) > 4:
        ends[len(rows) // 2] = "middle"
    for number, anchor in ends.items():
        if rows:
            x = {"start": 0.0, "end": 100.0}.get(anchor, (number + 0.5) * width)
            body.append(_text(x, plot + 32, str(rows[number][label]), anchor, "value"))
    highest = max(rows, key=lambda row: row[value]) if rows else None
    description = f"{len(rows)} columns." + (
        f" The highest is {highest[label]}: {shown(highest[value], kind)}." if highest else ""
    )
    return _svg(plot + 40, title, description, body)


def _log_scale(bounds: Sequence[float]) -> tuple[float, list[float]]:
    """Half width of a log axis around 1 that holds all bounds, and its ticks."""
    reach = max([abs(math.log(bound)) for bound in bounds if bound > 0] + [math.log(1.5)])
    reach = min(reach, math.log(20)) * 1.04
    ticks = [t for t in (0.05, 0.1, 0.2, 0.5, 0.8, 1.0, 1.25, 2.0, 5.0, 10.0, 20.0) if abs(math.log(t)) <= reach]
    return reach, ticks


def forest(title: str, rows: Sequence[Row], label: str, value: str, interval: str) -> Markup:
    """Ratios on a log axis with their intervals, and the band from 0.8 to 1.25 as a ground."""
    reach, ticks = _log_scale([bound for row in rows for bound in row[interval]])

    def place(amount: float) -> float:
        inside = min(max(math.log(max(amount, 1e-9)), -reach), reach)
        return 50 + 50 * inside / reach

    height = len(rows) * _LINE
    band = [place(bound) for bound in _TOLERANCE]
    body = [_rect(band[0], 0, band[1] - band[0], height, "band"), _line(50, 0, 50, height, "axis")]
    for number, row in enumerate(rows):
        y = number * _LINE
        low, high = row[interval]
        text = f"{ratio(row[value])} ({ratio(low)} to {ratio(high)})"
        style = "below" if high < 1 else "above" if low > 1 else "level"
        body += [
            _text(0, y + 13, _cut(str(row[label]))),
            _text(100, y + 13, text, "end", "value"),
            _line(place(low), y + 25, place(high), y + 25, f"whisker {style}"),
            *(_line(place(end), y + 21, place(end), y + 29, f"whisker {style}") for end in (low, high)),
            _marker(place(row[value]), y + 25, style, f"{row[label]}: {text}"),
        ]
    for tick in ticks:
        body.append(_line(place(tick), height, place(tick), height + 5, "axis"))
        anchor = "start" if place(tick) < 3 else "end" if place(tick) > 97 else "middle"
        body.append(_text(place(tick), height + 18, f"{tick:g}", anchor, "value"))
    outside = sum(1 for row in rows if row[interval][1] < 1 or row[interval][0] > 1)
    description = f"{len(rows)} ratios on a log axis; the intervals of {outside} do not hold 1."
    return _svg(height + 24, title, description, body)


def _marker(x: float, y: float, style: str, tip: str) -> Markup:
    """A circle where the interval holds 1, a square where it does not: never colour alone."""
    if style == "level":
        return Markup('<circle cx="{x:.3f}%" cy="{y}" r="4.5" class="mark {s}"><title>{t}</title></circle>').format(
            x=x, y=y, s=style, t=tip
        )
    return Markup(
        '<rect x="{x:.3f}%" y="{y}" width="9" height="9" transform="translate(-4.5 -4.5)" class="mark {s}"><title>{t}</title></rect>'
    ).format(x=x, y=y, s=style, t=tip)


def draw(chart: Mapping[str, Any], table: Mapping[str, Any]) -> Markup:
    """The chart of a table as both stand in report.json; empty where no row can be drawn.

    Args:
        chart: one of the table's ``charts``.
        table: a table with ``columns`` and ``rows``.

    >>> chart = {"kind": "bars", "title": "T", "label": "a", "values": ["n"], "interval": None, "rows": 5}
    >>> columns_ = [{"key": "a", "label": "A", "kind": "name"}, {"key": "n", "label": "N", "kind": "count"}]
    >>> "<svg" in draw(chart, {"columns": columns_, "rows": [["<x>", 3]]})
    True
    """
    kinds = {column["key"]: column["kind"] for column in table["columns"]}
    names = {column["key"]: column["label"] for column in table["columns"]}
    needed = [*chart["values"], *([chart["interval"]] if chart["kind"] == "forest" else [])]
    rows = [dict(zip(kinds, row, strict=True)) for row in table["rows"]]
    rows = [row for row in rows if all(isinstance(row[key], int | float | list) for key in needed)][: chart["rows"]]
    if not rows:
        return Markup("")
    label, value = chart["label"], chart["values"][0]
    if chart["kind"] == "stacked":
        return stacked(chart["title"], rows, label, [(key, names[key]) for key in chart["values"]])
    if chart["kind"] == "columns":
        return columns(chart["title"], rows, label, value, kinds[value])
    if chart["kind"] == "forest":
        return forest(chart["title"], rows, label, value, chart["interval"])
    return bars(chart["title"], rows, label, value, kinds[value], chart["interval"])


def legend(names: Sequence[str]) -> Markup:
    """The key to a stacked chart, as HTML."""
    items = [
        Markup('<li><span class="swatch v{}" aria-hidden="true"></span>{}</li>').format(n, escape(name))
        for n, name in enumerate(names)
    ]
    return Markup('<ul class="legend">{}</ul>').format(Markup("").join(items))
