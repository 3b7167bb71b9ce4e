"""Other people's rules, signals, source kinds and report panels: found by name, and never mixed with other versions.

A plugin is an object in a module. A configuration names it by an entry point of an installed package, such as
``rhymes`` of the group ``gristmill.signals``, or by ``module:attribute`` for a notebook or a one-off whose module is on
``PYTHONPATH``. What its results depend on is part of the stage keys: its name, the package and its version, and a
digest of its sources, because sources change while a version does not. A worker that has other sources refuses to go
on.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, NoReturn

from gristmill.errors import PluginError, unknown_name

Group = Literal["rules", "signals", "sources", "panels"]
GROUPS: tuple[Group, ...] = ("rules", "signals", "sources", "panels")
"""Entry points ``gristmill.rules``, ``gristmill.signals``, ``gristmill.sources`` and ``gristmill.panels``."""

_IMPORTED: dict[str, str] = {}
"""Digest of each top-level module when this process imported it: what runs is that, whatever the file says now."""

ONE_OFF = "module"
"""What stands for the package of a plugin that is named by ``module:attribute``."""


@dataclasses.dataclass(frozen=True)
class Plugin:
    """One plugin as a run plans it; it travels to every worker, which loads it by :func:`load_plugin`.

    Attributes:
        group: what it is.
        name: as the configuration calls it.
        reference: ``module:attribute``.
        package: the distribution that brings it and its version, or `ONE_OFF`.
        digest: of its sources.
    """

    group: Group
    name: str
    reference: str
    package: str
    digest: str

    def key(self) -> list[str]:
        """What stage keys hold of it."""
        return [self.name, self.reference, self.package, self.digest]

    def __str__(self) -> str:
        """As messages name it."""
        where = "module" if self.package == ONE_OFF else f"entry point gristmill.{self.group} of {self.package},"
        return f"plugin {self.name!r} ({where} {self.reference})"


def find_plugin(group: Group, name: str, built_in: Iterable[str] = ()) -> Plugin:
    """The plugin of a name, without importing it.

    Args:
        group: what is wanted.
        name: an entry point's name, or ``module:attribute``.
        built_in: the names that need no plugin, for the message.

    Raises:
        PluginError: there is none of that name, two packages bring one, or its module is not there.
    """
    if ":" in name:
        return _planned(group, name, name, ONE_OFF)
    found = [(point, _package(point)) for point in entry_points(group) if point.name == name]
    if not found:
        known = sorted({*built_in, *(point.name for point in entry_points(group))})
        kind = {"rules": "rule set", "signals": "signals", "sources": "source kind", "panels": "panel"}[group]
        named = unknown_name(kind, name, known or ["none"])
        message = (
            f"{named}. A package that is installed can bring more by entry points of the group gristmill.{group}, and "
            "'module:attribute' names an object of a module on PYTHONPATH"
        )
        raise PluginError(message)
    if len(found) > 1:
        packages = " and ".join(sorted(package for _, package in found))
        message = f"two plugins of the group gristmill.{group} are called {name!r}, of {packages}; uninstall one"
        raise PluginError(message)
    ((point, package),) = found
    return _planned(group, name, point.value, package)


def check_names(built_in: dict[Group, Iterable[str]]) -> None:
    """No plugin that is installed claims the name of something built in, whether or not a run asks for it.

    Args:
        built_in: the names that are taken, by group.

    Raises:
        PluginError: one does, which would make a name mean two things.
    """
    for group, names in built_in.items():
        taken = set(names)
        for point in entry_points(group):
            if point.name in taken:
                message = (
                    f"entry point {point.name!r} of the group gristmill.{group} of {_package(point)} "
                    f"({point.value}) claims the name of something built in; rename it in that package, or uninstall it"
                )
                raise PluginError(message)


@functools.cache
def entry_points(group: Group) -> tuple[metadata.EntryPoint, ...]:
    """Every installed entry point of a group, by name."""
    return tuple(sorted(metadata.entry_points(group=f"gristmill.{group}"), key=lambda point: (point.name, point.value)))


@functools.cache
def load_plugin(plugin: Plugin) -> Any:
    """The object of a plugin, once per process.

    Raises:
        PluginError: its module cannot be imported here, has no such attribute, or is another version's.
    """
    module_name, _, attribute = plugin.reference.partition(":")
    digest = _digest(plugin, module_name)
    if digest != plugin.digest:
        message = (
            f"{plugin}: the sources on this worker have digest {digest}, and the run was planned with {plugin.digest}; "
            "install the same version everywhere"
        )
        raise PluginError(message)
    top = module_name.partition(".")[0]
    if top not in sys.modules:
        _IMPORTED[top] = digest
    elif _IMPORTED.setdefault(top, digest) != digest:
        _refuse(
            plugin, "its sources changed since this process imported them; start a new process (restart the kernel)"
        )
    try:
        found: Any = importlib.import_module(module_name)
        for part in attribute.split("."):
            found = getattr(found, part)
    except Exception as error:  # noqa: BLE001  whatever the code of others does at import
        _refuse(plugin, f"cannot be loaded: {_told(error)}; correct it, or leave it out of the configuration", error)
    return found


def made(plugin: Plugin, wanted: type | tuple[type, ...], options: dict[str, Any] | None = None) -> Any:
    """The object of a plugin, called with options where it is a function or class, and of the type that is wanted.

    Args:
        plugin: from :func:`find_plugin`.
        wanted: type of the object.
        options: keyword arguments from the configuration.

    Raises:
        PluginError: it cannot be loaded, takes no options or other ones, or is of another type.
    """
    found = load_plugin(plugin)
    if not isinstance(found, wanted) and callable(found):
        with guarded(plugin, f"called with {options or {}}"):
            found = found(**(options or {}))
    elif options:
        _refuse(plugin, f"takes no options, got {', '.join(options)}; name a function that returns it instead")
    if not isinstance(found, wanted):
        kinds = wanted if isinstance(wanted, tuple) else (wanted,)
        names = " or ".join(kind.__name__ for kind in kinds)
        _refuse(plugin, f"wanted a {names} or a function that returns one, got {type(found).__name__}")
    return found


class guarded:  # noqa: N801  reads as a statement: `with guarded(plugin, doing):`
    """Names the plugin in whatever its code raises.

    >>> plugin = Plugin("signals", "rhymes", "rhymes:SIGNALS", "rhymes 0.1", "")
    >>> with guarded(plugin, "measuring"):
    ...     {}["verse"]
    Traceback (most recent call last):
    gristmill.errors.PluginError: plugin 'rhymes' (entry point gristmill.signals of rhymes 0.1, rhymes:SIGNALS) failed \
when measuring: KeyError: 'verse'; correct it, or leave it out of the configuration
    """

    def __init__(self, plugin: Plugin, doing: str) -> None:
        self._plugin, self._doing = plugin, doing

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, PluginError):
            _refuse(
                self._plugin,
                f"failed when {self._doing}: {_told(error)}; correct it, or leave it out of the configuration",
                error,
            )


def refuse(plugin: Plugin, what: str) -> NoReturn:
    """Raises what is wrong with a plugin.

    Raises:
        PluginError: always.
    """
    _refuse(plugin, what)


def _refuse(plugin: Plugin, what: str, cause: BaseException | None = None) -> NoReturn:
    message = f"{plugin} {what}" if what.startswith(("cannot", "failed", "takes")) else f"{plugin}: {what}"
    raise PluginError(message) from cause


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".replace("\n", " ")


def _package(point: metadata.EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "an unknown package"


def _planned(group: Group, name: str, reference: str, package: str) -> Plugin:
    plugin = Plugin(group, name, reference.replace(" ", ""), package, "")
    module, colon, attribute = plugin.reference.partition(":")
    if not (module and colon and attribute):
        _refuse(plugin, f"wanted 'module:attribute', got {reference!r}")
    return dataclasses.replace(plugin, digest=_digest(plugin, module))


def _digest(plugin: Plugin, module: str) -> str:
    """A hash of every source of the package that a module belongs to, or of the module's own file."""
    top = module.partition(".")[0]
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError) as error:
        _refuse(plugin, f"cannot be found: {_told(error)}", error)
    if spec is None:
        cure = "put the folder of the module on PYTHONPATH" if plugin.package == ONE_OFF else "install its package here"
        _refuse(plugin, f"cannot be found: there is no module {top!r}; {cure}, on every worker too")
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
    files: list[tuple[str, Path]] = [
        (path.relative_to(folder).as_posix(), path) for folder in folders for path in folder.rglob("*.py")
    ]
    if spec.origin is not None and not folders:
        files.append((Path(spec.origin).name, Path(spec.origin)))
    hasher = hashlib.sha256()
    for name, path in sorted(files):
        hasher.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return hasher.hexdigest()[:16]
