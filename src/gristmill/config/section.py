"""The base of every configuration section: frozen, and unknown keys are errors that name the nearest valid key."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A table of the TOML configuration. Frozen; refuses unknown keys; every field has a description with its unit."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)
