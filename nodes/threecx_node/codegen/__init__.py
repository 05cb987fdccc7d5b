"""Generators of the catalog and of the descriptor. Never imported when an item runs."""
