"""`gristmill doctor`: does this machine have what a run needs?"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import click
from rich.markup import escape
from rich.text import Text

from gristmill.commands.summary import plain_table, show, wide_console
from gristmill.config.units import format_bytes
from gristmill.errors import ConfigError
from gristmill.installed import cure_for_extra
from gristmill.kernels.compiled import wait_for_kernels

PACKAGES = (
    "apache-beam",
    "pyarrow",
    "numpy",
    "numba",
    "fastwarc",
    "resiliparse",
    "tokenizers",
    "gigatoken",
    "datasketch",
)
OPTIONAL = {
    "torch": "train",
    "safetensors": "train",
    "fasttext": "classifier",
    "trafilatura": "trafilatura",
    "kenlm": "perplexity",
    "sentencepiece": "perplexity",
    "google.cloud.storage": "gcp",
}
"""Modules that only some commands need, and the extra that brings each."""


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print the checks as JSON.")
def doctor_command(as_json: bool) -> None:
    """Check this machine: packages, compiled kernels, language model, tokenizer engines, disk, memory, GPU.

    Exits with 2 when something a run needs is missing or wrong.

    \b
    gristmill doctor
    """
    rows = [_checked(name, check) for name, check in CHECKS.items()]
    if as_json:
        click.echo(json.dumps(rows, indent=1))
    else:
        table = plain_table("This machine")
        for name in ("check", "state", "found"):
            table.add_column(name, overflow="fold")
        colours = {"ok": "green", "absent": "yellow", "wrong": "red"}
        for row in rows:
            state = Text(row["state"], style=colours[row["state"]])
            table.add_row(escape(row["check"]), state, escape(row["found"]))
        show(wide_console(), table)
    wrong = [row["check"] for row in rows if row["state"] == "wrong"]
    if wrong:
        msg = f"this machine is not ready: {', '.join(wrong)}"
        raise ConfigError(msg)


def _checked(name: str, check: Callable[[], tuple[str, str]]) -> dict[str, str]:
    try:
        state, found = check()
    except Exception as error:  # noqa: BLE001  whatever is wrong here is what this command is for
        state, found = "wrong", f"{type(error).__name__}: {error}"
    return {"check": name, "state": state, "found": found}


def _python() -> tuple[str, str]:
    return "ok" if sys.version_info >= (3, 11) else "wrong", f"{platform.python_version()} on {platform.machine()}"


def _packages() -> tuple[str, str]:
    return "ok", ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)


def _optional() -> tuple[str, str]:
    there = {name: _is_there(name) for name in OPTIONAL}
    parts = [f"[{extra}] {_of_extra(extra, there)}" for extra in dict.fromkeys(OPTIONAL.values())]
    return "ok" if all(there.values()) else "absent", "; ".join(parts)


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # of the package that the module is in
        return False


def _of_extra(extra: str, there: dict[str, bool]) -> str:
    """What of an extra is installed; the command that installs the rest."""
    names = [name for name, its in OPTIONAL.items() if its == extra]
    absent = [name for name in names if not there[name]]
    if not absent:
        return ", ".join(names)
    return f"{', '.join(absent)} absent: {cure_for_extra(extra)}"


def _kernels() -> tuple[str, str]:
    import pyarrow as pa  # noqa: PLC0415

    from gristmill.dedup.signatures.minhash import signatures  # noqa: PLC0415
    from gristmill.filters.signals import signals  # noqa: PLC0415

    note = wait_for_kernels("filters/signals.py")
    if note is not None:
        click.echo(note, err=True)
    texts = pa.array(["The mill turns, and the grain becomes flour. " * 20])
    began = time.monotonic()
    signals(texts)
    signatures(texts)
    seconds = time.monotonic() - began
    return "ok", f"compiled or read from the cache in {seconds:.1f} s"


def _language() -> tuple[str, str]:
    import pyarrow as pa  # noqa: PLC0415

    from gristmill.filters.language.language import identify  # noqa: PLC0415

    codes, _ = identify(pa.array(["Ein Mühlrad dreht sich im Bach.", "The wheel of the mill turns in the brook."]))
    found = codes.to_pylist()
    return "ok" if found == ["de", "en"] else "wrong", f"lid.176.ftz says {found} for a German and an English sentence"


def _tokenizers() -> tuple[str, str]:
    import pyarrow as pa  # noqa: PLC0415

    from gristmill.tokenize.bpe import load_tokenizer  # noqa: PLC0415
    from gristmill.tokenize.training import train_bpe  # noqa: PLC0415

    raw = train_bpe([pa.array(["the mill turns and the grain becomes flour " * 8])], 300)
    tokenizer = load_tokenizer(raw)
    if tokenizer.mismatch:
        return "absent", f"tokenizers is used: {tokenizer.mismatch}"
    return "ok", f"{tokenizer.engine}, equal to tokenizers on the probes"


def _links() -> tuple[str, str]:
    import gristmill.tokenize.order as module  # noqa: PLC0415

    return "ok", str(Path(module.__file__).resolve().parent)


def _disk() -> tuple[str, str]:
    free = shutil.disk_usage(tempfile.gettempdir()).free
    return "ok" if free > 1e9 else "wrong", f"{format_bytes(free)} free in {tempfile.gettempdir()}"


def _cores() -> tuple[str, str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return "ok", f"{os.cpu_count()} cores, {format_bytes(memory)} of memory"


def _gpu() -> tuple[str, str]:
    try:
        import torch  # noqa: PLC0415
    except ImportError:
        return "absent", "torch is not installed; only `gristmill pretrain` and `complete` need it"
    if not torch.cuda.is_available():
        return "absent", f"torch {torch.__version__} without CUDA; training runs on the CPU"
    return "ok", f"{torch.cuda.device_count()} x {torch.cuda.get_device_name(0)}, bf16 {torch.cuda.is_bf16_supported()}"


CHECKS: dict[str, Callable[[], tuple[str, str]]] = {
    "python": _python,
    "packages": _packages,
    "optional packages": _optional,
    "folders": _links,
    "kernels": _kernels,
    "language model": _language,
    "tokenizer engines": _tokenizers,
    "disk": _disk,
    "machine": _cores,
    "gpu": _gpu,
}
