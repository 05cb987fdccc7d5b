"""What `make bench` measures: a table per subject, each a module here that registers itself."""
