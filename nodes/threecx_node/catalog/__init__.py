"""The facts of 3CX's API: every operation with its releases, path, parameters, body and answer."""

from .load import load_catalog
from .models import Catalog, Operation, OperationVersion, Parameter, Property, Returns, TypeRef

__all__ = [
    "Catalog",
    "Operation",
    "OperationVersion",
    "Parameter",
    "Property",
    "Returns",
    "TypeRef",
    "load_catalog",
]
