"""Find and load the descriptor and its nodes; a descriptor that a user names is validated."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import orjson

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from .definition import Definition, Descriptor

ENVIRONMENT = "THREECX_DEFINITION"
NAME = "node_definition.json"
# The node with all operations.
ADMIN = "threeCx"
_PACKAGE = Path(__file__).resolve().parents[1]


def shipped_path() -> Path:
    """Return the path of this installation's descriptor.

    Code that runs from `nodes/` of a checkout uses that of the checkout, so that an editable install never reads an
    old copy; installed code uses the one in the package.
    """
    root = _PACKAGE.parents[1]
    in_checkout = _PACKAGE.parent.name == "nodes" and (root / "pyproject.toml").is_file()
    return (root if in_checkout else _PACKAGE) / NAME


def load_definition(path: str | Path | None = None, *, node: str = ADMIN) -> Definition:
    """Return a node of the descriptor at `path`, by default the one with all operations.

    Raises ConfigurationError where the descriptor cannot be loaded (see `load_descriptor`) or has no such node.
    """
    nodes = {each["name"]: each for each in load_descriptor(path)["nodes"]}
    if node not in nodes:
        raise ConfigurationError(
            f"the descriptor has no node {node!r}", description=f"It has {', '.join(nodes)}."
        )
    return nodes[node]


def load_descriptor(path: str | Path | None = None) -> Descriptor:
    """Return the descriptor at `path`, else the one that THREECX_DEFINITION names, else that of this installation.

    That of this installation was validated when it was generated; another is validated here. Raises
    ConfigurationError where the file is missing, is not valid JSON or is not a valid descriptor.
    """
    named = path or os.environ.get(ENVIRONMENT)
    return _load(str(named)) if named else _shipped()


@lru_cache(maxsize=1)
def _shipped() -> Descriptor:
    return cast("Descriptor", _read(shipped_path()))


@lru_cache(maxsize=4)
def _load(path: str) -> Descriptor:
    # jsonschema takes longer to import than the shipped descriptor takes to load.
    from .validate import validate

    return validate(_read(Path(path)), path)


def _read(path: Path) -> Any:
    remedy = f"Create one with `python -m threecx_node.codegen.descriptor`, or leave out {ENVIRONMENT}."
    try:
        return orjson.loads(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(
            f"cannot read the descriptor {path}: {error.strerror}", description=remedy
        ) from error
    except ValueError as error:
        raise ConfigurationError(
            f"the descriptor {path} is not valid JSON: {error}", description=remedy
        ) from error
