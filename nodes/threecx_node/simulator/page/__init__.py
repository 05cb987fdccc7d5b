"""The read-only page at `/`: entities and requests, for people with a browser."""
