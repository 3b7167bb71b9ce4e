"""A sweep as one HTML page: a chart, the table under it, and nothing fetched from anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from markupsafe import Markup

from gristmill.reports.page.svg import Mark, bars
from gristmill.reports.page.wording import count, percent


def sweep_page(
    title: str, about: str, groups: Mapping[str, Sequence[Mapping[str, Any]]], *, mark: str = "in force"
) -> str:
    """The page.

    Args:
        title: its heading.
        about: a sentence under it.
        groups: for each group the rows of the sweep: ``threshold``, ``alone``, ``together``, their shares, ``current``.
        mark: what is said of the row that is ``current``.
    """
    style = resources.files("gristmill.reports").joinpath("data/report.css").read_text(encoding="utf-8")
    body = [Markup("<h1>{}</h1><p>{}</p>").format(title, about)]
    for name, rows in groups.items():
        labels = [f"{row['threshold']:g}" + (f" ({mark})" if row["current"] else "") for row in rows]
        marks = [Mark(label, (float(row["together_share"]),)) for label, row in zip(labels, rows, strict=True)]
        line = Markup("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>")
        cells = Markup("").join(
            line.format(
                label,
                count(row["alone"]),
                percent(row["alone_share"]),
                count(row["together"]),
                percent(row["together_share"]),
            )
            for label, row in zip(labels, rows, strict=True)
        )
        body.append(Markup("<section><h2>{}</h2>").format(name))
        body.append(bars(f"Share kept by all rules: {name}", marks, "share"))
        body.append(
            Markup(
                "<table><thead><tr><th>threshold</th><th>kept by this rule alone</th><th>share</th>"
                "<th>kept by all rules</th><th>share</th></tr></thead><tbody>{}</tbody></table></section>"
            ).format(cells)
        )
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    head = Markup(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" content="{}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>{}</title><style>{}</style></head>'
    ).format(policy, title, Markup(style))  # noqa: S704  our own style sheet
    return str(head + Markup("<body><main>{}</main></body></html>\n").format(Markup("").join(body)))
