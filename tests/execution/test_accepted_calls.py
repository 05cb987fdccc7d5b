"""Actions on calls that 3CX accepts without a body: successes of which nothing more is known."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support import FakePbx, run


@pytest.mark.parametrize("status", [202, 204])
@pytest.mark.parametrize("operation", ["AnswerParticipant", "DropParticipant", "PlaceCall"])
def test_a_request_that_was_accepted_is_a_success(status: int, operation: str) -> None:
    fake = FakePbx(lambda _: httpx.Response(status))
    given: dict[str, Any] = {"dn": "100", "participantId": 7}
    if operation == "PlaceCall":
        given = {"dn": "100", "deviceId": "sip:1", "destination": "115", "waitFor": "nothing"}
    [result] = run(fake, operation, [{}], given).results
    [item] = result.items or []
    assert (item["json"]["finalStatus"], item["json"]["status"], item["json"]["reason"]) == (
        "success",
        "",
        "",
    )
    assert len(fake.requests) == 1


@pytest.mark.parametrize("status", [202, 204])
def test_a_call_that_was_accepted_is_looked_for(status: int) -> None:
    leg = {"id": 7, "dn": "100", "status": "Connected", "callid": 5, "legid": 1, "party_dn": "101"}

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=[leg]) if request.method == "GET" else httpx.Response(status)

    fake = FakePbx(answer)
    given = {"dn": "100", "deviceId": "sip:1", "destination": "101", "waitFor": "answered"}
    [result] = run(fake, "PlaceCall", [{}], given).results
    [item] = result.items or []
    found = item["json"]
    assert (found["participantId"], found["status"], found["finalStatus"]) == (7, "Connected", "success")
    assert [each.method for each in fake.requests].count("POST") == 1
