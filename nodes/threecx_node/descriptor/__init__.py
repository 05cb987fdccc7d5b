"""Types, loader and validation of `node_definition.json`, the declarative descriptor that a canvas reads.

`python -m threecx_node.codegen.descriptor` generates it from the catalog.
"""

from .definition import Choice, Definition, NodeProperty, properties_of
from .load import load_definition

__all__ = ["Choice", "Definition", "NodeProperty", "load_definition", "properties_of"]
