"""Tables of entities with transactions: in memory, and in a SQLite file as well."""
