"""OpenAPI documents of the XAPI in, `catalog/xapi.json` out. Never imported when an item runs."""

from .writer import import_documents, render

__all__ = ["import_documents", "render"]
