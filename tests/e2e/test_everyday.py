"""The everyday node in a real n8n: fields instead of bodies, tasks, and the entry that the editor loads."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.conftest import Canvas

EVERYDAY = "n8n-nodes-threecx.threeCxPhoneSystem"
ADMIN = "n8n-nodes-threecx.threeCx"
USER = {"__rl": True, "mode": "number", "value": "100"}


def test_update_sends_what_was_filled_in(canvas: Canvas) -> None:
    parameters = {
        "resource": "Users",
        "Id": USER,
        "FirstName": "={{ 'Ada' }}",
        "LastName": "",
        "voicemailFields": {"VMEnabled": True},
    }
    done = canvas.run(canvas.node("UpdateUser", parameters) | {"type": EVERYDAY})
    assert done.status == "success", done.node_error("3CX")
    patch = next(each for each in reversed(canvas.stage.pbx.requests) if each.method == "PATCH")
    assert patch.json() == {"FirstName": "Ada", "VMEnabled": True}


def test_task(canvas: Canvas) -> None:
    parameters = {"resource": "Users", "user": USER, "status": "away"}
    done = canvas.run(canvas.node("SetUserStatus", parameters) | {"type": EVERYDAY})
    [item] = done.items("3CX")
    assert (item["json"]["user"], item["json"]["status"]) == ("100", "Away"), done.error


def test_n8n_finds_the_output_schemas(canvas: Canvas) -> None:
    """It looks for them at a place of its own, beside the code of the node."""
    client = canvas.stage.client
    assert "calledNumber" in client.output_schema(EVERYDAY, "ReportCallLogData", "ListCalls")["properties"]
    assert "call" in client.output_schema(EVERYDAY, "CallControl", "AnswerParticipant")["properties"]
    assert "DisplayName" in client.output_schema(ADMIN, "Users", "ListUser")["properties"]


def test_create_or_update_finds_by_the_chosen_fields(canvas: Canvas) -> None:
    def upsert(fields: dict[str, str], chosen: str) -> dict[str, Any]:
        body = {"mappingMode": "defineBelow", "value": fields, "matchingColumns": [chosen]}
        node = canvas.node("UpsertContact", {"resource": "Contacts", "body": body}) | {"type": EVERYDAY}
        done = canvas.run(node)
        assert done.status == "success", done.node_error("3CX")
        [item] = done.items("3CX")
        found: dict[str, Any] = item["json"]
        return found

    # The editor names the fields that can match as it displays them, a workflow as the API does.
    person = {"First Name": "Grace", "Email": "grace.hopper@example.com", "Phone Number": "+49 30 5559 1"}
    assert upsert(person, "Phone Number")["action"] == "created"
    again = upsert({"Email": "Grace.Hopper@example.com", "PhoneNumber": "+49 30 5559 2"}, "Email")
    assert (again["action"], again["FirstName"], again["changed"]) == ("updated", "Grace", ["PhoneNumber"])


def test_size_of_the_entries(canvas: Canvas) -> None:
    limits = {
        "threeCxPhoneSystem": 100,
        "threeCx": 250,
        "threeCxPhoneSystemTrigger": 30,
        "threeCxTrigger": 30,
    }
    for name, kilobytes in limits.items():
        entry = canvas.stage.client.node_type(f"n8n-nodes-threecx.{name}")
        assert len(json.dumps(entry, separators=(",", ":"))) < kilobytes * 1000, name
