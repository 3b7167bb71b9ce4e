"""`gristmill pretrain` and `gristmill complete`: thin fronts of `train_hooks`, where torch is."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click
from rich.text import Text

from gristmill import storage
from gristmill.commands.summary import plain_table, show, wide_console
from gristmill.config.config import load_config
from gristmill.errors import ConfigError, MissingExtraError


def _need_torch(purpose: str) -> None:
    try:
        import torch  # noqa: F401, PLC0415  only to know that it is there
    except ImportError as error:
        package = "torch"
        raise MissingExtraError(package, "train", purpose) from error


@click.command("pretrain")
@click.argument("config_path", metavar="CONFIG", type=click.Path())
@click.option("--tokens", type=click.Path(path_type=Path), help="Folder of token shards; default RUN/tokens.")
@click.option("--output", type=click.Path(path_type=Path), help="Folder for log and checkpoints; default RUN/train.")
def pretrain_command(config_path: str, tokens: Path | None, output: Path | None) -> None:
    """Train a language model on the tokens of CONFIG's run, or go on from its newest checkpoint.

    \b
    gristmill pretrain examples/quickstart.toml
    torchrun --nproc-per-node 8 -m gristmill.train_hooks.pretrain examples/quickstart.toml
    """
    _need_torch("gristmill pretrain")
    from gristmill.train_hooks.pretrain import pretrain  # noqa: PLC0415  torch takes seconds to import

    config = load_config(config_path)
    if storage.is_remote(config.run.output) and (tokens is None or output is None):
        msg = (
            f"gristmill pretrain reads shards from a local disk, and run.output is {config.run.output}; copy its "
            "tokens/ folder and give --tokens and --output"
        )
        raise ConfigError(msg)
    run = Path(config.run.output)
    result = pretrain(config.pretrain, tokens or run / "tokens", output or run / "train")
    console = wide_console()
    if result.loss is not None:
        console.print(f"step {result.step}: loss {result.loss:.4f} nats per token", highlight=False)
    if result.validation is not None:
        held_out = result.validation.overall
        console.print(
            f"held-out: loss {held_out.loss:.4f} nats per token, {held_out.bits_per_byte:.4f} bits per byte",
            highlight=False,
        )
    console.print(f"log        {result.log}", highlight=False, soft_wrap=True)
    console.print(f"checkpoint {result.checkpoint}", highlight=False, soft_wrap=True)


@click.command("complete")
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.argument("prompt")
@click.option("--max-tokens", type=click.IntRange(min=0), default=32, show_default=True, help="Tokens to add.")
@click.option("--top", type=click.IntRange(min=1), default=10, show_default=True, help="Rows in the table.")
@click.option("--temperature", type=click.FloatRange(min=0), default=0.0, show_default=True, help="0 is greedy.")
@click.option("--top-k", type=click.IntRange(min=0), default=0, show_default=True, help="0 samples from all tokens.")
@click.option("--seed", type=int, default=17, show_default=True, help="Seed of the sampling.")
@click.option("--device", default="cpu", show_default=True, help="cpu or cuda.")
@click.option("--json", "as_json", is_flag=True, help="Print the completion as JSON.")
def complete_command(
    checkpoint: Path,
    prompt: str,
    max_tokens: int,
    top: int,
    temperature: float,
    top_k: int,
    seed: int,
    device: str,
    as_json: bool,
) -> None:
    """Print what CHECKPOINT thinks comes after PROMPT: the most probable next tokens, and a continuation.

    CHECKPOINT is a checkpoint folder, or the train/ folder of a run, whose newest checkpoint is taken.

    \b
    gristmill complete runs/quickstart/train "The capital of France is"
    """
    _need_torch("gristmill complete")
    from gristmill.train_hooks.complete import complete  # noqa: PLC0415  torch takes seconds to import

    found = complete(
        checkpoint,
        prompt,
        max_tokens=max_tokens,
        top=top,
        temperature=temperature,
        top_k=top_k,
        seed=seed,
        device=device,
    )
    if as_json:
        content = dataclasses.asdict(found) | {"checkpoint": str(found.checkpoint)}
        click.echo(json.dumps(content, indent=1, ensure_ascii=False))
        return
    console = wide_console()
    table = plain_table(f"Most probable next tokens (step {found.step})")
    table.add_column("token")
    table.add_column("id", justify="right")
    table.add_column("probability", justify="right")
    for token in found.next_tokens:
        shown = "(end of text)" if token.is_end else repr(token.text)
        table.add_row(shown, str(token.token_id), f"{token.probability:.4f}")
    show(console, table)
    if found.dropped_tokens:
        console.print(
            f"The first {found.dropped_tokens} tokens of the prompt did not fit the window and were not seen."
        )
    line = Text(prompt, style="dim")
    # Line breaks are shown as \n: a young model loves them, and blank lines would hide what it said.
    line.append(repr(found.continuation)[1:-1], style="bold")
    console.print(line, soft_wrap=True)
