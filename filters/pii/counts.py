"""How much personal data and how many secrets a text holds, by kind: signals, never what was found.

What is found stays out of signals and ledger on purpose: a ledger that repeats an address keeps what the edit removed.
"""

from __future__ import annotations

import numpy as np

from gristmill.filters.counts.measure import count
from gristmill.filters.counts.views import Views
from gristmill.filters.pii.finder import find
from gristmill.filters.pii.kinds import KINDS
from gristmill.filters.text.arrays import Int64s

COLUMNS = tuple(f"pii_{kind}s" for kind in KINDS)
"""Columns of the array that `count_pii` returns, in order."""


def count_pii(views: Views) -> Int64s:
    """Counts `COLUMNS` for each document. Shape (documents, len(COLUMNS))."""
    documents, kinds = views.documents, len(KINDS)
    spans = find(views.buffer, views.arena)
    cells = np.bincount(spans.document * kinds + spans.kind, minlength=documents * kinds)
    return cells.astype(np.int64).reshape(documents, kinds)


_GITLEAKS = "issuers' documentation; gitleaks, config/gitleaks.toml"
_KINDS = {
    "email": ("e-mail addresses (RFC 5321) outside the reserved names of RFC 2606", "RFC 5321; RFC 2606"),
    "ip": (
        "public IPv4 and IPv6 addresses; no version numbers, no well-known resolvers",
        "IANA special-purpose address registries (RFC 6890); bigcode-project/bigcode-dataset, pii/",
    ),
    "phone": (
        "telephone numbers: E.164, North American, national with trunk 0, or announced by a word",
        "ITU-T E.164; North American Numbering Plan",
    ),
    "iban": ("IBANs with their country's length and right check digits", "ISO 13616; SWIFT IBAN Registry"),
    "card": ("payment card numbers: issuer's prefix and length, right check digit", "ISO/IEC 7812"),
    "api_key": (
        "API keys and tokens of known issuers, JSON Web Tokens, and secrets of 3.5 bits a character in assignments",
        _GITLEAKS,
    ),
    "private_key": ("private keys in PEM armour with a body", "RFC 7468; OpenPGP, RFC 9580"),
}
_UNITS = {
    "email": "addresses", "ip": "addresses", "phone": "numbers", "iban": "numbers", "card": "numbers",
    "api_key": "keys", "private_key": "keys",
}  # fmt: skip

MEASURES = tuple(
    count(f"pii_{kind}_count", _UNITS[kind], definition, source, of=f"pii_{kind}s")
    for kind, (definition, source) in _KINDS.items()
)
"""Signals on personal data and secrets."""
