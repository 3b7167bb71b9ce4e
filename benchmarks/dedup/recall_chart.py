"""The chart of measured recall beside theory: one SVG that stands by itself, in light and dark pages."""

from __future__ import annotations

from collections.abc import Sequence

from gristmill.dedup.signatures.banding import BandPlan

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 40, 48
LOWEST = 0.4
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#555}.line{fill:none;stroke:#2563a8;stroke-width:2}"
    ".axis{stroke:#999}.grid{stroke:#9994}.dot{fill:#b4530a}.gone{fill:none;stroke:#3a7a3a;stroke-width:2}"
    "@media(prefers-color-scheme:dark){text{fill:#bbb}.line{stroke:#7ab3ee}.dot{fill:#f0a050}.gone{stroke:#7fc97f}}"
)


def place(similarity: float, share: float) -> tuple[float, float]:
    """Where a point lies.

    >>> place(1.0, 0.0) == (WIDTH - RIGHT, HEIGHT - BOTTOM)
    True
    """
    x = LEFT + (similarity - LOWEST) / (1 - LOWEST) * (WIDTH - LEFT - RIGHT)
    return round(x, 1), round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)


def recall_chart(rows: Sequence[dict[str, float]], plan: BandPlan, min_jaccard: float) -> str:
    """The chart.

    Args:
        rows: ``similarity``, ``pairs``, ``recall`` and ``removed`` of each step.
        plan: whose curve is drawn.
        min_jaccard: the least similarity of a duplicate.
    """
    steps = [LOWEST + (1 - LOWEST) * i / 120 for i in range(121)]
    curve = " ".join(f"{x},{y}" for x, y in (place(s, plan.probability(s)) for s in steps))
    pairs = int(sum(row["pairs"] for row in rows))
    title = f"Recall of {plan.bands} bands of {plan.rows} rows: {pairs:,} planted copies beside theory"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">',
        f"<title>{title}</title><style>{_STYLE}</style>",
        f'<text x="{LEFT}" y="18">{title}</text>',
    ]
    for tenth in range(0, 11, 2):
        (x, y), (end, _) = place(LOWEST, tenth / 10), place(1.0, tenth / 10)
        parts.append(f'<line x1="{x}" y1="{y}" x2="{end}" y2="{y}" class="grid"/>')
        parts.append(f'<text x="{x - 8}" y="{y + 4}" text-anchor="end">{tenth * 10} %</text>')
    for tenth in range(4, 11):
        x, y = place(tenth / 10, 0)
        parts.append(f'<text x="{x}" y="{y + 18}" text-anchor="middle">{tenth / 10:g}</text>')
    (x, top), (_, floor) = place(min_jaccard, 1), place(min_jaccard, 0)
    parts.append(f'<line x1="{x}" y1="{top}" x2="{x}" y2="{floor}" class="axis" stroke-dasharray="4 4"/>')
    parts.append(f'<text x="{x + 5}" y="{floor - 8}">minimum {min_jaccard:g}</text>')
    parts.append(f'<polyline points="{curve}" class="line"/>')
    for row in rows:
        (x, y), (_, gone) = place(row["similarity"], row["recall"]), place(row["similarity"], row["removed"])
        tip = f"similarity {row['similarity']:.3f}: {row['recall']:.1%} candidates, {row['removed']:.1%} removed"
        parts.append(f'<rect x="{x - 6}" y="{gone - 6}" width="12" height="12" class="gone"/>')
        parts.append(f'<circle cx="{x}" cy="{y}" r="4.5" class="dot"><title>{tip}</title></circle>')
    legend = "line: theory   dots: became candidates   squares: one stays for both"
    parts.append(f'<text x="{LEFT}" y="{HEIGHT - 6}" xml:space="preserve">Jaccard similarity.  {legend}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
