"""The facts of 3CX's API: every operation with its releases, path, parameters, body and response."""

from .catalog import Catalog
from .load import load_catalog
from .models import (
    BASE_PATH,
    Enum,
    Operation,
    OperationVersion,
    Parameter,
    Property,
    Returns,
    TypeRef,
    Upload,
)
from .nearest import find_nearest, nearest_hint

__all__ = [
    "BASE_PATH",
    "Catalog",
    "Enum",
    "Operation",
    "OperationVersion",
    "Parameter",
    "Property",
    "Returns",
    "TypeRef",
    "Upload",
    "find_nearest",
    "load_catalog",
    "nearest_hint",
]
