"""Licences as SPDX identifiers: from links, from tags in source files, from licence files and from free statements.

Identifiers are those of the SPDX licence list (https://spdx.org/licenses/). A text that is not recognised gives
``None``: a wrong licence is worse than none.
"""

from __future__ import annotations

import re

_CC_URL = re.compile(
    r"creativecommons\.org/(?:licenses/(?P<kind>by(?:-nc)?(?:-nd|-sa)?|by-nd-nc|nc|nd|sa|nc-sa)"
    r"/(?P<version>[1-4]\.[05])(?:/(?P<port>[a-z]{2,3})(?=[/?#\"'\s]|$))?"
    r"|(?P<zero>publicdomain/zero/1\.0)|(?P<mark>publicdomain/mark/1\.0|licenses/publicdomain))",
    re.IGNORECASE,
)
_OTHER_URLS = (
    (re.compile(r"gnu\.org/(?:copyleft|licenses)/fdl(?:-1\.[123])?", re.IGNORECASE), "GFDL"),
    (re.compile(r"apache\.org/licenses/LICENSE-2\.0", re.IGNORECASE), "Apache-2.0"),
    (re.compile(r"opensource\.org/licen[sc]es?/mit\b", re.IGNORECASE), "MIT"),
    (re.compile(r"mozilla\.org/(?:[\w-]+/)?MPL/2\.0", re.IGNORECASE), "MPL-2.0"),
)
_CC_NAME = re.compile(
    r"\b(?:CC|Creative\s+Commons)[\s-]+(?P<kind>BY(?:[\s-]NC)?(?:[\s-](?:SA|ND))?|"
    r"Attribution(?:[\s-]+Non-?Commercial)?(?:[\s-]+(?:Share-?\s?Alike|No-?Deriv(?:ative|atives|s)(?:\s+Works)?))?)"
    r"(?![\w-])",
    re.IGNORECASE,
)
_CC_VERSION = re.compile(r"(?<![\d.])[1-4]\.[05](?![\d.]\d)")
_LINK = re.compile(r"<([^<>]{1,2000})>([^<]{0,2000})")
_LICENSE_RELATION = re.compile(r";\s*rel\s*=\s*(?:license\b|\"[^\"]*\blicense\b[^\"]*\")", re.IGNORECASE)
_SPDX_TAG = re.compile(rb"SPDX-License-Identifier:[ \t]*([A-Za-z0-9.+\-() ]{2,120})")
_SPDX_TOKEN = re.compile(r"[A-Za-z0-9.\-]+\+?")
_NEGATED_DOMAIN = re.compile(r"\bnot\s+(?:in\s+the\s+)?public\s+domain", re.IGNORECASE)
_PUBLIC_DOMAIN = re.compile(r"\bpublic\s+domain\b", re.IGNORECASE)

PUBLIC_DOMAIN = "LicenseRef-public-domain"
"""SPDX has no identifier for the public domain; this is the reference that its own tools write."""


def license_from_url(url: str) -> str | None:
    """The licence that a link names.

    >>> license_from_url("https://creativecommons.org/licenses/by-sa/3.0/de/")
    'CC-BY-SA-3.0-DE'
    >>> license_from_url("http://creativecommons.org/publicdomain/zero/1.0/"), license_from_url("http://example.com/")
    ('CC0-1.0', None)
    """
    match = _CC_URL.search(url)
    if match is not None:
        if match["zero"]:
            return "CC0-1.0"
        if match["mark"]:
            return PUBLIC_DOMAIN
        kind = match["kind"].upper().replace("BY-ND-NC", "BY-NC-ND")
        if not kind.startswith("BY"):
            return None
        port = _SPDX_PORTS.get((kind, match["version"]), ())
        suffix = match["port"].upper() if match["port"] and match["port"].upper() in port else ""
        return f"CC-{kind}-{match['version']}" + (f"-{suffix}" if suffix else "")
    for pattern, name in _OTHER_URLS:
        if pattern.search(url):
            return _fdl(url) if name == "GFDL" else name
    return None


_SPDX_PORTS: dict[tuple[str, str], tuple[str, ...]] = {
    ("BY", "2.5"): ("AU",),
    ("BY", "3.0"): ("AT", "AU", "DE", "IGO", "NL", "US"),
    ("BY-NC", "3.0"): ("DE",),
    ("BY-NC-ND", "3.0"): ("DE", "IGO"),
    ("BY-NC-SA", "2.0"): ("DE", "FR", "UK"),
    ("BY-NC-SA", "3.0"): ("DE", "IGO"),
    ("BY-ND", "3.0"): ("DE",),
    ("BY-SA", "2.0"): ("UK",),
    ("BY-SA", "2.1"): ("JP",),
    ("BY-SA", "3.0"): ("AT", "DE", "IGO"),
}


def license_from_link(header: str) -> str | None:
    """The licence of an HTTP ``Link`` header (RFC 8288) whose relation is ``license``.

    >>> license_from_link('</style.css>; rel=preload, <https://creativecommons.org/licenses/by-sa/3.0/>; rel="license"')
    'CC-BY-SA-3.0'
    """
    for target, parameters in _LINK.findall(header):
        if _LICENSE_RELATION.search(parameters) and (found := license_from_url(target)) is not None:
            return found
    return None


def _fdl(url: str) -> str | None:
    match = re.search(r"fdl-(1\.[123])", url)
    return f"GFDL-{match[1]}" if match else None


def license_from_statement(text: str) -> str | None:
    """The licence that a short statement of rights names: an SPDX tag, a link, a Creative Commons name, public domain.

    >>> license_from_statement("This work is in the public domain in the USA.")
    'LicenseRef-public-domain'
    >>> license_from_statement("Creative Commons Attribution-ShareAlike 3.0 Unported")
    'CC-BY-SA-3.0'
    >>> license_from_statement("Copyright 2009, all rights reserved") is None
    True
    """
    text = text[:4000]
    by_url = license_from_url(text)
    if by_url is not None:
        return by_url
    if re.search(r"\bCC0\b", text):
        return "CC0-1.0"
    match = _CC_NAME.search(text)
    versions = set(_CC_VERSION.findall(text))
    if match is not None and len(versions) == 1:
        return f"CC-{_cc_kind(match['kind'])}-{versions.pop()}"
    if _PUBLIC_DOMAIN.search(text) and not _NEGATED_DOMAIN.search(text):
        return PUBLIC_DOMAIN
    return None


def _cc_kind(words: str) -> str:
    lowered = words.lower()
    parts = ["BY"]
    if re.search(r"nc|non-?commercial", lowered):
        parts.append("NC")
    if re.search(r"\bsa\b|share", lowered):
        parts.append("SA")
    elif re.search(r"\bnd\b|deriv", lowered):
        parts.append("ND")
    return "-".join(parts)


def license_from_tag(head: bytes) -> str | None:
    """The expression of the first ``SPDX-License-Identifier`` tag (SPDX 2.3, annex E) in the first bytes of a file.

    >>> license_from_tag(b"// SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */")
    'GPL-2.0-only WITH Linux-syscall-note'
    """
    match = _SPDX_TAG.search(head)
    if match is None:
        return None
    words: list[str] = []
    for word in match[1].decode("ascii").replace("(", " ( ").replace(")", " ) ").split():
        if word not in {"(", ")"} and not _SPDX_TOKEN.fullmatch(word):
            break
        if words and words[-1] not in {"AND", "OR", "WITH", "("} and word not in {"AND", "OR", "WITH", ")"}:
            break
        words.append(word)
    while words and words[-1] in {"AND", "OR", "WITH", "("}:
        words.pop()
    expression = " ".join(words).replace("( ", "(").replace(" )", ")")
    return expression or None
