"""Registrable domains: the part of a host name that somebody registered, by the Public Suffix List.

The list changes weekly and decides what counts as one site, so a report names the version it used.
"""

from __future__ import annotations

import functools
import ipaddress
import re
from importlib import metadata, resources

from publicsuffixlist import PublicSuffixList


@functools.lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@functools.lru_cache(maxsize=1 << 18)
def registrable_domain(host: str | None) -> str | None:
    """The registrable domain of ``host``, the address itself for an IP address, None where there is none.

    Hosting platforms that let strangers register names (the list's private section) count as suffixes: two sites on
    github.io are two domains.

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
        found = _suffixes().privatesuffix(name)
    return str(found) if found else None


@functools.lru_cache(maxsize=1)
def suffix_list_version() -> str:
    """The version of the Public Suffix List in use and of the package that carries it.

    >>> suffix_list_version().startswith("Public Suffix List ")
    True
    """
    head = (resources.files("publicsuffixlist") / "public_suffix_list.dat").read_text(encoding="utf-8")[:4000]
    stated = re.search(r"^// VERSION: (\S+)", head, re.MULTILINE)
    version = stated.group(1) if stated else "of unstated date"
    return f"Public Suffix List {version} (publicsuffixlist {metadata.version('publicsuffixlist')})"
