"""Migrate the response of HTTP Request nodes, and their pagination."""

from __future__ import annotations

from typing import Any

import pytest

from tests.n8n.migrate.http_requests import http_node, migrate_http, response


def test_the_response_stays_as_it_was() -> None:
    assert migrate_http(http_node("/Users(7)"))[0]["options"] == {"responseFormat": "body"}
    full = migrate_http(http_node("/Users(7)", **response(fullResponse=True)))[0]
    assert full["options"] == {"responseFormat": "full"}
    url = "/ReportAuditLog/Pbx.DownloadAuditLog(clientTimeZone='UTC')"
    file = migrate_http(http_node(url, **response(responseFormat="file", outputPropertyName="csv")))[0]
    assert file["binaryProperty"] == "csv"
    assert "responseFormat" not in file.get("options", {})


@pytest.mark.parametrize(
    ("pagination", "expected"),
    [
        (
            {
                "paginationMode": "responseContainsNextURL",
                "nextURL": '={{ $response.body["@odata.nextLink"] }}',
                "paginationCompleteWhen": "other",
                "completeExpression": '={{ !$response.body["@odata.nextLink"] }}',
            },
            {"returnAll": True},
        ),
        (
            {
                "parameters": {"parameters": [{"name": "$skip", "value": "={{ $pageCount * 100 }}"}]},
                "paginationCompleteWhen": "other",
                "completeExpression": "={{ $response.body.value.length < 100 }}",
            },
            {"returnAll": True},
        ),
        (
            {
                "parameters": {"parameters": [{"name": "$skip", "value": "={{ $pageCount * 100 }}"}]},
                "limitPagesFetched": True,
                "maxRequests": 3,
            },
            {"limit": 300},
        ),
        ({"paginationMode": "off"}, {"limit": 100}),
    ],
)
def test_pagination_becomes_return_all(pagination: dict[str, Any], expected: dict[str, Any]) -> None:
    node = http_node("/Users?$top=100", options={"pagination": {"pagination": pagination}})
    parameters, _ = migrate_http(node)
    assert {name: parameters[name] for name in ("returnAll", "limit") if name in parameters} == expected
