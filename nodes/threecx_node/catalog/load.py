"""Load the catalog's JSON file once per process."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

import orjson

from ..errors import ConfigurationError
from .catalog import FORMAT, Catalog

SHIPPED = Path(__file__).with_name("xapi.json")


def load_catalog(path: str | Path | None = None) -> Catalog:
    """Return the catalog at `path`, else the one that THREECX_CATALOG names, else the one of this package.

    Raises ConfigurationError where the file is missing, is not valid JSON or is not a catalog of this format.
    """
    return _load(str(path or os.environ.get("THREECX_CATALOG") or SHIPPED))


@lru_cache(maxsize=4)
def _load(path: str) -> Catalog:
    remedy = "Create one with `threecx import-spec FILE...`, or leave out --catalog and THREECX_CATALOG."
    try:
        document = orjson.loads(Path(path).read_bytes())
    except OSError as error:
        raise ConfigurationError(
            f"cannot read the catalog {path}: {error.strerror}", description=remedy
        ) from error
    except ValueError as error:
        raise ConfigurationError(
            f"the catalog {path} is not valid JSON: {error}", description=remedy
        ) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ConfigurationError(f"{path} is not a catalog of format {FORMAT}", description=remedy)
    return Catalog(document)
