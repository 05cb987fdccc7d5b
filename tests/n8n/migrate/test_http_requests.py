"""Migrate HTTP Request nodes: method and path become an operation, and all that they send stays the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.n8n.migrate.generated import CATALOG, NEW
from tests.n8n.migrate.http_requests import (
    HTTP,
    PBX,
    dry_run,
    flow,
    http_node,
    json_body,
    migrate_http,
    pairs,
    problems_of,
    response,
)
from threecx_node.n8n.migrate import migrate

USER = {"Id": 7, "Number": "O'Neil & Co", "name": "Ada"}


@pytest.mark.parametrize(
    ("method", "url", "operation", "sent"),
    [
        ("GET", "/Users(7)", "GetUser", "/Users(7)"),
        ("GET", "/Users(Id=7)/", "GetUser", "/Users(7)"),
        ("GET", "/Users/7", "GetUser", "/Users(7)"),
        ("GET", "/users(7)", "GetUser", "/Users(7)"),
        ("GET", f"={PBX}/xapi/v1/Users({{{{ $json.Id }}}})", "GetUser", "/Users(7)"),
        ("GET", f"={PBX}/XAPI/v1/Users/{{{{ $json.Id }}}}", "GetUser", "/Users(7)"),
        ("GET", "={{ $vars.pbx }}/xapi/v1/Users({{ $json.Id }})", "GetUser", "/Users(7)"),
        ("GET", "={{ $json.baseUrl + '/xapi/v1/Users(' + $json.Id + ')' }}", "GetUser", "/Users(7)"),
        ("GET", "={{ `${$vars.pbx}/xapi/v1/Users(${ $json.Id })` }}", "GetUser", "/Users(7)"),
        ("GET", "={{ $json.api }}/Users({{ $json.Id }})", "GetUser", "/Users(7)"),
        (
            "GET",
            "/Users(Number='O''Neil%20%26%20Co')",
            "GetUserByNumber",
            "/Users(Number='O''Neil%20%26%20Co')",
        ),
        (
            "GET",
            f"={PBX}/xapi/v1/Users(Number='{{{{ encodeURIComponent($json.Number) }}}}')",
            "GetUserByNumber",
            "/Users(Number='O''Neil%20%26%20Co')",
        ),
        (
            "GET",
            f"={PBX}/xapi/v1/Users(Number='{{{{ $json.Number.replace(/'/g, \"''\") }}}}')",
            "GetUserByNumber",
            "/Users(Number='O''Neil%20%26%20Co')",
        ),
        (
            "GET",
            "={{ '" + PBX + "/xapi/v1/Users(Number=' + \"'\" + $json.Number + \"'\" + ')' }}",
            "GetUserByNumber",
            "/Users(Number='O''Neil%20%26%20Co')",
        ),
        ("GET", "/Users/Pbx.GetByNumber(number='100')", "GetUserByNumber", "/Users(Number='100')"),
        ("DELETE", "/CallFlowApps(12)", "DeleteCallFlowApp", "/CallFlowApps(12)"),
        (
            "POST",
            "/Users(7)/Pbx.SendWelcomeEmail",
            "SendWelcomeEmail",
            "/Users(7)/Pbx.SendWelcomeEmail",
        ),
        ("POST", "/Users(7)/SendWelcomeEmail", "SendWelcomeEmail", "/Users(7)/Pbx.SendWelcomeEmail"),
        ("GET", "/SystemStatus", "GetSystemStatus", "/SystemStatus"),
        (
            "GET",
            "/ReportAuditLog/Pbx.DownloadAuditLog(clientTimeZone=@zone)?@zone='%2B08:00'",
            "DownloadAuditLog",
            "/ReportAuditLog/Pbx.DownloadAuditLog(clientTimeZone='%2B08%3A00')",
        ),
    ],
)
def test_method_and_path_become_an_operation(method: str, url: str, operation: str, sent: str) -> None:
    parameters, _ = migrate_http(http_node(url, method))
    assert parameters["operation"] == operation
    request = dry_run(parameters, USER)
    assert (request["method"], request["url"].removeprefix("https://pbx.example/xapi/v1")) == (method, sent)


def test_arguments_of_a_function_are_read_in_any_order() -> None:
    url = (
        "=https://pbx/xapi/v1/ReportExtensionStatistics/Pbx.GetExtensionStatisticsData(callArea=0,"
        "periodTo={{ $json.to }},periodFrom=2026-01-01T00:00:00Z,extensionFilter='{{ $json.n }}',)"
    ).replace(",)", ")")
    parameters, _ = migrate_http(http_node(url))
    assert parameters["operation"] == "GetExtensionStatisticsData"
    sent = dry_run(parameters, {"to": "2026-02-01", "n": "100,101"})["url"]
    assert (
        "periodFrom=2026-01-01T00:00:00.000Z,periodTo=2026-02-01T00:00:00.000Z,extensionFilter='100%2C101'"
        in sent
    )


@pytest.mark.parametrize(
    "more",
    [
        {"url": "/Users?$filter=Enabled eq false&$top=20&$skip=5&$orderby=Number&$select=Id,Number"},
        {
            "url": "/Users?%24filter=Enabled%20eq%20false&%24top=20&%24skip=5&%24orderby=Number&%24select=Id%2CNumber"
        },
        {"url": "/Users?filter=Enabled+eq+false&top=20&skip=5&orderby=Number&select=Id,Number&$format=json"},
        pairs(
            "query",
            {
                "$filter": "Enabled eq false",
                "$top": "20",
                "$skip": "5",
                "$orderby": "Number",
                "$select": "Id,Number",
            },
        ),
        {
            "sendQuery": True,
            "specifyQuery": "json",
            "jsonQuery": '{"$filter": "Enabled eq {{ $json.on }}", "$top": 20, "$skip": {{ $json.skip }}, '
            '"$orderby": "Number", "$select": "Id,Number"}',
        },
        {
            "sendQuery": True,
            "specifyQuery": "json",
            "jsonQuery": "={{ JSON.stringify({ $filter: 'Enabled eq ' + $json.on, '$top': 20, $skip: $json.skip, "
            "$orderby: 'Number', $select: 'Id,Number' }) }}",
        },
    ],
)
def test_a_query_is_read_in_each_form(more: dict[str, Any]) -> None:
    if "jsonQuery" in more and not more["jsonQuery"].startswith("="):
        more = {**more, "jsonQuery": "=" + more["jsonQuery"]}
    parameters, _ = migrate_http(http_node(more.pop("url", "/Users"), **more))
    assert parameters["limit"] == 20
    url = dry_run(parameters, {"on": False, "skip": 5})["url"]
    query = sorted(url.partition("?")[2].replace("%2C", ",").split("&"))
    assert query == [
        "$filter=Enabled%20eq%20false",
        "$orderby=Number",
        "$select=Id,Number",
        "$skip=5",
        "$top=20",
    ]


@pytest.mark.parametrize("version", [1, 2])
def test_old_versions_of_the_node_are_read(version: int) -> None:
    given: dict[str, Any] = {
        "authentication": "headerAuth",
        "requestMethod": "PATCH",
        "url": f"={PBX}/xapi/v1/Users({{{{ $json.Id }}}})",
        "allowUnauthorizedCerts": True,
        "jsonParameters": True,
        "options": {"fullResponse": True, "timeout": 5000, "batchSize": 1},
        "bodyParametersJson": '={"FirstName": "{{ $json.name }}"}',
        "headerParametersJson": '{"Authorization": "Bearer x"}',
    }
    old: dict[str, Any] = {
        "parameters": given,
        "name": "Old",
        "type": HTTP,
        "typeVersion": version,
        "credentials": {"httpHeaderAuth": {"id": "1", "name": "3CX"}},
    }
    parameters, notes = migrate_http(old)
    assert dry_run(parameters, USER)["body"] == {"FirstName": "Ada"}
    assert parameters["options"] == {"timeout": 5, "responseFormat": "full"}
    assert "certificates" in notes[0]
    assert "headerAuth" in notes[-1]
    fields = {
        **given,
        "jsonParameters": False,
        "bodyParametersUi": {"parameter": [{"name": "FirstName", "value": "={{ $json.name }}"}]},
    }
    parameters, _ = migrate_http({**old, "parameters": fields})
    assert dry_run(parameters, USER)["body"] == {"FirstName": "Ada"}
    listing: dict[str, Any] = {
        "url": f"{PBX}/xapi/v1/Users",
        "queryParametersUi": {"parameter": [{"name": "$top", "value": "5"}]},
        "options": {},
    }
    parameters, _ = migrate_http({**old, "parameters": listing})
    assert (parameters["operation"], parameters["limit"]) == ("ListUser", 5)
    listing = {**listing, "jsonParameters": True, "queryParametersJson": '{"$top": 5}'}
    assert migrate_http({**old, "parameters": listing})[0]["limit"] == 5


def test_headers_are_read() -> None:
    node = http_node(
        "/CallFlowApps(12)", "DELETE", **pairs("headers", {"if-match": "={{ $json.etag }}", "X-A": "b"})
    )
    parameters, notes = migrate_http(node)
    assert parameters["If-Match"] == "={{ $json.etag }}"
    assert notes == ("the header X-A was removed",)
    text = '={"Authorization": "Bearer {{ $json.t }}", "If-Match": "W/\\"1\\"", "Accept": "application/json"}'
    node = http_node("/CallFlowApps(12)", "DELETE", specifyHeaders="json", jsonHeaders=text)
    assert migrate_http(node)[0]["If-Match"] == 'W/"1"'
    node = http_node(
        "/Users(7)", "PATCH", **pairs("headers", {"If-Match": "*"}), **json_body('{"Mobile": "1"}')
    )
    assert "If-Match" not in migrate_http(node)[0]


def test_a_form_with_a_file_becomes_an_upload() -> None:
    entry = {"parameterType": "formBinaryData", "name": "file", "inputDataFieldName": "sound"}
    form: dict[str, Any] = {
        "sendBody": True,
        "contentType": "multipart-form-data",
        "bodyParameters": {"parameters": [entry]},
    }
    parameters, _ = migrate_http(http_node("/customPrompts", "POST", **form))
    assert (parameters["operation"], parameters["binaryPropertyName"]) == ("UploadPrompt", "sound")
    old = http_node(
        "/customPrompts", version=1, requestMethod="POST", sendBinaryData=True, jsonParameters=True
    )
    old["parameters"] |= {
        "binaryPropertyName": "file:sound",
        "options": {"bodyContentType": "multipart-form-data"},
    }
    assert migrate_http(old)[0]["binaryPropertyName"] == "sound"


def test_a_choice_of_an_argument_keeps_its_type() -> None:
    url = (
        "/ReportInboundCalls/Pbx.GetInboundCalls(periodFrom=2026-01-01T00:00:00Z,"
        "periodTo=2026-02-01T00:00:00Z,trunkDns='10000',callsType=1)?$top=0&$count=true"
    )
    parameters, _ = migrate_http(http_node(url))
    assert parameters["callsType"] == 1
    # Zero entries and their number: a list as one item can have that.
    assert "$top=0" in dry_run(parameters)["url"]


def test_an_unknown_number_of_an_argument_is_kept() -> None:
    url = (
        "/ReportInboundCalls/Pbx.GetInboundCalls(periodFrom=2026-01-01T00:00:00Z,"
        "periodTo=2026-02-01T00:00:00Z,trunkDns='10000',callsType=9)"
    )
    parameters, _ = migrate_http(http_node(url))
    assert "callsType=9)" in dry_run(parameters)["url"]


def test_settings_and_place_of_the_node_stay() -> None:
    more = {
        "onError": "continueErrorOutput",
        "retryOnFail": True,
        "alwaysOutputData": True,
        "notes": "Ä",
        "disabled": True,
    }
    node = {**http_node("/Users(7)"), **more, "credentials": {"httpHeaderAuth": {"id": "1"}}}
    [new] = json.loads(migrate(flow(node), CATALOG).text)["nodes"]
    assert {name: new[name] for name in more} == more
    assert "credentials" not in new
    own = {**node, "credentials": {"threeCxApi": {"id": "5", "name": "3CX"}}}
    own["parameters"] = {
        **own["parameters"],
        "authentication": "predefinedCredentialType",
        "nodeCredentialType": "threeCxApi",
    }
    [new] = json.loads(migrate(flow(own), CATALOG).text)["nodes"]
    assert new["credentials"] == {"threeCxApi": {"id": "5", "name": "3CX"}}
    tool = {**node, "type": f"{HTTP}Tool", "parameters": {**node["parameters"], "toolDescription": "Reads"}}
    [new] = json.loads(migrate(flow(tool), CATALOG).text)["nodes"]
    assert (new["type"], new["parameters"]["toolDescription"]) == (f"{NEW}Tool", "Reads")


@pytest.mark.parametrize(
    ("node", "words"),
    [
        (http_node("/Usrs"), "no operation of 3CX's API is GET /Usrs"),
        (http_node("/Users(7)", "PUT"), "no operation of 3CX's API is PUT /Users(…)"),
        (http_node("/$metadata"), "no operation"),
        (http_node("/Users/$count"), "no operation"),
        (http_node("/"), "no operation"),
        (http_node("/Users(7)", "={{ $json.method }}"), "the method is an expression"),
        (http_node("/Users(Number=100)"), "Number: a text in a path must be in single quotes"),
        (http_node("/Users(Number=@n)"), "Number: the URL has no parameter @n"),
        (http_node("/Users()"), "no operation"),
        (http_node(f"={PBX}/xapi/v1/{{{{ $json.set }}}}"), "no operation"),
        (
            http_node(f"={PBX}/xapi/v1/Users({{{{ $json.Id }}"),
            "the URL cannot be read: an expression in it is never closed",
        ),
        (http_node(f"={PBX}/xapi/v1/Users?{{{{ $json.q }}}}"), "the name of a query option is an expression"),
        (http_node(f"={PBX}/xapi/v1/{{{{ $json.set }}}}(5)"), "is GET /{{ … }}(…)"),
        (http_node(f"={{{{ $json.next || '{PBX}/xapi/v1/Users' }}}}"), "chooses between several URLs"),
        (
            http_node(
                "/customPrompts", "POST", contentType="multipart-form-data", **pairs("body", {"file": "x"})
            ),
            "expected a form with one file, named file",
        ),
        (http_node("/Users?$apply=x"), "$apply: ListUser has no such query option"),
        (http_node("/Users?$top=many"), "$top: "),
        (
            http_node("/Users(7)", **pairs("query", {"$filter": "a"})),
            "$filter: GetUser does not accept $filter",
        ),
        (
            http_node("/Users(7)", "PATCH", **json_body("={{ $json.body }}")),
            "the body: it is one expression as a whole",
        ),
        (http_node("/Users(7)", "PATCH", **json_body("={{ JSON.stringify({ ...$json }) }}")), "'...$json'"),
        (http_node("/Users(7)", "PATCH", **json_body('{"FirstName": "A')), "the body: it is not valid JSON"),
        (http_node("/Users(7)", "PATCH", **json_body("[1]")), "the body: it is not a JSON object"),
        (
            http_node("/Users(7)", "PATCH", **json_body('={"FirstName": {{ $json.a }}}')),
            "FirstName: its expression is not in",
        ),
        (
            http_node("/Users(7)", "PATCH", **json_body('={"{{ $json.a }}": 1}')),
            "the name of a field is an expression",
        ),
        (
            http_node("/Users(7)", "PATCH", **json_body('{"FirstNam": "A"}')),
            "FirstNam: UpdateUser has no such body field. Did you mean 'FirstName'",
        ),
        (http_node("/Users(7)", "PATCH", **pairs("body", {"Groups[0].GroupId": "1"})), "a name with a path"),
        (
            http_node(
                "/Contacts", "POST", contentType="form-urlencoded", **pairs("body", {"FirstName": "A"})
            ),
            "the body: it is not JSON",
        ),
        (http_node("/Users(7)", "DELETE", **json_body('{"a": 1}')), "a: DeleteUser takes no body"),
        (http_node("/Users(7)", **response(neverError=True)), "Never Error"),
        (http_node("/Users(7)", **response(responseFormat="text")), "returned as text"),
        (
            http_node("/Users(7)", "PATCH", **pairs("headers", {"If-Match": "W/1"})),
            "does not accept this header",
        ),
        (
            http_node("/Users", **pairs("headers", {"Prefer": "odata.maxpagesize=5"})),
            "Prefer: this header changes",
        ),
        (
            http_node(
                "/Users",
                options={"pagination": {"pagination": {"paginationMode": "responseContainsNextURL"}}},
            ),
            "the pagination: it does not follow @odata.nextLink",
        ),
    ],
)
def test_what_cannot_be_read_stays_with_the_reason(node: dict[str, Any], words: str) -> None:
    assert words in problems_of(node)
