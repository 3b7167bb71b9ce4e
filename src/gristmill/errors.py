"""Every error Gristmill raises on purpose, and the exit code each gives the command line.

::

    GristmillError                  1   anything below; catch this one
    ├── ConfigError                 2   the configuration names something that does not exist or cannot be
    │   ├── MissingExtraError       2   an optional package is needed and not installed
    │   └── PluginError             2   a plugin is not there, is broken, or returns what it must not
    ├── InputError                  3   a raw shard cannot be read at all (one bad record is a dead letter, not this)
    ├── RunDirectoryError           4   the run directory belongs to another run, or lacks what a command needs
    ├── ReconciliationError         5   records read do not equal records accounted for
    ├── ErrorBudgetError            6   more dead letters than ``run.max_error_fraction`` allows
    ├── EmptyResultError            7   a stage left nothing, or a pattern matched no file
    ├── IntegrityError              8   bytes on disk are not the bytes the manifest promises
    ├── TokenizerError              9   vocabulary, dtype or special ids disagree
    └── WorkerError                10   a worker failed on a shard; what is committed stays, and a rerun resumes

A message says what was wanted, what was got, where, and the cure. Unknown names list the nearest known ones:

>>> unknown_name("rule set", "gopher_qualty", ["gopher_quality", "c4"])
"unknown rule set 'gopher_qualty'; did you mean 'gopher_quality'? Known: c4, gopher_quality"
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from gristmill.installed import cure_for_extra


class GristmillError(Exception):
    """Base of all errors raised on purpose.

    Attributes:
        exit_code: what the command line exits with.
    """

    exit_code = 1


class ConfigError(GristmillError):
    """The configuration names something that does not exist, or values that cannot hold together."""

    exit_code = 2


class MissingExtraError(ConfigError):
    """An optional package is needed and not installed; the message has the command that installs it.

    Args:
        package: the import name that was not found.
        extra: the extra of ``gristmill`` that brings it.
        purpose: what it was needed for.

    >>> print(MissingExtraError("torch", "train", "pretrain"))  # doctest: +ELLIPSIS
    pretrain needs the package 'torch' of the extra 'train', which is not installed; install it with: ... install ...
    """

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the package {package!r} of the extra {extra!r}, which is not installed; "
            f"install it with: {cure_for_extra(extra)}"
        )


class PluginError(ConfigError):
    """A plugin is not there, cannot be imported, claims a taken name, raises, or returns what it must not."""


class InputError(GristmillError):
    """A raw shard cannot be read at all. One unreadable record is a dead letter in ``errors/`` instead."""

    exit_code = 3


class RunDirectoryError(GristmillError):
    """The run directory belongs to another run, or lacks what the command needs."""

    exit_code = 4


class ReconciliationError(GristmillError):
    """Records read do not equal kept + removed + duplicate + error: something was lost or counted twice."""

    exit_code = 5


class ErrorBudgetError(GristmillError):
    """More dead letters than ``run.max_error_fraction`` allows."""

    exit_code = 6


class EmptyResultError(GristmillError):
    """A pattern matched no file, or a stage left no document: nothing to go on with."""

    exit_code = 7


class IntegrityError(GristmillError):
    """Bytes on disk are not the bytes the manifest promises."""

    exit_code = 8


class TokenizerError(GristmillError):
    """Vocabulary, dtype or special ids disagree with what the shards hold."""

    exit_code = 9


class WorkerError(GristmillError):
    """A worker failed on a shard. What is committed stays; the same command resumes."""

    exit_code = 10


def unknown_name(what: str, got: str, known: Iterable[str]) -> str:
    """Says that ``got`` is not a known ``what``, the nearest known name first.

    >>> unknown_name("source kind", "wrc", ["warc", "wet"])
    "unknown source kind 'wrc'; did you mean 'warc'? Known: warc, wet"
    """
    names = sorted(known)
    near = difflib.get_close_matches(got, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"unknown {what} {got!r}; {hint}Known: {', '.join(names)}"
