"""Pieces of HTTP: request bodies, responses, files, certificates, the origin of a request."""
