"""`Options.verify`: a look-up that shows nothing is an error, and never says what would be changed."""

from __future__ import annotations

import httpx
import pytest

from tests.support import FakePbx, run
from threecx_node import Options

PAGE = b"<html><title>Welcome</title></html>"


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, content=PAGE, headers={"content-type": "text/html"}),
        httpx.Response(200, json={}),
        httpx.Response(200, json={"error": {"code": "", "message": "The database is busy."}}),
        httpx.Response(200, content=b'{"Id": 5, "Numb'),
        httpx.Response(404, content=PAGE, headers={"content-type": "text/html"}),
        httpx.Response(500),
    ],
    ids=["page", "empty object", "error", "cut", "404 of a proxy", "500"],
)
def test_a_look_up_without_an_entity_is_an_error(answer: httpx.Response) -> None:
    pbx = FakePbx(
        lambda _: httpx.Response(answer.status_code, content=answer.content, headers=answer.headers)
    )
    options = Options(dry_run=True, verify=True, retry_time=0)
    [result] = run(pbx, "DeleteUser", [{}], {"Id": 5}, options=options).results
    assert result.error is not None
    assert result.error.code != "bug"
    assert result.request is None
    assert {each.method for each in pbx.requests} == {"GET"}


def test_a_moment_in_another_time_zone_does_not_change() -> None:
    stored = {"Id": 5, "ExpiresAt": "2026-01-31T08:00:00Z", "Description": "scanner"}
    pbx = FakePbx(lambda _: httpx.Response(200, json=stored))
    body = {"ExpiresAt": "2026-01-31T09:00:00+01:00", "Description": "a scanner"}
    options = Options(dry_run=True, verify=True)
    [result] = run(pbx, "UpdateBlocklistAddr", [{}], {"Id": 5, "body": body}, options=options).results
    assert result.request is not None
    assert result.request["before"] == {"Description": "scanner"}
    assert result.request["after"] == {"Description": "a scanner"}
