"""The facts of 3CX's API: every operation with its releases, path, parameters, body and answer."""

from .load import load_catalog
from .models import Catalog, Operation, Parameter, Property, Returns, Shape, TypeRef

__all__ = ["Catalog", "Operation", "Parameter", "Property", "Returns", "Shape", "TypeRef", "load_catalog"]
