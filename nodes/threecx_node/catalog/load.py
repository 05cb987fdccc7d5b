"""Load the catalog's JSON file once per process."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

import orjson

from ..errors import ConfigurationError
from .catalog import FORMAT, READABLE_FORMATS, Catalog
from .check import find_problem

SHIPPED = Path(__file__).with_name("xapi.json")
VARIABLE = "THREECX_CATALOG"
# The catalog of seven releases has 0.5 MB.
_MAX_BYTES = 64 * 1024 * 1024
_REMEDY = f"Create one with `threecx import-spec`, or leave out --catalog and {VARIABLE}."


def load_catalog(path: str | Path | None = None) -> Catalog:
    """Return the catalog at `path`, else the one that THREECX_CATALOG names, else the one of this package.

    Raises ConfigurationError where the file is missing, is not valid JSON or is not a catalog of a format that this
    version reads.
    """
    return _load(str(path or os.environ.get(VARIABLE) or SHIPPED))


@lru_cache(maxsize=4)
def _load(path: str) -> Catalog:
    try:
        with Path(path).open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(
            f"cannot read the catalog {path}: {error.strerror}", description=_REMEDY
        ) from error
    if len(data) > _MAX_BYTES:
        raise _refuse(path, f"is larger than {_MAX_BYTES // 2**20} MB")
    try:
        document = orjson.loads(data)
    except ValueError as error:
        raise ConfigurationError(
            f"the catalog {path} is not valid JSON: {error}", description=_REMEDY
        ) from error
    if not isinstance(document, dict) or document.get("format") not in READABLE_FORMATS:
        found = document.get("format") if isinstance(document, dict) else None
        is_newer = isinstance(found, int) and found > FORMAT
        raise _refuse(
            path, f"is not a catalog of format {FORMAT}", "Upgrade threecx-node. " if is_newer else ""
        )
    # The catalog of this package is checked when it is written.
    if path != str(SHIPPED) and (problem := find_problem(document)):
        raise _refuse(path, f"is not a complete catalog: {problem[:100]} is missing or wrong")
    return Catalog(document)


def _refuse(path: str, problem: str, first: str = "") -> ConfigurationError:
    return ConfigurationError(f"{path} {problem}", description=f"{first}{_REMEDY}")
