"""Gristmill: raw web, book and code shards to deduplicated, tokenized, explained training data.

The names below are the public ones; docs/python.md shows each at work. Everything else is importable from its own
module (``gristmill.filters.signals``, ``gristmill.dedup.signatures.minhash``, …) and documented there. A name is
imported when it is first asked for, so that ``import gristmill`` costs next to nothing and brings neither Beam nor
torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from gristmill.kernels.cache_setting import use_kernel_cache
from gristmill.version import VERSION as _VERSION

if TYPE_CHECKING:
    from gristmill.api.judging import rules as rules
    from gristmill.api.reading import iterate as iterate
    from gristmill.api.reading import kept_texts as kept_texts
    from gristmill.api.reading import read_ledger as read_ledger
    from gristmill.api.running import run as run
    from gristmill.config.config import Config as Config
    from gristmill.config.config import load_config as load_config
    from gristmill.config.config import parse_config as parse_config
    from gristmill.dedup.signatures.minhash import signatures as signatures
    from gristmill.documents import DOCUMENT_SCHEMA as DOCUMENT_SCHEMA
    from gristmill.documents import LEDGER_SCHEMA as LEDGER_SCHEMA
    from gristmill.documents import document_id as document_id
    from gristmill.errors import GristmillError as GristmillError
    from gristmill.filters.rules.decide import decide as decide
    from gristmill.filters.signals import signals as signals
    from gristmill.pipelines.curate import RunResult as RunResult
    from gristmill.pipelines.transforms.annotate_shards import AnnotateShards as AnnotateShards
    from gristmill.pipelines.transforms.extract_shards import ExtractShards as ExtractShards
    from gristmill.pipelines.transforms.gather_tokens import GatherTokens as GatherTokens
    from gristmill.pipelines.transforms.near_duplicate_pairs import NearDuplicatePairs as NearDuplicatePairs
    from gristmill.runs import RunDirectory as RunDirectory
    from gristmill.train_hooks.loader.dataset import ShardDataset as ShardDataset

__version__ = _VERSION

use_kernel_cache()

_MODULES = {
    "AnnotateShards": "pipelines.transforms.annotate_shards",
    "Config": "config.config",
    "DOCUMENT_SCHEMA": "documents",
    "ExtractShards": "pipelines.transforms.extract_shards",
    "GatherTokens": "pipelines.transforms.gather_tokens",
    "GristmillError": "errors",
    "LEDGER_SCHEMA": "documents",
    "NearDuplicatePairs": "pipelines.transforms.near_duplicate_pairs",
    "RunDirectory": "runs",
    "RunResult": "pipelines.curate",
    "ShardDataset": "train_hooks.loader.dataset",
    "decide": "filters.rules.decide",
    "document_id": "documents",
    "iterate": "api.reading",
    "kept_texts": "api.reading",
    "load_config": "config.config",
    "parse_config": "config.config",
    "read_ledger": "api.reading",
    "rules": "api.judging",
    "run": "api.running",
    "signals": "filters.signals",
    "signatures": "dedup.signatures.minhash",
}
"""Where each public name stands."""

__all__ = [  # noqa: RUF022  sorted as sorted() does
    "AnnotateShards",
    "Config",
    "DOCUMENT_SCHEMA",
    "ExtractShards",
    "GatherTokens",
    "GristmillError",
    "LEDGER_SCHEMA",
    "NearDuplicatePairs",
    "RunDirectory",
    "RunResult",
    "ShardDataset",
    "decide",
    "document_id",
    "iterate",
    "kept_texts",
    "load_config",
    "parse_config",
    "read_ledger",
    "rules",
    "run",
    "signals",
    "signatures",
]


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first asked for."""
    if name not in _MODULES:
        message = f"module 'gristmill' has no attribute {name!r}"
        raise AttributeError(message)
    try:
        found = getattr(importlib.import_module(f"gristmill.{_MODULES[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name == "torch":
            from gristmill.errors import MissingExtraError  # noqa: PLC0415  only where something is wrong

            raise MissingExtraError(error.name, "train", f"gristmill.{name}") from error
        raise
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """The public names too."""
    return sorted({*globals(), *__all__})
