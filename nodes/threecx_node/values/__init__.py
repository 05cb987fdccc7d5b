"""Values and their types: EDM primitive types, coercion, JSON, and JavaScript's undefined."""
