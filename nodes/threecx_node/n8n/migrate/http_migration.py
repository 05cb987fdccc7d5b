"""Convert an HTTP Request node that calls 3CX's API to this package's node with the same operation and output.

A node of which anything that matters cannot be read is not converted: a request that lost its filter or its key would
do something else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ...catalog import nearest_hint
from ...parameters.table import fold_name
from .conversions import ConversionError, convert_value, is_expression
from .draft import NodeDraft, set_once
from .http_body import JsonField, keep_literal, read_json_object, to_field_value
from .http_node import HttpNode, read_http_node
from .http_operation import FoundOperation, find_request
from .http_paging import read_pagination
from .mapper import convert_field
from .masked_text import has_code, show
from .node_migration import MigrationError, replace_node

if TYPE_CHECKING:
    from ...catalog import Catalog
    from .http_url import ApiUrl

_CREDENTIAL = "threeCxApi"
# The query options of OData, which also takes them without "$".
_ODATA = frozenset({"$filter", "$select", "$expand", "$orderby", "$search", "$skip", "$top", "$count"})
# Headers that say what this package always does.
_OWN_HEADERS = frozenset(
    {"authorization", "accept", "content-type", "odata-version", "odata-maxversion", "user-agent"}
)
# Options of HTTP Request that do not change what is sent to a PBX and what comes back.
_OWN_OPTIONS = frozenset(
    {"redirect", "followRedirect", "followAllRedirects", "lowercaseHeaders", "queryParameterArrays", "useQueryString",
     "sendCredentialsOnCrossOriginRedirect", "webdavMethods"}
)  # fmt: skip
_ANNOTATION = "@"
_MAP_ITEM: Mapping[str, Any] = {
    "mappingMode": "autoMapInputData",
    "value": None,
    "matchingColumns": [],
    "schema": [],
}


def migrate_http_node(
    node: Mapping[str, Any], url: ApiUrl, catalog: Catalog
) -> tuple[dict[str, Any], str, tuple[str, ...]]:
    """Return the new node, the operation's id and the notes. Raises MigrationError with all reasons against it."""
    http = read_http_node(node)
    if is_expression(http.method):
        raise MigrationError(("the method is an expression: use one node for each method",))
    method = http.method.upper()
    found = find_request(catalog, method, url.segments)
    if found is None:
        reason = f"no operation of 3CX's API is {method} {url.path}; API Request sends any method and path"
        raise MigrationError((reason,))
    draft = _HttpDraft(catalog, found, url)
    draft.read(http)
    if draft.problems:
        raise MigrationError(tuple(draft.problems))
    new = replace_node(node, draft)
    credentials = node.get("credentials")
    if isinstance(credentials, Mapping) and _CREDENTIAL in credentials:
        new["credentials"] = {_CREDENTIAL: credentials[_CREDENTIAL]}
        new = {name: new[name] for name in [*node, *new] if name in new}
    elif http.authentication:
        draft.notes.append(f"its credential of type {http.authentication} is no longer used")
    return new, found.operation.id, tuple(draft.notes)


class _HttpDraft(NodeDraft):
    """The parameters of the new node, collected from those of an HTTP Request node."""

    def __init__(self, catalog: Catalog, found: FoundOperation, url: ApiUrl) -> None:
        super().__init__(catalog, found.operation)
        self._found = found
        self._url = url
        self._aliases: dict[str, str] = {}

    def read(self, http: HttpNode) -> None:
        """Take over all that the node says; what cannot be converted becomes a problem."""
        for name, value in self._url.query:
            if name.startswith(_ANNOTATION):
                self._aliases[name] = value
        for name in self._found.arguments:
            self._try(name, self._add_argument, name)
        for name, value in self._url.query:
            if not name.startswith(_ANNOTATION):
                self._try(
                    name,
                    lambda name=name, value=value: self._add_query(name, self._url.mask.to_path_value(value)),
                )
        for name, value in self._read_pairs("the query", http.query):
            self._try(name, self._add_query, name, value)
        for name, value in self._read_pairs("the headers", http.headers):
            self._try(name, self._add_header, name, value)
        self._try("the body", self._add_body, http)
        self._try("the response", self._add_response, http)
        self._try("the pagination", self._add_pagination, http)
        self.set_request_options(
            {name: each for name, each in http.options.items() if name not in _OWN_OPTIONS}
        )
        self.finish()

    def _try(self, name: str, convert: Callable[..., None], *values: Any, **more: Any) -> None:
        try:
            convert(*values, **more)
        except ConversionError as error:
            self.problems.append(f"{show(name)}: {error}")

    def _add_argument(self, name: str) -> None:
        argument = self._found.arguments[name]
        value, is_quoted = argument.value, argument.is_quoted
        if value.startswith(_ANNOTATION) and not is_quoted:
            alias = self._aliases.get(value)
            if alias is None:
                raise ConversionError(f"the URL has no parameter {value}")
            is_quoted = alias.startswith("'") and alias.endswith("'")
            value = alias[1:-1].replace("''", "'") if is_quoted else alias
        [declared] = [each for each in self._found.version.parameters if each.name == name]
        if declared.type == "String" and not is_quoted:
            raise ConversionError("a text in a path must be in single quotes")
        target = self.properties.get(fold_name(name))
        if target is None:
            raise ConversionError(f"{self.operation.id} takes no such parameter in the newest release")
        given = self._url.mask.to_path_value(value)
        if given == "" and target["default"] not in ("", None) and isinstance(target["default"], str):
            self.parameters[target["name"]] = ""
        elif given == "" and not declared.optional and target["type"] == "resourceLocator":
            raise ConversionError("it is empty")
        else:
            self.set_property(target, given)

    def _add_query(self, name: str, value: Any) -> None:
        name = name.strip()
        folded = f"${name.lstrip('$')}".lower()
        if folded == "$format" or not name:
            return
        if has_code(name):
            raise ConversionError("the name of a query option is an expression")
        if value in ("", None):
            return
        if folded not in _ODATA:
            raise ConversionError(f"{self.operation.id} has no such query option")
        if folded == "$count":
            self._add_count(value)
        elif folded == "$top" and self.is_list and not is_expression(value):
            set_once(self.parameters, "limit", convert_value(self.properties["limit"], value))
        else:
            self.set_query(folded, value)

    def _add_count(self, value: Any) -> None:
        if "includecount" not in self.properties:
            raise ConversionError(f"{self.operation.id} does not accept $count")
        converted = convert_value(self.properties["includecount"], value)
        if converted is not False:
            set_once(self.options, "includeCount", converted)

    def _add_header(self, name: str, value: Any) -> None:
        folded = name.strip().lower()
        if folded in _OWN_HEADERS:
            return
        if folded == "if-match":
            if "ifmatch" in self.properties:
                self.set_property(self.properties["ifmatch"], value)
            elif value != "*":
                raise ConversionError(f"{self.operation.id} does not accept this header")
        elif folded == "prefer" or folded.startswith("x-http-method"):
            raise ConversionError("this header changes the request: the new node does not send it")
        else:
            self.notes.append(f"the header {name} was removed")

    def _add_body(self, http: HttpNode) -> None:
        if self._found.version.upload is not None:
            self._add_upload(http, self._found.version.upload.name)
            return
        if http.body_kind == "other":
            raise ConversionError("it is not JSON, and 3CX's API takes JSON")
        if http.body_kind == "none":
            return
        if http.body_kind == "fields":
            for name, value in http.body:
                self._try(name, self._add_pair, name, value, is_nested=http.is_nested)
            return
        found = read_json_object(http.body)
        if found.is_item:
            if "body" not in self.properties:
                raise ConversionError(f"{self.operation.id} takes no body")
            self.parameters["body"] = dict(_MAP_ITEM)
            self.notes.append(
                "the body was the whole input item: its fields that 3CX does not have are not sent"
            )
        for each in found.fields:
            self._try(each.name, self._add_json_field, each)

    def _add_upload(self, http: HttpNode, name: str) -> None:
        """Take over the file of a form, which is all that an upload sends."""
        if http.body_kind != "other" or [each for each, _ in http.files] != [name]:
            raise ConversionError(f"expected a form with one file, named {name}")
        self.parameters["binaryPropertyName"] = http.files[0][1]

    def _add_pair(self, name: str, value: Any, *, is_nested: bool) -> None:
        if is_nested and ("." in name or "[" in name) and not name.startswith(_ANNOTATION):
            raise ConversionError("a name with a path builds an object: enter it as JSON in the new node")
        declared = self._find_field(name)
        if declared is not None:
            converted = keep_literal(value) if value in ("", None) else convert_field(declared, value)
            set_once(self.body, declared["id"], converted)

    def _add_json_field(self, found: JsonField) -> None:
        declared = self._find_field(found.name)
        if declared is not None:
            set_once(self.body, declared["id"], to_field_value(found, declared["type"]))

    def _find_field(self, name: str) -> Mapping[str, Any] | None:
        """Return a field of the body, None for what need not be sent. Raises ConversionError for an unknown name."""
        declared = self.fields.get(fold_name(name))
        if declared is not None:
            if declared["id"] != name:
                self.notes.append(f"the body field {name} is written {declared['id']} now, as 3CX writes it")
            return declared
        if name.startswith(_ANNOTATION):
            self.notes.append(f"{name} was removed: 3CX does not need it")
            return None
        if fold_name(name) in self.path and self.operation.kind == "update":
            # The path of an update names its entity.
            return None
        if not self.fields:
            raise ConversionError(f"{self.operation.id} takes no body")
        names = tuple(str(each["id"]) for each in self.fields.values())
        hint = nearest_hint(name, names) or f"It has {', '.join(names)}."
        raise ConversionError(f"{self.operation.id} has no such body field. {hint}")

    def _add_response(self, http: HttpNode) -> None:
        if http.never_error:
            raise ConversionError("the node never fails (Never Error): the new node has no such setting")
        is_file = self._found.operation.versions[-1].returns.kind == "file"
        if is_file and http.output_field != "data":
            self.parameters["binaryProperty"] = http.output_field
        if http.response_format in ("file", "text") and not is_file:
            raise ConversionError(
                f"it is returned as {http.response_format}, and the new node returns it as JSON"
            )
        if http.response_format == "file" and not http.is_full:
            return
        self.options["responseFormat"] = "full" if http.is_full else "body"

    def _add_pagination(self, http: HttpNode) -> None:
        paging = read_pagination(http.pagination)
        if paging is None:
            return
        if not self.is_list:
            raise ConversionError(f"{self.operation.id} returns no list in pages")
        page = self.parameters.pop("limit", None)
        if paging.sets_skip:
            self.options.pop("$skip", None)
        if paging.max_requests is None:
            self.parameters["returnAll"] = True
        elif isinstance(page, int):
            self.parameters["limit"] = page * paging.max_requests
        else:
            raise ConversionError(
                "the number of pages is limited, and the node has no $top: set Limit in a new node"
            )
        self.notes.append("the pages are now read by the node itself: it returns one item with all entries")

    def _read_pairs(self, what: str, given: Any) -> Iterator[tuple[str, Any]]:
        """Yield names and values of a query or of headers, which may be given as one JSON text."""
        if isinstance(given, tuple):
            yield from given
            return
        try:
            found = read_json_object(given)
            if found.is_item:
                raise ConversionError("it is one expression as a whole")
            pairs = [(each.name, to_field_value(each, "text")) for each in found.fields]
        except ConversionError as error:
            self.problems.append(f"{what}: {error}")
            return
        yield from pairs
