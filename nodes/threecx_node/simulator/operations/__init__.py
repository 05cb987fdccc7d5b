"""The functions and actions of the API: one module per topic, with a handler for each operation."""
