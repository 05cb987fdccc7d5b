"""Read the pagination of an HTTP Request node: whether it means all entries of a list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .conversions import ConversionError

_NEXT_LINK = re.compile(r"nextLink", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pagination:
    """All entries of a list, or those of the first `max_requests` pages; `sets_skip` says that it counts by `$skip`."""

    max_requests: int | None
    sets_skip: bool


def read_pagination(given: Mapping[str, Any]) -> Pagination | None:
    """Return what a pagination means, None where there is none. Raises ConversionError where it is not known."""
    if not given or given.get("paginationMode") == "off":
        return None
    mode = given.get("paginationMode") or "updateAParameterInEachRequest"
    limit = given.get("maxRequests", 100) if given.get("limitPagesFetched") else None
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int)):
        raise ConversionError("the maximum number of pages is an expression")
    if mode == "responseContainsNextURL":
        if not _NEXT_LINK.search(str(given.get("nextURL"))):
            raise ConversionError("it does not follow @odata.nextLink")
        return Pagination(limit, sets_skip=False)
    inner = given.get("parameters")
    entries = inner.get("parameters") if isinstance(inner, Mapping) else None
    names = [
        (str(each.get("type") or "qs"), str(each.get("name")).lower())
        for each in (entries if isinstance(entries, list) else [])
        if isinstance(each, Mapping)
    ]
    if names != [("qs", "$skip")]:
        raise ConversionError("it changes something else than $skip")
    return Pagination(limit, sets_skip=True)
