"""How this copy of Gristmill was installed, and the command that adds an extra to it.

Gristmill is on no package index, so ``gristmill[train]`` alone would find nothing, or another project's package.
"""

from __future__ import annotations

import importlib.util
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

NAME = "gristmill"


def cure_for_extra(extra: str) -> str:
    """A command that installs what an extra brings, into the environment of this process.

    Args:
        extra: a key of ``EXTRAS`` in setup.py.

    Returns:
        For a checkout, its folder; for an installation from git, an archive or a folder, that place; where none of them
        is known any more, the packages themselves.

    >>> "install" in cure_for_extra("train")
    True
    """
    return f"{_pip()} install {_what(extra, Path(__file__).resolve().parents[2])}"


def _pip() -> str:
    """Pip for this interpreter: an installed command may be run without its environment being active."""
    if importlib.util.find_spec("pip") is None:
        return f"pip --python {shlex.quote(sys.executable)}"
    return f"{shlex.quote(sys.executable)} -m pip"


def _what(extra: str, root: Path) -> str:
    if (root / "setup.py").is_file() and (root / "src" / NAME).is_dir():
        return f"-e {_quoted(f'{root}[{extra}]')}"
    import json  # noqa: PLC0415  everything imports this module, and nearly nothing calls it
    from importlib import metadata  # noqa: PLC0415  as above

    try:
        installed = metadata.distribution(NAME)
    except metadata.PackageNotFoundError:
        return _quoted(f"{NAME}[{extra}]")
    wanted = requirement(extra, json.loads(installed.read_text("direct_url.json") or "{}"))
    return _quoted(wanted) if wanted else " ".join(map(_quoted, packages(extra, installed.requires or [])))


def requirement(extra: str, origin: Mapping[str, Any]) -> str | None:
    """What to ask pip for, to get an extra from where the installed copy came from; None if that is not there any more.

    Args:
        extra: as in `cure_for_extra`.
        origin: content of ``direct_url.json`` (PEP 610).

    >>> requirement("train", {"url": "https://host/mill.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}})
    'gristmill[train] @ git+https://host/mill.git@abc'
    >>> requirement("train", {"url": "file:///nowhere/mill", "dir_info": {}}) is None
    True
    """
    url = str(origin.get("url", ""))
    parts = urlsplit(url)
    if parts.scheme == "file" and not Path(unquote(parts.path)).exists():
        return None
    source = origin.get("vcs_info")
    if isinstance(source, dict):
        return f"{NAME}[{extra}] @ {source['vcs']}+{url}@{source['commit_id']}"
    return f"{NAME}[{extra}] @ {url}" if url else None


def packages(extra: str, requires: list[str]) -> list[str]:
    """The packages of an extra, from ``Requires-Dist`` of the installed copy.

    >>> packages("train", ["numpy>=2", 'torch>=2.4; extra == "train"', 'build; extra == "dev"'])
    ['torch>=2.4']
    """
    rows = [line.partition(";") for line in requires]
    return [name.strip() for name, _, marker in rows if marker.replace("'", '"').strip() == f'extra == "{extra}"']


def _quoted(text: str) -> str:
    """In quotes always: some shells read brackets as a pattern of file names."""
    return shlex.quote(text) if "'" in text else f"'{text}'"
