"""Generate `catalog/xapi.json` from OpenAPI documents of the XAPI. Not imported when an item runs."""

from .writer import import_documents, render

__all__ = ["import_documents", "render"]
