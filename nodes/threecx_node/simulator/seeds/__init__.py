"""The contents of a new PBX: a small office, a large company, an empty one, or a JSON file."""
