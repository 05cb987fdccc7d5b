"""No input gives a fault of this package: each is a result or a known error on one line, within a second."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import FakePbx
from threecx_node.catalog import load_catalog
from threecx_node.cli.inputs import parse_json, read_items, read_parameters
from threecx_node.codegen.catalog import import_documents
from threecx_node.errors import ThreeCxError
from threecx_node.execution.results import Item
from threecx_node.messages import HttpRequest, HttpResponse
from threecx_node.n8n.migrate.json_spans import find_nodes
from threecx_node.n8n.node_json import read_node
from threecx_node.response.decode import decode
from threecx_node.service.app import create_app
from threecx_node.service.config import ServiceConfig

CATALOG = load_catalog()
FEW = settings(max_examples=40, suppress_health_check=list(HealthCheck))
# A busy machine needs more than the second that is meant.
SECONDS = 5.0

NASTY = st.sampled_from(
    [
        *(
            "'",
            "''",
            '"',
            "\\",
            "\x00",
            "\x1b[31m",
            "\ud800",
            "\udfff",
            "\u202e",
            "\u2028",
            "\r\n",
            " ",
            "ß",
            "😀",
        ),
        *("{{", "}}", "={{ $json }}", "/", "..", "?", "#", "&", "+", "(", ")", "eq", "$", "%", "%27"),
        *("@odata.type", "null", "NaN", "1e999"),
    ]
)
TEXT = st.lists(NASTY | st.text(max_size=6), max_size=12).map("".join)
SCALAR = TEXT | st.none() | st.booleans() | st.integers() | st.floats()
NAMES = TEXT | st.sampled_from(
    ["__rl", "mode", "value", "mappingMode", "Id", "error", "@odata.nextLink", "@odata.count"]
)
VALUE = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


def deep(depth: int, is_list: bool) -> str:
    return ("[" if is_list else '{"a":') * depth + "1" + ("]" if is_list else "}") * depth


DEPTHS = [150, 250, 400, 990, 1100, 100_000]
DEEP = [deep(depth, is_list) for depth in DEPTHS for is_list in (True, False)]
DEEP_IDS = [f"{depth} {kind}" for depth in DEPTHS for kind in ("lists", "objects")]


@contextmanager
def no_fault() -> Iterator[None]:
    """Accept a known error on one printable line, and nothing that takes long."""
    began = time.monotonic()
    try:
        yield
    except ThreeCxError as error:
        check_error(error)
    assert time.monotonic() - began < SECONDS


def check_error(error: ThreeCxError) -> None:
    assert error.code != "bug", error.message
    assert "\n" not in error.one_line()
    assert "\x1b" not in error.one_line()
    json.dumps(error.to_json())


def run_all(operation: str, items: list[Any], parameters: dict[str, Any], answer: Any = None) -> None:
    """Run a batch; its errors are known ones."""
    pbx = FakePbx(lambda _: answer or httpx.Response(200, json={"value": []}))

    async def main() -> None:
        async with pbx.executor() as executor:
            batch = await executor.run(operation, items, parameters)
        for each in batch.results:
            if each.error is not None:
                check_error(each.error)
        batch.summary()

    with no_fault():
        asyncio.run(main())


@FEW
@given(TEXT, VALUE)
def test_expressions(text: str, value: Any) -> None:
    """Those that Python evaluates; tests/expressions/test_limits.py is about V8."""
    run_all("ListUser", [{"x": value}], {"$filter": f"=LastName eq '{{{{ $json.x }}}}' and {text}"})
    run_all("GetUser", [{"x": value}], {"Id": "={{ $json.x }}"})


@FEW
@given(st.sampled_from(["$filter", "$search", "$orderby", "$select", "$expand", "$skip", "limit"]), VALUE)
def test_query_options(name: str, value: Any) -> None:
    run_all("ListUser", [Item({}, {name: value})], {})


@FEW
@given(VALUE)
def test_keys(value: Any) -> None:
    for operation, name in (("GetUser", "Id"), ("GetUserByNumber", "Number"), ("DeleteUser", "If-Match")):
        run_all(operation, [Item({}, {"Id": 5, name: value})], {})


@FEW
@given(VALUE, st.booleans())
def test_bodies(value: Any, is_shared: bool) -> None:
    for operation in ("UpdateUser", "CreateUser", "UpdateHoliday"):
        shared = {"body": value} if is_shared else {}
        item = Item({"x": value}, {} if is_shared else {"body": value, "Id": 5})
        run_all(operation, [item], {"Id": 5, **shared}, httpx.Response(204))


@FEW
@given(TEXT, VALUE, VALUE)
def test_api_requests(path: str, query: Any, body: Any) -> None:
    for method in ("GET", "PATCH"):
        parameters = {
            "method": method,
            "path": f"/xapi/v1/{path}",
            "query": query,
            "body": body if method != "GET" else None,
        }
        run_all("ApiRequest", [Item({}, parameters)], {})


@FEW
@given(VALUE, VALUE)
def test_uploads(name: Any, data: Any) -> None:
    run_all("UploadPrompt", [Item({}, {"file": {"fileName": name, "data": data}})], {})


@FEW
@given(
    st.sampled_from(
        ["ListUser", "GetUser", "UpdateUser", "DeleteUser", "MakeCall", "DownloadRecording", "BatchDelete"]
    ),
    st.integers(200, 599),
    VALUE.map(json.dumps).map(str.encode) | st.binary(max_size=30) | st.sampled_from(DEEP).map(str.encode),
    st.sampled_from(["application/json", "text/html", "text/plain", "", "audio/x-wav"]),
    TEXT,
)
def test_responses(operation: str, status: int, content: bytes, media_type: str, name: str) -> None:
    found = CATALOG.operation(operation)
    headers = {"content-type": media_type}
    if name:
        headers["content-disposition"] = f"attachment; filename*={name.encode('ascii', 'replace').decode()}"
    response = HttpResponse(
        status,
        httpx.Headers(
            {k: v.replace("\r", "").replace("\n", "").replace("\x00", "") for k, v in headers.items()}
        ),
        content,
    )
    with no_fault():
        payload = decode(
            found, found.version(), response, "pbx", HttpRequest(found.version().method, "/x"), CATALOG
        )
        json.dumps(payload.document)


@pytest.mark.parametrize("text", DEEP, ids=DEEP_IDS)
def test_deep_json_from_anywhere(text: str, tmp_path: Path) -> None:
    file = tmp_path / "deep.json"
    for content in (
        text,
        f'[{{"a": {text}}}]',
        f'{{"nodes": [{{"type": "threecx", "parameters": {{"Id": {text}, "operation": "GetUser"}}}}]}}',
    ):
        file.write_text(content)
        with no_fault():
            items = read_items(str(file))
            run_all("GetUser", list(items), {"Id": "={{ $json.a }}"})
            run_all("UpdateUser", list(items), {"Id": 5, "body": "={{ $json }}"})
        with no_fault():
            node = read_node(parse_json(content, "node"), CATALOG)
            run_all(node.operation, [{}], dict(node.parameters))
        with no_fault():
            list(find_nodes(content))
    run_all("UpdateUser", [{"x": text}], {"Id": 5, "body": "={{ $json.x }}"})
    run_all("UpdateUser", [{}], {"Id": 5, "Groups": text})
    run_all("ApiRequest", [{}], {"path": "/xapi/v1/Users", "query": text})
    run_all("ApiRequest", [{}], {"path": "/xapi/v1/Users", "method": "POST", "body": text})
    answer = httpx.Response(
        200, content=f'{{"value": [{text}]}}', headers={"content-type": "application/json"}
    )
    run_all("ListUser", [{}], {}, answer)
    with no_fault():
        read_parameters([f"Id={text}"])


@pytest.mark.parametrize("depth", [100, 300, 900, 5000])
def test_deep_values_of_a_caller_in_python(depth: int) -> None:
    value: Any = "={{ $json.Id }}"
    for _ in range(depth):
        value = {"a": [value]}
    run_all("UpdateUser", [{"Id": 1}], {"Id": 5, "body": value})
    run_all("UpdateUser", [{"Id": 1, "x": value}], {"Id": 5, "body": "={{ $json.x }}"})
    run_all("UpdateUser", [Item({}, {"Id": 5, "body": value})], {})


@pytest.mark.parametrize(
    "text", [*DEEP, "[" * 100_000, "- " * 50_000, "a: " + "{a: " * 50_000, "&a [*a]", "? " * 5000]
)
def test_specification_import(text: str, tmp_path: Path) -> None:
    file = tmp_path / "xapi-20.0.10.yaml"
    for content in (text, f"openapi: 3.0.0\npaths: {text}\ncomponents: {{}}"):
        file.write_text(content)
        with no_fault():
            import_documents([str(file)], verify_tls=True, ca_file=None, on_note=lambda _: None)


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(
    VALUE.map(json.dumps)
    | st.binary(max_size=40).map(lambda each: each.decode("latin-1"))
    | st.sampled_from(DEEP)
)
def test_service_bodies(body: str) -> None:
    app = create_app(ServiceConfig())

    async def main() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            for content in (body, f'{{"operation": "GetUser", "items": [{body}], "pbx": {{}}}}'):
                for path in ("execute", "search", "fields", "options", "check"):
                    answer = await client.post(f"/v1/{path}", content=content.encode("utf-8", "replace"))
                    assert answer.status_code < 500, answer.text

    asyncio.run(main())
