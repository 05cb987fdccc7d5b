"""Clients, their roles, access tokens, and the token endpoint."""
