"""The version of Gristmill: what ``run.json`` and the report say made a run."""

VERSION = "0.1.0"
