"""Describe events: their types, fields, schemas and filters, and subscriptions to them."""
