"""`gristmill bands`: which near-duplicates a choice of bands and rows finds."""

from __future__ import annotations

import json

import click

from gristmill.commands.summary import plain_table, show, wide_console
from gristmill.dedup.signatures.banding import BandPlan, choose, optimal
from gristmill.dedup.signatures.settings import SETTINGS, setting
from gristmill.errors import ConfigError

_SHOWN = (0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)
_WIDTH, _HEIGHT = 61, 13


@click.command("bands")
@click.option("--setting", "name", help=f"A published one: {', '.join(SETTINGS)}.")
@click.option("--bands", type=int, help="Bands, with --rows.")
@click.option("--rows", type=int, help="Rows in a band, with --bands.")
@click.option("--similarity", type=float, help="Jaccard similarity from which pairs are wanted.")
@click.option("--recall", type=float, help="Least share of the pairs at --similarity to find.  [default: 0.95]")
@click.option("--false-positives", type=float, help="Largest mean probability below --similarity.  [default: 0.2]")
@click.option("--num-perm", type=int, help="Take datasketch's optimum of so many values for --similarity instead.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def bands_command(
    name: str | None,
    bands: int | None,
    rows: int | None,
    similarity: float | None,
    recall: float | None,
    false_positives: float | None,
    num_perm: int | None,
    as_json: bool,
) -> None:
    """Show which near-duplicates a choice of bands and rows finds, or choose them for a target.

    Without options, lists the published settings.

    \b
    gristmill bands --setting fineweb
    gristmill bands --similarity 0.8 --recall 0.95
    gristmill bands --similarity 0.8 --num-perm 128
    gristmill bands --bands 20 --rows 10
    """
    ways = [name is not None, bands is not None or rows is not None, similarity is not None]
    if sum(ways) > 1:
        message = "give one of --setting, --bands with --rows, and --similarity"
        raise ConfigError(message)
    if similarity is None and (recall, false_positives, num_perm) != (None, None, None):
        message = "--recall, --false-positives and --num-perm belong to --similarity; give it too"
        raise ConfigError(message)
    if not any(ways):
        _print_settings(as_json)
        return
    if name is not None:
        plan, title = setting(name).plan, name
    elif similarity is None:
        if bands is None or rows is None:
            message = f"--bands and --rows go together, got bands={bands} and rows={rows}"
            raise ConfigError(message)
        plan, title = BandPlan(bands, rows), "as given"
    elif num_perm is not None:
        if (recall, false_positives) != (None, None):
            message = "--num-perm asks for datasketch's optimum, which knows no --recall and no --false-positives"
            raise ConfigError(message)
        plan, title = optimal(similarity, num_perm), f"datasketch's optimum for {similarity} of {num_perm} values"
    else:
        wanted = (recall if recall is not None else 0.95, false_positives if false_positives is not None else 0.2)
        plan = choose(similarity, wanted[0], false_positives=wanted[1])
        title = f"{wanted[0]:.1%} of pairs at {similarity}, at most {wanted[1]:.1%} below"
    _print_plan(plan, title, name, as_json)


def _print_settings(as_json: bool) -> None:
    rows = [
        {
            "setting": name,
            "shingle": f"{entry.shingle} {entry.unit}s",
            "normalization": entry.normalization,
            "bands": entry.plan.bands,
            "rows": entry.plan.rows,
            **{f"P({s})": round(entry.plan.probability(s), 3) for s in (0.6, 0.7, 0.8, 0.9)},
            "source": entry.source,
            "differs": entry.differs,
        }
        for name, entry in SETTINGS.items()
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    table = plain_table("Published settings")
    names = [key for key in rows[0] if key not in {"source", "differs"}]
    for column in names:
        table.add_column(column)
    for row in rows:
        table.add_row(*(str(row[column]) for column in names))
    show(wide_console(), table)
    for row in rows:
        click.echo(f"  {row['setting']}: {row['source']}; {row['differs']}.")


def _print_plan(plan: BandPlan, title: str, name: str | None, as_json: bool) -> None:
    if as_json:
        curve = {f"{similarity:.2f}": round(value, 6) for similarity, value in plan.curve()}
        click.echo(
            json.dumps(
                {"bands": plan.bands, "rows": plan.rows, "num_perm": plan.num_perm, "probability": curve}, indent=1
            )
        )
        return
    table = plain_table(f"{plan.bands} bands of {plan.rows} rows, {plan.num_perm} values: {title}")
    table.add_column("similarity", justify="right")
    table.add_column("found", justify="right")
    for similarity in _SHOWN:
        table.add_row(f"{similarity:.2f}", f"{plan.probability(similarity):.4f}")
    show(wide_console(), table)
    click.echo("\n".join(plot(plan)))
    click.echo(f"Steepest about {plan.threshold:.2f}; mean below .8: {plan.false_positives(0.8):.3f}.")
    if name is not None:
        entry = setting(name)
        click.echo(
            f'In a run: near = {{ setting = "{name}" }}, shingles of {entry.shingle} {entry.unit}s, '
            f"normalization {entry.normalization}.\nSource: {entry.source}. What differs: {entry.differs}."
        )
    else:
        click.echo(f"In a run: near = {{ bands = {plan.bands}, rows = {plan.rows} }}")


def plot(plan: BandPlan) -> list[str]:
    """The curve as text: probability upwards, similarity to the right.

    >>> plot(BandPlan(14, 8))[0].rstrip()[-8:]
    '********'
    """
    heights = [round(plan.probability(x / (_WIDTH - 1)) * (_HEIGHT - 1)) for x in range(_WIDTH)]
    lines = []
    for level in range(_HEIGHT - 1, -1, -1):
        label = f"{level / (_HEIGHT - 1):4.2f}" if level % 3 == 0 else "    "
        dots = "".join("*" if height == level else " " for height in heights)
        lines.append(f"{label} |{dots}".rstrip())
    lines.append("     +" + "-" * _WIDTH)
    ticks = [" "] * (_WIDTH + 8)
    for tenth in range(0, 11, 2):
        at = 6 + tenth * (_WIDTH - 1) // 10
        ticks[at - 1 : at + 2] = list(f"{tenth / 10:.1f}")
    lines.append("".join(ticks).rstrip())
    return lines
