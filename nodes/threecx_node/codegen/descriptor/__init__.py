"""Catalog → `node_definition.json`."""
