"""Dolma's own taggers on ready texts. Run by the interpreter of ``.venv-dolma``, which has no Gristmill.

    .venv-dolma/bin/python tests/conformance/dolma_oracle.py < TEXTS.jsonl > FIGURES.jsonl

Reads one JSON string a line and prints one JSON object a line: the attributes of ``gopher_v1`` and ``gopher_v2``.
Dolma's package imports models and cloud clients that its Gopher tagger never touches, so only the tagger is loaded.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import types
from dataclasses import asdict
from pathlib import Path
from typing import Any


def load_tagger() -> Any:
    """The module ``dolma.taggers.gopher``, without running the packages it lies in."""
    spec = importlib.util.find_spec("dolma")
    if spec is None or spec.origin is None:
        sys.exit("dolma is not installed in this environment")
    home = Path(spec.origin).parent
    for name, folder in (("dolma", home), ("dolma.taggers", home / "taggers")):
        package = types.ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package
    return importlib.import_module("dolma.taggers.gopher")


gopher = load_tagger()
for line in sys.stdin:
    text = json.loads(line)
    both = {
        version: asdict(gopher.get_attributes(text, ignore_empty_lines=version == "gopher_v2"))
        for version in ("gopher_v1", "gopher_v2")
    }
    print(json.dumps(both), flush=True)
