"""Gristmill: raw web, book and code shards to deduplicated, tokenized, explained training data.

The names below are the public ones. Everything else is importable from its own module (``gristmill.filters.signals``,
``gristmill.dedup.signatures.minhash``, …) and documented there.
"""

from gristmill.config.config import Config as Config
from gristmill.config.config import load_config as load_config
from gristmill.config.config import parse_config as parse_config
from gristmill.documents import DOCUMENT_SCHEMA as DOCUMENT_SCHEMA
from gristmill.documents import LEDGER_SCHEMA as LEDGER_SCHEMA
from gristmill.documents import document_id as document_id
from gristmill.errors import GristmillError as GristmillError
from gristmill.kernels.cache_setting import use_kernel_cache
from gristmill.runs import RunDirectory as RunDirectory
from gristmill.version import VERSION as _VERSION

__version__ = _VERSION

use_kernel_cache()

__all__ = [  # noqa: RUF022  sorted as sorted() does
    "Config",
    "DOCUMENT_SCHEMA",
    "GristmillError",
    "LEDGER_SCHEMA",
    "RunDirectory",
    "document_id",
    "load_config",
    "parse_config",
]
