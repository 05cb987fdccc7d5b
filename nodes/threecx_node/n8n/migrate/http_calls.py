"""The HTTP requests of one workflow that call 3CX: which of its nodes they are, and the PBXs that they call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .http_migration import migrate_http_node
from .http_node import is_http_request
from .http_url import ApiUrl, is_api_text, is_token_url, origin_of, read_api_url
from .masked_text import UnreadableTextError
from .node_migration import MigrationError
from .token_nodes import has_token

if TYPE_CHECKING:
    from ...catalog import Catalog

# The former tool of AI agents, whose placeholders only the model fills in.
_TOOL = "@n8n/n8n-nodes-langchain.toolHttpRequest"


class HttpCalls:
    """The HTTP Request nodes among the nodes of one workflow, by their index."""

    def __init__(self, nodes: Sequence[Mapping[str, Any]], pbx: str | None) -> None:
        self._nodes = nodes
        self._pbx = origin_of(pbx) if pbx else None
        self._urls: dict[int, ApiUrl] = {}
        self._problems: dict[int, str] = {}
        self._tokens: set[int] = set()
        for index, node in enumerate(nodes):
            self._read(index, node)
        self._origins = tuple(dict.fromkeys(each.origin for each in self._urls.values() if each.origin))

    def is_token(self, index: int) -> bool:
        """Return whether a node requests a token of 3CX."""
        return index in self._tokens

    def is_api(self, index: int) -> bool:
        """Return whether a node calls 3CX's API."""
        return index in self._urls or index in self._problems

    def migrate(self, index: int, catalog: Catalog) -> tuple[dict[str, Any], str, tuple[str, ...]]:
        """Return the new node, the operation's id and the notes. Raises MigrationError."""
        if index in self._problems:
            raise MigrationError((self._problems[index],))
        url = self._urls[index]
        self._check_address(url)
        node, operation, notes = migrate_http_node(self._nodes[index], url, catalog)
        if not url.origin:
            address = url.address.removeprefix("=")
            notes = (
                *notes,
                f"the PBX's address was {address}: the credential now names one PBX for all items",
            )
        return node, operation, notes

    def _read(self, index: int, node: Mapping[str, Any]) -> None:
        parameters = node.get("parameters")
        url = parameters.get("url") if isinstance(parameters, Mapping) else None
        type_name = str(node.get("type", ""))
        if not isinstance(url, str):
            return
        if type_name == _TOOL and is_api_text(url):
            self._problems[index] = (
                "it is an HTTP Request Tool: add this package's node as a tool in its place"
            )
        if not is_http_request(type_name):
            return
        if is_token_url(url):
            self._tokens.add(index)
            return
        try:
            found = read_api_url(url, has_token=has_token(node))
        except UnreadableTextError as error:
            self._problems[index] = f"the URL cannot be read: {error}"
            return
        if found is not None:
            self._urls[index] = found

    def _check_address(self, url: ApiUrl) -> None:
        if self._pbx is None and len(self._origins) > 1:
            raise MigrationError(
                (
                    f"the workflow calls several PBXs, {' and '.join(self._origins)}: migrate the nodes of one with "
                    "--pbx ADDRESS, and choose its credential in them",
                )
            )
        if self._pbx is not None and url.origin and url.origin != self._pbx:
            raise MigrationError((f"its PBX is {url.origin}, not {self._pbx}",))
