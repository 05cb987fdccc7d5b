"""Benchmarks, run by `make bench`: one module per subject, which registers itself and returns a table."""
