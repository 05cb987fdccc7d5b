"""`node_definition.json`, the declarative descriptor that a canvas reads: its types and its loader.

`build.py` makes it from the catalog; `python -m threecx_node.codegen.descriptor` writes it.
"""

from .load import load_definition
from .models import Choice, Definition, NodeProperty, properties_of

__all__ = ["Choice", "Definition", "NodeProperty", "load_definition", "properties_of"]
