"""Types, loader and validation of `node_definition.json`, the declarative descriptor that a canvas reads.

`python -m threecx_node.codegen.descriptor` generates it from the catalog.
"""

from .definition import Choice, Definition, Descriptor, NodeProperty, properties_of
from .load import load_definition, load_descriptor

__all__ = [
    "Choice",
    "Definition",
    "Descriptor",
    "NodeProperty",
    "load_definition",
    "load_descriptor",
    "properties_of",
]
