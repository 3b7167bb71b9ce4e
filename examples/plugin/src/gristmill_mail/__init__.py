"""Mailing lists for Gristmill. Each module holds one kind of plugin; pyproject.toml names them all."""
