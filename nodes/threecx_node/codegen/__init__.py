"""Generators of the catalog and of the descriptor. Not imported when an item runs."""
