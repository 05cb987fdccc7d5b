"""Values in, one HTTP request out. Pure: nothing here opens a connection."""
