"""Generate `node_definition.json` from the catalog."""
