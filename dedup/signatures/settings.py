"""The settings of published data sets: shingles, bands and rows by name, and what each does that we do not."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from gristmill.config.dedup_config import PUBLISHED
from gristmill.dedup.signatures.banding import BandPlan
from gristmill.dedup.signatures.normalization import Normalization, Unit
from gristmill.errors import ConfigError, unknown_name


@dataclass(frozen=True)
class Setting:
    """How one data set looked for near-duplicates, as near as our shingles come to it.

    Attributes:
        shingle: words or characters in a shingle.
        unit: what a shingle is made of.
        normalization: what is made equal first.
        plan: bands and rows.
        source: where the numbers stand.
        differs: what the original does that this setting does not.
    """

    shingle: int
    unit: Unit
    normalization: Normalization
    plan: BandPlan
    source: str
    differs: str


_ORIGINS = {
    "fineweb": ("datatrove, examples/fineweb.py and utils/text.py", "words are spaCy's there"),
    "refinedweb": (
        "arXiv 2306.01116, section G.3, after Lee et al. 2021, arXiv 2107.06499",
        "shingles are of GPT-2's tokens there, and digits stay",
    ),
    "rpv2": (
        "RedPajama-Data, configs/rp_v2.0.conf, at similarity 0.7",
        "punctuation is removed before words are split there; at .8 it takes 9 x 13, at .9 5 x 25",
    ),
    "slimpajama": (
        "Cerebras modelzoo, to_hash.py: datasketch's optimum for 0.8 and 128 values",
        "punctuation is removed there",
    ),
    "dolma3": ("allenai/duplodocus, the OLMo 3 configuration", "shingles are of cl100k tokens there"),
}


def _setting(name: str, near: dict[str, Any]) -> Setting:
    source, differs = _ORIGINS[name]
    return Setting(
        near["shingle"],
        near["unit"],
        near["normalization"],
        BandPlan(near["bands"], near["rows"]),
        source,
        f"{differs}; no pair is verified there",
    )


SETTINGS = MappingProxyType({name: _setting(name, near) for name, near in PUBLISHED.items()})
"""By name. `gristmill bands --setting NAME` prints the curve."""


def setting(name: str) -> Setting:
    """The setting of a published data set.

    Raises:
        ConfigError: the name is unknown; the message lists the known ones.

    >>> setting("slimpajama").unit, setting("fineweb").plan
    ('character', BandPlan(bands=14, rows=8))
    """
    if name not in SETTINGS:
        raise ConfigError(unknown_name("published setting", name, SETTINGS))
    return SETTINGS[name]
