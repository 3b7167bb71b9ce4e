"""The kinds of personal data and secrets, and what stands in a text in their place once they are cut."""

from __future__ import annotations

KINDS = ("email", "ip", "phone", "iban", "card", "api_key", "private_key")
"""Kinds in the order of their codes: the ``kind`` of a span is an index into this tuple."""

EMAIL, IP, PHONE, IBAN, CARD, API_KEY, PRIVATE_KEY = range(len(KINDS))

NONE = -1
"""The code of nothing found."""

PLACEHOLDERS = {
    "email": "<EMAIL>",
    "ip": "<IP_ADDRESS>",
    "phone": "<PHONE>",
    "iban": "<IBAN>",
    "card": "<CARD>",
    "api_key": "<KEY>",
    "private_key": "<PRIVATE_KEY>",
}
"""One fixed text for each kind, in StarCoder's form (Li et al. 2023, arXiv:2305.06161, section 4.3): the same bytes in
every run, never a real address, and never found again."""
