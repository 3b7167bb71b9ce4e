"""Lists of names in a configuration, such as ``rules.use``: how an entry is read, and what is said of a wrong one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gristmill.documents import KINDS
from gristmill.errors import ConfigError, unknown_name

Entry = str | Mapping[str, object]
"""A name, ``name@variant``, or a table with ``name`` and what else the list allows."""


class Named(Protocol):
    """What a list can name: something with variants."""

    @property
    def default(self) -> str:
        """The variant that the bare name means."""
        ...

    @property
    def variants(self) -> Mapping[str, object]:
        """All variants by name."""
        ...


@dataclass(frozen=True)
class UseList:
    """One such list.

    Attributes:
        section: as in the configuration: ``rules.use``.
        what: what an entry names, in messages: ``rule set``.
        known: all that can be named.
        keys: the keys of a table, ``name``, ``variant`` and ``kinds`` among them.
    """

    section: str
    what: str
    known: Mapping[str, Named]
    keys: tuple[str, ...]

    def read(self, entry: Entry) -> tuple[str, str | None, Mapping[str, object]]:
        """The name of an entry, its variant if it says one, and the table, empty where it is none.

        Whether the name and the variant exist is not asked.

        Raises:
            ConfigError: an unknown key, no name, or a variant that is no string.

        >>> UseList("rules.use", "rule set", {}, ("name", "variant", "kinds")).read("c4@paper")
        ('c4', 'paper', {})
        """
        if isinstance(entry, str):
            name, at, after = entry.partition("@")
            return name, after if at else None, {}
        table = f"{'an' if self.section[0] in 'aeiou' else 'a'} {self.section} table"
        for key in entry:
            if key not in self.keys:
                raise ConfigError(unknown_name(f"key of {table}", str(key), self.keys))
        named, variant = entry.get("name"), entry.get("variant")
        if not isinstance(named, str):
            message = f'{table} needs name = "...", one of {", ".join(sorted(self.known))}; got {dict(entry)!r}'
            raise ConfigError(message)
        if not (variant is None or isinstance(variant, str)):
            message = f"variant of {self.what} {named!r} must be a string, got {variant!r}"
            raise ConfigError(message)
        return named, variant, entry

    def kinds(self, name: str, table: Mapping[str, object]) -> tuple[str, ...]:
        """The kinds of document that a table gives; whether they exist is not asked.

        Raises:
            ConfigError: they are no list.
        """
        kinds = table.get("kinds", ())
        if isinstance(kinds, str) or not isinstance(kinds, Sequence):
            message = f'kinds of {self.what} {name!r} must be a list such as ["web", "book"], got {kinds!r}'
            raise ConfigError(message)
        return tuple(str(kind) for kind in kinds)

    def variant(self, name: str, variant: str | None) -> str:
        """The variant that an entry means: the one it says, or the default of its name.

        Raises:
            ConfigError: an unknown name or variant.
        """
        if name not in self.known:
            raise ConfigError(unknown_name(self.what, name, self.known))
        named = self.known[name]
        chosen = named.default if variant is None else variant
        if chosen not in named.variants:
            raise ConfigError(unknown_name(f"variant of {self.what} {name!r}", chosen, named.variants))
        return chosen

    def check_once(self, names: Sequence[str]) -> None:
        """Raises `ConfigError` where a name is listed twice."""
        for name in names:
            if names.count(name) > 1:
                message = f"{self.what} {name!r} is listed twice in {self.section}; list it once, with one variant"
                raise ConfigError(message)


def check_kinds(kinds: Sequence[str]) -> None:
    """Raises `ConfigError` unless all are kinds of document."""
    for kind in kinds:
        if kind not in KINDS:
            raise ConfigError(unknown_name("kind", kind, KINDS))
