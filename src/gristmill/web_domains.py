"""Registrable domains: the part of a host name that somebody registered, by the Public Suffix List.

The list changes weekly and decides what counts as one site, so whatever uses it names its version. Without a file of
the user's own it is the list that the publicsuffixlist package carries.
"""

from __future__ import annotations

import functools
import ipaddress
import re
from importlib import metadata, resources

from publicsuffixlist import PublicSuffixList

from gristmill import storage
from gristmill.errors import ConfigError, InputError

_HEAD_CHARS = 4000


def suffix_list_bytes(uri: str | None = None) -> bytes:
    """The text of a ``public_suffix_list.dat``; the package's own if ``uri`` is None.

    Raises:
        ConfigError: there is no such file, or it holds no rule.
    """
    if uri is None:
        return (resources.files("publicsuffixlist") / "public_suffix_list.dat").read_bytes()
    try:
        data = storage.read_bytes(uri)
    except (InputError, OSError) as error:
        message = f"url.public_suffixes: {uri} cannot be read: {error}; give the path of a public_suffix_list.dat"
        raise ConfigError(message) from error
    if not any(line.strip() and not line.startswith(b"//") for line in data.splitlines()):
        message = f"url.public_suffixes: {uri} holds no rule; give a public_suffix_list.dat from publicsuffix.org"
        raise ConfigError(message)
    return data


@functools.lru_cache(maxsize=2)
def _suffixes(uri: str | None) -> PublicSuffixList:
    return PublicSuffixList(suffix_list_bytes(uri).decode("utf-8").splitlines())


@functools.lru_cache(maxsize=1 << 18)
def registrable_domain(host: str | None, suffixes: str | None = None) -> str | None:
    """The registrable domain of ``host``, the address itself for an IP address, None where there is none.

    Hosting platforms that let strangers register names (the list's private section) count as suffixes: two sites on
    github.io are two domains.

    Args:
        host: a host name or IP address.
        suffixes: uri of a ``public_suffix_list.dat``; the package's own if None.

    >>> registrable_domain("WWW.Example.co.uk."), registrable_domain("a.b.github.io"), registrable_domain("127.0.0.1")
    ('example.co.uk', 'b.github.io', '127.0.0.1')
    >>> registrable_domain("localhost") is None
    True
    """
    if not host:
        return None
    name = host.lower().rstrip(".")
    try:
        return str(ipaddress.ip_address(name.strip("[]")))
    except ValueError:
        found = _suffixes(suffixes).privatesuffix(name)
    return str(found) if found else None


@functools.lru_cache(maxsize=2)
def suffix_list_version(suffixes: str | None = None) -> str:
    """The version of the Public Suffix List in use, and the package or file that carries it.

    >>> suffix_list_version().startswith("Public Suffix List ")
    True
    """
    head = suffix_list_bytes(suffixes)[:_HEAD_CHARS].decode("utf-8", "replace")
    stated = re.search(r"^// VERSION: (\S+)", head, re.MULTILINE)
    version = stated.group(1) if stated else "of unstated date"
    package = f"publicsuffixlist {metadata.version('publicsuffixlist')}"
    return f"Public Suffix List {version} ({suffixes.rsplit('/', 1)[-1] if suffixes else package})"
