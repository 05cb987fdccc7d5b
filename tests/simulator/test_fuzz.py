"""Fuzzing in process: every request gets a valid response of the API, and never an internal error."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import quote, urlencode

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from threecx_node.catalog import OperationVersion, Property, load_catalog
from threecx_node.simulator import Simulator

CATALOG = load_catalog()
VERSIONS = [operation.version("20.0.10") for operation in CATALOG.operations(release="20.0.10")]
READS = [version for version in VERSIONS if version.method == "GET"]
PROPERTIES = sorted({name for schema in CATALOG.schema_names for name in CATALOG.properties(schema)})
ALLOWED = {200, 201, 204, 400, 404, 405, 412, 415}
PBX = Simulator()

bounded = settings(
    max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)

integers = st.integers(-(2**70), 2**70) | st.sampled_from([0, 1, 7, 8, 9, 10, 40, 41, 2**31])
literals = (
    integers.map(str)
    | st.text(max_size=12).map(lambda text: "'" + text.replace("'", "''") + "'")
    | st.sampled_from(
        ["'800'", "'COMPANY'", "true", "2026-03-01T00:00:00Z", "", "''", "'", "null", "x", "(", "1,2"]
    )
)
BY_TYPE = {
    "Int32": st.integers(1, 60).map(str),
    "String": st.sampled_from(
        ["'100'", "'101'", "'COMPANY'", "'IVR'", "'0:00:0'", "'office-2026-03-02.zip'"]
    ),
    "Boolean": st.sampled_from(["true", "false"]),
    "DateTimeOffset": st.just("2026-03-01T00:00:00Z"),
}
json_values = st.recursive(
    st.none()
    | st.booleans()
    | integers
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["101", "AllHours"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(PROPERTIES) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
WORDS = """
    Id Number FirstName Hours/Type Groups Groups/any(g:g/Name) Tags/any() eq ne gt lt and or not in add div ( ) ,
    'x' 5 -1 1.5 true null now() length contains( tolower( year( 2026-03-01T00:00:00Z duration'PT1H' * / ; = desc
    Rights Members ($select=Id) ($expand= $top=1 Nope $it
"""
words = st.sampled_from(WORDS.split())
expressions = st.lists(words, max_size=8).map(" ".join) | st.text(max_size=20)
options = st.dictionaries(
    st.sampled_from(
        ["$filter", "$orderby", "$select", "$expand", "$search", "$top", "$skip", "$count", "$format", "x"]
    ),
    expressions,
    max_size=3,
)


def call(
    method: str, path: str, query: dict[str, str], body: bytes, **headers: str
) -> tuple[int, bytes, bool]:
    """Send a request to the application; return the status, the body and whether the body is JSON."""
    sent: list[dict[str, Any]] = []
    given_headers = {
        "authorization": f"Bearer {TOKEN}",
        "host": "pbx",
        "content-type": "application/json",
        **headers,
    }
    scope = {
        "type": "http",
        "method": method,
        "scheme": "http",
        "raw_path": quote("/xapi/v1" + path, safe="/()',=$").encode(),
        "query_string": urlencode(query).encode(),
        "headers": [
            (name.encode(), value.encode("latin-1", "replace")) for name, value in given_headers.items()
        ],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(PBX.app(scope, receive, send))
    start, end = sent
    kinds = [value for name, value in start["headers"] if name == b"content-type"]
    return start["status"], end["body"], bool(kinds) and kinds[0].startswith(b"application/json")


def filled(version: OperationVersion, data: st.DataObject) -> str:
    """Generate the path of an operation with literals that mostly have the right types."""
    path = version.path
    for parameter in version.parameters:
        fitting = BY_TYPE.get(parameter.type, literals)
        literal = data.draw(literals if data.draw(st.integers(0, 5)) == 0 else fitting)
        path = path.replace(f"{{{parameter.name}}}", literal)
    return path


def check(status: int, body: bytes, is_json: bool) -> None:
    assert status in ALLOWED, (status, body)
    if status == 204:
        assert body == b""
    elif is_json:
        answer = orjson.loads(body)
        assert ("error" in answer) == (status >= 400)
        if status >= 400:
            assert answer["error"]["code"] == ""
            assert answer["error"]["message"]
    else:
        assert status == 200


TOKEN = PBX.token()


@pytest.fixture(autouse=True)
def _seed() -> None:
    PBX.state.reset()


@bounded
@given(st.sampled_from(READS), st.data(), options | st.just({}))
def test_reads(version: OperationVersion, data: st.DataObject, query: dict[str, str]) -> None:
    path = filled(version, data)
    check(*call("GET", path, query, b""))


@bounded
@given(st.sampled_from(VERSIONS), st.data(), json_values, st.sampled_from([None, "POST", "PATCH", "PUT"]))
def test_writes(version: OperationVersion, data: st.DataObject, value: Any, method: str | None) -> None:
    path = filled(version, data)
    body = b"" if value is None else json.dumps(value).encode()
    check(*call(method or version.method, path, {}, body))


@st.composite
def plausible(draw: st.DrawFn, schema: str, depth: int = 0) -> dict[str, Any]:
    """Generate a body with valid names and often valid values."""
    fields = CATALOG.properties(schema)
    names = draw(st.lists(st.sampled_from(sorted(fields)), max_size=5)) if fields else []
    return {name: draw(value_of(fields[name], depth)) for name in names}


@st.composite
def value_of(draw: st.DrawFn, field: Property, depth: int = 0) -> Any:
    """Generate a value for a property, mostly of its type."""
    kind = field.type.name
    if draw(st.integers(0, 9)) == 0:
        return draw(json_values)
    if kind in CATALOG.enums:
        value: Any = draw(st.sampled_from(CATALOG.enums[kind].members))
    elif CATALOG.is_schema(kind):
        value = draw(plausible(kind, depth + 1)) if depth < 3 else {}
    else:
        value = draw(VALUES.get(kind, st.text(max_size=8)))
    return [value] if field.type.collection else value


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "Boolean": st.booleans(),
    "Int32": st.integers(-5, 60),
    "Int64": st.integers(-5, 60),
    "Byte": st.integers(0, 31),
    "String": st.text(max_size=8) | st.sampled_from(["101", "800", "COMPANY"]),
    "DateTimeOffset": st.sampled_from(["2026-03-01T00:00:00Z", "9999-12-31T23:59:59.9999999-12:00"]),
    "Duration": st.sampled_from(["PT8H", "-P1DT0.5S"]),
}
WRITES = [version for version in VERSIONS if version.method in ("POST", "PATCH") and version.body is not None]


@bounded
@given(st.sampled_from(WRITES), st.data())
def test_plausible_writes(version: OperationVersion, data: st.DataObject) -> None:
    path = filled(version, data)
    fields = CATALOG.body_properties(version)
    if isinstance(version.body, str):
        body = data.draw(plausible(version.body))
    else:
        body = {name: data.draw(value_of(field)) for name, field in fields.items()}
    check(*call(version.method, path, {}, json.dumps(body).encode()))
    # After any write, everything can still be read.
    if data.draw(st.integers(0, 20)) == 0:
        for name in ("Users", "Groups", "Peers", "DidNumbers", "SystemStatus"):
            check(*call("GET", f"/{name}", {}, b""))


@bounded
@given(st.text(max_size=40), options)
def test_any_path(path: str, query: dict[str, str]) -> None:
    check(*call("GET", f"/{path}", query, b""))
