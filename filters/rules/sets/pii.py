"""Personal data and secrets: removing documents that hold them. To cut only the places, use the edit ``pii``."""

from __future__ import annotations

from gristmill.filters.rules.sets.rule_types import Rule, RuleSet

_STARCODER = "Li et al. 2023, arXiv:2305.06161, section 4 (redacted there; removed by this rule set)"
_NONE_AT_ALL = "none of its kind; our choice, for corpora that must hold none"

PII = RuleSet(
    name="pii",
    summary="documents that hold private keys, API keys, or any personal data",
    kinds=("web", "book", "code"),
    default="secrets",
    variants={
        "secrets": (
            Rule("max_private_keys", "pii_private_key_count", 0, _STARCODER),
            Rule("max_api_keys", "pii_api_key_count", 0, _STARCODER),
        ),
        "any": (
            Rule("max_private_keys", "pii_private_key_count", 0, _STARCODER),
            Rule("max_api_keys", "pii_api_key_count", 0, _STARCODER),
            Rule("max_emails", "pii_email_count", 0, _NONE_AT_ALL),
            Rule("max_ips", "pii_ip_count", 0, _NONE_AT_ALL),
            Rule("max_phones", "pii_phone_count", 0, _NONE_AT_ALL),
            Rule("max_ibans", "pii_iban_count", 0, _NONE_AT_ALL),
            Rule("max_cards", "pii_card_count", 0, _NONE_AT_ALL),
        ),
    },
    notes={
        "secrets": "one private key or API key removes the document",
        "any": "one address, number or key of any kind removes the document",
    },
)
