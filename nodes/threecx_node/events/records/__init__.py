"""Records: what the Configuration API lists, polled and turned into events, each once."""
