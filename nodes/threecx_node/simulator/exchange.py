"""One request under the API's base path while it is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .routes import Route


class Exchange:
    """One request under /xapi/v1/ while it is answered."""

    __slots__ = ("base", "body", "headers", "path", "query", "route", "values")

    def __init__(
        self,
        route: Route,
        values: Mapping[str, Any],
        headers: Mapping[bytes, bytes],
        query: bytes,
        body: bytes,
        base: str,
        path: str,
    ) -> None:
        self.route = route
        self.values = values
        self.headers = headers
        self.query = query
        self.body = body
        self.base = base
        self.path = path

    @property
    def key(self) -> Any:
        """The path's first parameter."""
        return self.values[self.route.arguments[0].name]
