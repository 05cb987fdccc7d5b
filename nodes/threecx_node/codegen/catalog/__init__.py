"""Generate `catalog/xapi.json` from OpenAPI documents of the XAPI. Not imported when an item runs."""

from .compare import Comparison, compare_catalogs
from .pbx_document import is_url
from .writer import import_documents, render, split_source

__all__ = ["Comparison", "compare_catalogs", "import_documents", "is_url", "render", "split_source"]
