"""API Request: any request below the PBX's APIs, through the executor, and to no other path or server."""

from __future__ import annotations

import asyncio
import json
import shlex
from typing import Any

import httpx
import pytest

from tests.support import FakePbx, odata_error, run
from threecx_credentials import Credential
from threecx_node import Executor, Options
from threecx_node.catalog import load_catalog
from threecx_node.catalog.api_request import API_REQUEST, EXAMPLE
from threecx_node.errors import BodyError, ParameterError, PartialFailureError, ResponseError
from threecx_node.simulator import Simulator

USERS = "/xapi/v1/Users"


def ask(pbx: Simulator, **parameters: Any) -> Any:
    async def main() -> Any:
        async with Executor(Credential.of(pbx.base_url, pbx.client_id, pbx.client_secret)) as executor:
            [result] = (await executor.run(API_REQUEST, [{}], parameters)).results
        return result.error or [each["json"] for each in result.items or ()]

    return asyncio.run(main())


def send(answer: httpx.Response | None = None, **parameters: Any) -> tuple[FakePbx, Any]:
    """Send one request to a PBX that gives one answer; return the PBX, and the result."""
    pbx = FakePbx(lambda _: answer or httpx.Response(204))
    [result] = run(pbx, API_REQUEST, [{}], parameters).results
    return pbx, result


def sent(**parameters: Any) -> httpx.Request:
    pbx, result = send(**parameters)
    assert result.error is None, result.error.one_line()
    [request] = pbx.requests
    return request


def refused(**parameters: Any) -> ParameterError | BodyError:
    pbx, result = send(**parameters)
    assert isinstance(result.error, (ParameterError, BodyError))
    assert pbx.requests == []
    assert pbx.logins == 0
    return result.error


def test_a_list_an_entity_and_changes(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    users = ask(pbx, path=USERS, query={"$top": 2, "$select": ["Id", "Number"], "$orderby": "Number"})
    assert [set(each) - {"@odata.etag"} for each in users] == [{"Id", "Number"}] * 2
    key = users[1]["Id"]
    path = f"{USERS}({key})"
    [user] = ask(pbx, method="get", path=path)
    assert user["Id"] == key
    assert len(user) > 50
    assert ask(pbx, method="PATCH", path=path, body='{"FirstName": "Ada"}') == [{"updated": True}]
    [changed] = ask(pbx, path=f"{path}?$select=FirstName")
    assert changed["FirstName"] == "Ada"
    [created] = ask(pbx, method="POST", path="/xapi/v1/Contacts", body={"FirstName": "Zoe", "Business": "1"})
    assert created["FirstName"] == "Zoe"
    contact = f"/xapi/v1/Contacts({created['Id']})"
    assert ask(pbx, method="DELETE", path=contact) == [{"deleted": True}]
    error = ask(pbx, method="DELETE", path=contact)
    assert isinstance(error, ResponseError)
    assert error.http_code == 404
    assert error.description


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/xapi/v1/Users", "/xapi/v1/Users"),
        ("xapi/v1/Users", "/xapi/v1/Users"),
        (" /xapi/v1/Users ", "/xapi/v1/Users"),
        ("/xapi/v1/$metadata", "/xapi/v1/$metadata"),
        ("/xapi/v1/Users(Number='102')", "/xapi/v1/Users(Number='102')"),
        ("/xapi/v1/TenantProperties('O''Brien & Co/1')", "/xapi/v1/TenantProperties('O''Brien%20&%20Co/1')"),
        ("/xapi/v1/TenantProperties('a%20b%2Fc')", "/xapi/v1/TenantProperties('a%20b%2Fc')"),
        ("/xapi/v1/TenantProperties('100%')", "/xapi/v1/TenantProperties('100%25')"),
        ("/xapi/v1/TenantProperties('a?b#c')", "/xapi/v1/TenantProperties('a%3Fb%23c')"),
        ("/xapi/v1/TenantProperties('Jörg')", "/xapi/v1/TenantProperties('J%C3%B6rg')"),
        ("/callcontrol", "/callcontrol"),
        ("/callcontrol/100/participants", "/callcontrol/100/participants"),
        ("/xapi/v1/Users?$top=5&$filter=Number eq '1'", "/xapi/v1/Users?$top=5&$filter=Number%20eq%20'1'"),
    ],
)
def test_paths(path: str, target: str) -> None:
    assert sent(path=path).url.raw_path.decode() == target


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        5,
        "/",
        "/Users",
        "/connect/token",
        "/xapi/v2/Users",
        "/xapi/v1x/Users",
        "/XAPI/V1/Users",
        "/callcontrolx",
        "https://pbx.example/xapi/v1/Users",
        "https://evil.example/xapi/v1/Users",
        "//evil.example/xapi/v1/Users",
        "///xapi/v1/Users",
        "\\\\evil.example/xapi/v1/Users",
        "/\\evil.example/xapi/v1/Users",
        "@evil.example/xapi/v1/Users",
        ":80/xapi/v1/Users",
        "/xapi/v1/../../connect/token",
        "/xapi/v1/..",
        "/xapi/v1/./Users",
        "/xapi/v1/%2e%2e/%2e%2e/connect/token",
        "/xapi/v1/%2E./connect/token",
        "/xapi/v1/%252e%252e/connect/token",
        "/xapi/v1/%25252e%25252e/connect/token",
        "/xapi/v1/%2525252525252525252e/x",
        "/xapi/v1/..;a=b/connect/token",
        "/xapi/v1/..%2f..%2fconnect/token",
        "/xapi/v1/..%5c..%5cconnect",
        "/xapi/v1\\..\\..\\connect",
        "/xapi/v1//Users",
        "/xapi/v1/%2fUsers",
        "/xapi%2fv1/Users",
        "/%78api/v1/Users",
        "/xapi/v1/Users\r\nHost: evil.example",
        "/xapi/v1/Users%0d%0aHost:evil",
        "/xapi/v1/Users\x00",
        "/xapi/v1/\ud800",
        "/xapi/v1/" + "'" * 70_000,
    ],
)
def test_paths_that_lead_elsewhere_are_refused(path: Any) -> None:
    error = refused(path=path)
    assert error.field == "path"
    assert "\n" not in error.one_line()
    assert len(error.one_line()) < 500


@pytest.mark.parametrize(
    "query",
    [
        {"$top": 5, "$count": True, "$filter": None},
        [["$top", 5], ["$count", True]],
        [{"name": "$top", "value": "5"}, {"name": "$count", "value": "true"}],
        {"parameters": [{"name": "$top", "value": "5"}, {"name": "$count", "value": "true"}]},
        '{"$top": 5, "$count": true}',
        '[["$top", 5], ["$count", true]]',
        "$top=5&$count=true",
        "?%24top=5&%24count=true",
    ],
)
def test_forms_of_a_query(query: Any) -> None:
    assert sent(path=USERS, query=query).url.query.decode() == "$top=5&$count=true"


def test_a_query_in_path_and_parameter() -> None:
    assert sent(path=f"{USERS}?$top=5", query={"$skip": 1}).url.query.decode() == "$top=5&$skip=1"
    assert "$top is given twice" in refused(path=f"{USERS}?$top=5", query={"$top": 6}).message
    value = {"$filter": "contains(LastName,'&=#+é')"}
    assert sent(path=USERS, query=value).url.query.decode() == "$filter=contains(LastName,'%26=%23%2B%C3%A9')"


@pytest.mark.parametrize(
    "query", [5, [5], [["a"]], [["a", "b", "c"]], [{"value": 1}], {"a": {"b": 1}}, "{", "[1", [[1, 2]]]
)
def test_queries_that_cannot_be_read(query: Any) -> None:
    assert refused(path=USERS, query=query).field == "query"


@pytest.mark.parametrize("method", ["", None])
def test_get_is_the_default_method(method: Any) -> None:
    assert sent(path=USERS, method=method).method == "GET"


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "GET ", "x\r\ny", 5, ["GET"]])
def test_other_methods_are_refused(method: Any) -> None:
    if method == "GET ":
        assert sent(path=USERS, method=method).method == "GET"
    else:
        assert refused(path=USERS, method=method).field == "method"


def test_bodies() -> None:
    for body in ({"a": [1, None, {"b": "ä"}]}, [1, 2], '{"a": 1}', "[]", "5", '"text"'):
        request = sent(method="POST", path="/xapi/v1/X", body=body)
        assert json.loads(request.content) == (json.loads(body) if isinstance(body, str) else body)
        assert request.headers["content-type"] == "application/json"
    assert sent(method="POST", path="/xapi/v1/X").content == b""
    assert "line 1" in refused(method="POST", path="/xapi/v1/X", body="{'a': 1}").message
    assert refused(path=USERS, body={"a": 1}).field == "body"
    assert refused(method="PUT", path=USERS, body={"a": float("nan")}).field == "body.a"
    deep: Any = 1
    for _ in range(100):
        deep = [deep]
    assert "levels deep" in refused(method="PUT", path=USERS, body=deep).message


def test_if_match_is_the_only_header() -> None:
    assert sent(method="DELETE", path=f"{USERS}(5)", **{"If-Match": 'W/"1"'}).headers["if-match"] == 'W/"1"'
    assert refused(method="DELETE", path=f"{USERS}(5)", options={"ifMatch": "a\nb"}).field == "If-Match"
    with pytest.raises(Exception, match="has no parameter 'headers'"):
        send(path=USERS, headers={"Host": "evil"})


def test_each_item_has_its_own_request() -> None:
    pbx = FakePbx(lambda request: httpx.Response(200, json={"value": [{"u": str(request.url)}, {"u": 2}]}))
    items = [{"p": "Users", "m": "GET"}, {"p": "Queues", "m": "GET"}, {"p": "../x", "m": "GET"}]
    parameters = {"path": "=/xapi/v1/{{ $json.p }}", "method": "={{ $json.m }}"}
    batch = run(pbx, API_REQUEST, items, parameters, Options(continue_on_fail=True))
    assert [len(each.items or ()) for each in batch.results] == [2, 2, 0]
    assert batch.results[2].error is not None


def test_a_dry_run_sends_nothing() -> None:
    pbx = FakePbx(lambda _: httpx.Response(500))
    [result] = run(
        pbx, API_REQUEST, [{}], {"method": "PUT", "path": USERS, "body": [1]}, Options(dry_run=True)
    ).results
    assert result.request is not None
    assert (result.request["method"], result.request["body"]) == ("PUT", [1])
    assert result.request["url"] == "https://pbx.example/xapi/v1/Users"
    assert pbx.logins == 0


@pytest.mark.parametrize(
    ("path", "attempts", "unknown"),
    [
        (USERS, 7, False),
        (f"{USERS}(5)", 7, False),
        ("/xapi/v1/MailSettings", 7, False),
        (f"{USERS}(5)/Groups", 7, False),
        (f"{USERS}/Pbx.ExportExtensions()", 7, False),
        ("/xapi/v1/TenantProperties('a)/b')", 7, False),
        (f"{USERS}(5)/Pbx.Unheard()", 1, True),
        ("/xapi/v1/CrmIntegration/Pbx.GenerateApiKey()", 1, True),
        ("/xapi/v1/Users(5)/Pbx.GenerateProvLink()", 1, True),
        ("/xapi/v1/Unheard", 1, True),
        ("/callcontrol/100", 1, True),
    ],
)
def test_only_a_plain_read_is_sent_again(path: str, attempts: int, unknown: bool) -> None:
    pbx, result = send(httpx.Response(504), path=path)
    assert len(pbx.requests) == attempts
    assert result.error.outcome_unknown is unknown


def test_next_links_are_followed_up_to_top() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        skip = int(request.url.params.get("$skip", 0))
        link = f"https://pbx.example/xapi/v1/Users?$top=60&$skip={skip + 50}"
        rows = [{"Id": number} for number in range(skip, min(skip + 50, 120))]
        return httpx.Response(200, json={"@odata.count": 120, "value": rows, "@odata.nextLink": link})

    [result] = run(
        FakePbx(answer), API_REQUEST, [{}], {"path": USERS, "query": {"$top": 60, "$count": True}}
    ).results
    assert result.error is None
    assert len(result.items or ()) == 60
    rows = {"@odata.count": 120, "value": [{"Id": 1}]}
    pbx, result = send(httpx.Response(200, json=rows), path=USERS, query={"$top": 1, "$count": True})
    assert (len(pbx.requests), len(result.items)) == (1, 1)


def test_answers_as_of_other_operations() -> None:
    _, result = send(httpx.Response(200, json={"@odata.context": "x", "value": 5}), path="/xapi/v1/X")
    assert [each["json"] for each in result.items] == [{"value": 5}]
    _, result = send(httpx.Response(200, json=[1, {"a": 2}]), path="/callcontrol")
    assert [each["json"] for each in result.items] == [{"value": 1}, {"a": 2}]
    _, result = send(httpx.Response(204), method="POST", path="/xapi/v1/X")
    assert [each["json"] for each in result.items] == [{"success": True}]
    file = httpx.Response(200, content=b"RIFF", headers={"content-type": "audio/wav"})
    _, result = send(file, path="/xapi/v1/Recordings/Pbx.Download(recId=5)", binaryProperty="sound")
    assert result.items[0]["binary"]["sound"]["mimeType"] == "audio/wav"
    _, result = send(httpx.Response(200, json={"value": []}), path=USERS, responseFormat="body")
    assert [each["json"] for each in result.items] == [{"value": []}]
    failures = {"value": [{"Id": 5, "Error": "WARNINGS.XAPI.NOT_FOUND"}]}
    _, result = send(
        httpx.Response(200, json=failures), method="POST", path="/xapi/v1/Users/Pbx.BatchDelete", body={}
    )
    assert isinstance(result.error, PartialFailureError)
    _, result = send(httpx.Response(200, json=failures), path="/xapi/v1/X")
    assert len(result.items) == 1
    _, result = send(
        odata_error(400, "WARNINGS.XAPI.ALREADY_IN_USE", "Number"), method="POST", path=USERS, body={}
    )
    assert result.error.code == "WARNINGS.XAPI.ALREADY_IN_USE"
    assert result.error.request == {"method": "POST", "url": "https://pbx.example/xapi/v1/Users"}


def test_its_example_runs(threecx_simulator: Simulator) -> None:
    words = shlex.split(EXAMPLE)
    given = dict(word.split("=", 1) for word in words if "=" in word)
    assert set(given) == {"method", "path", "query"}
    assert len(ask(threecx_simulator, **given)) == 5


def test_the_catalog_itself_does_not_contain_it() -> None:
    catalog = load_catalog()
    assert API_REQUEST not in catalog.operation_ids
    assert [each.id for each in catalog.operations(resource="API")] == [API_REQUEST]
    assert catalog.operation(API_REQUEST).releases == catalog.releases
