"""`gristmill classifier train` and `score`: fastText quality classifiers."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from gristmill.commands.summary import plain_table, show, wide_console


@click.group("classifier")
def classifier_group() -> None:
    """Train and try fastText quality classifiers.

    \b
    gristmill classifier train --positive good.jsonl.gz --negative crawl-sample.parquet --output quality.bin
    gristmill classifier score quality.bin crawl/*.jsonl.zst
    """


_TEXT_FIELD = click.option("--text-field", default="text", show_default=True, help="Field or column with the text.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print as JSON.")


@classifier_group.command("train")
@click.option("--positive", multiple=True, required=True, metavar="FILES", help="File or glob of good documents.")
@click.option("--negative", multiple=True, required=True, metavar="FILES", help="File or glob of the others.")
@click.option("--output", required=True, help="The model; its card is written beside it as OUTPUT.json.")
@click.option(
    "--keep-share", type=click.FloatRange(0, 1, min_open=True), help="Share of --on that the threshold keeps."
)
@click.option("--on", "pool", multiple=True, metavar="FILES", help="Sample of what will be filtered.")
@click.option(
    "--held-out",
    type=click.FloatRange(0, 0.9, min_open=True),
    default=0.1,
    show_default=True,
    help="Share of the documents held out, by hash, for the figures.",
)
@click.option("--word-ngrams", type=click.IntRange(1, 5), default=2, show_default=True, help="Longest run of words.")
@click.option("--dim", type=click.IntRange(1), default=100, show_default=True, help="Size of the word vectors.")
@click.option(
    "--buckets",
    type=click.IntRange(1),
    default=2_000_000,
    show_default=True,
    help="Hash buckets of n-grams. The model takes 4 * dim * (buckets + words) bytes: 800 MB by default.",
)
@click.option("--epochs", type=click.IntRange(1), default=5, show_default=True, help="Passes over the documents.")
@click.option("--learning-rate", type=click.FloatRange(0, min_open=True), default=0.1, show_default=True)
@click.option("--min-count", type=click.IntRange(1), default=1, show_default=True, help="Rarer words are left out.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=17, show_default=True, help="Of split and training.")
@click.option(
    "--threads",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="More than 1 is faster, and the model's bytes then vary from run to run.",
)
@_TEXT_FIELD
@_JSON
def train_command(
    positive: tuple[str, ...],
    negative: tuple[str, ...],
    output: str,
    keep_share: float | None,
    pool: tuple[str, ...],
    held_out: float,
    text_field: str,
    as_json: bool,
    **parameters: Any,
) -> None:
    """Train a classifier, measure it on documents held out, and write it with its card.

    \b
    gristmill classifier train --positive wiki.jsonl.gz --negative crawl.jsonl.gz --output quality.bin
    gristmill classifier train --positive good.txt --negative bad.txt --output quality.bin \\
        --keep-share 0.1 --on 'crawl/*.jsonl.zst' --dim 32 --buckets 200000

    Files are JSON lines (plain, gzip, zstd), Parquet, or text with one document a line.
    """  # fmt: skip
    from gristmill.filters.classifier.classifier import scores  # noqa: PLC0415  numba takes time to import
    from gristmill.filters.classifier.fit import FitOptions, check_can_train  # noqa: PLC0415
    from gristmill.filters.classifier.model import save_classifier  # noqa: PLC0415
    from gristmill.filters.classifier.training import (  # noqa: PLC0415
        POSITIVE,
        describe,
        evaluate,
        held_out_scores,
        label_texts,
        train_classifier,
    )
    from gristmill.pipelines.sources.labelled_texts import TextFiles  # noqa: PLC0415

    if (keep_share is None) != (not pool):
        msg = "--keep-share and --on belong together: the share is of the documents that --on names"
        raise click.UsageError(msg)
    check_can_train()
    options = FitOptions(**parameters)
    good, bad, judged = (TextFiles(patterns, text_field) for patterns in (positive, negative, pool))
    documents = label_texts(good, bad, held_out_share=held_out, seed=options.seed)
    with tempfile.TemporaryDirectory(prefix="gristmill-") as folder:
        trained = Path(folder) / "model.bin"
        model = train_classifier(documents, options, trained)
        found, labels = held_out_scores(documents, model)
        figures = evaluate(found, labels, scores(judged, model, POSITIVE) if pool else None, keep_share)
        inputs: dict[str, Sequence[dict[str, Any]]] = {
            name: files.read_files
            for name, files in (("positive", good), ("negative", bad), ("on", judged))
            if files.patterns
        }
        card = save_classifier(trained, output, {**describe(documents, options, inputs, held_out), **figures})
    if as_json:
        click.echo(json.dumps(card, indent=1, sort_keys=True, ensure_ascii=False))
        return
    print_card(output, card)


def print_card(uri: str, card: dict[str, Any]) -> None:
    """Prints what a model was made from and how good it is."""
    console = wide_console()
    training, held_out = card["training"], card["held_out"]
    console.print(
        f"{uri}: {card['bytes']:,} bytes, trained on {training['positives']:,} positive and "
        f"{training['negatives']:,} negative documents "
        f"(left out: {training['repeated']:,} repeated, {training['in_both_classes']:,} in both classes, "
        f"{training['empty']:,} empty)",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    console.print(
        f"held out: {held_out['documents']:,} documents, {held_out['positives']:,} positive; "
        f"AUC {held_out['auc']:.4f}; at threshold {card['threshold']:.6g}: precision {held_out['precision']:.4f}, "
        f"recall {held_out['recall']:.4f}, F1 {held_out['f1']:.4f}",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    _print_rows(f"Thresholds by kept share of {card['thresholds_on']}", card["thresholds"])
    _print_rows("Calibration on held-out documents", card["calibration"])


def _print_rows(title: str, rows: list[dict[str, float]]) -> None:
    table = plain_table(title)
    for name in rows[0] if rows else ():
        table.add_column(name.replace("_", " "), justify="right")
    for row in rows:
        table.add_row(*(f"{value:,}" if isinstance(value, int) else f"{value:.4g}" for value in row.values()))
    show(wide_console(), table)


@classifier_group.command("score")
@click.argument("model")
@click.argument("files", nargs=-1, required=True)
@click.option("--label", help="Label to score; the model's card names it if not given.")
@click.option("--threshold", type=float, help="Counts what is kept; the card's threshold if not given.")
@click.option("--each", is_flag=True, help="Print a line for every document: its score and how it begins.")
@_TEXT_FIELD
@_JSON
def score_command(
    model: str,
    files: tuple[str, ...],
    label: str | None,
    threshold: float | None,
    each: bool,
    text_field: str,
    as_json: bool,
) -> None:
    """Score FILES with MODEL (any fastText .bin or .ftz): the distribution, or every document.

    \b
    gristmill classifier score quality.bin crawl.jsonl.zst
    gristmill classifier score openhermes.bin crawl.parquet --label __label__hq --threshold 0.018112 --json
    gristmill classifier score quality.bin headlines.txt --each
    """
    from gristmill.config.filter_config import ClassifierSection  # noqa: PLC0415
    from gristmill.filters.classifier.binary_metrics import KEPT_SHARES, threshold_for_share  # noqa: PLC0415
    from gristmill.filters.classifier.classifier import resolve_classifier, scores  # noqa: PLC0415
    from gristmill.filters.classifier.model import load_classifier  # noqa: PLC0415
    from gristmill.pipelines.sources.labelled_texts import TextFiles  # noqa: PLC0415

    section = resolve_classifier(ClassifierSection(path=model, label=label, threshold=threshold))
    loaded, name = load_classifier(model), section.label or ""
    texts = TextFiles(files, text_field)
    if each:
        for text in texts:
            score = float(scores([text], loaded, name)[0])
            row = {"score": score, "text": text[:70]}
            click.echo(json.dumps(row, ensure_ascii=False) if as_json else f"{score:.6f}\t{row['text']!r}")
        return
    found = scores(texts, loaded, name)
    shares = [{"share": share, "threshold": threshold_for_share(found, share)} for share in KEPT_SHARES]
    report: dict[str, Any] = {
        "label": name,
        "documents": len(found),
        "mean_score": float(found.mean()),
        "threshold": section.threshold,
        "kept": None if section.threshold is None else int((found >= section.threshold).sum()),
        "thresholds": shares,
    }
    if as_json:
        click.echo(json.dumps(report, indent=1))
        return
    kept = "" if report["kept"] is None else f"; {report['kept']:,} score at least {section.threshold:.6g}"
    wide_console().print(
        f"{len(found):,} documents, mean probability of {name!r} {report['mean_score']:.4f}{kept}", highlight=False
    )
    _print_rows("Thresholds by kept share of these documents", shares)
