"""Gristmill: raw web, book and code shards to deduplicated, tokenized, explained training data."""

__version__ = "0.1.0"
