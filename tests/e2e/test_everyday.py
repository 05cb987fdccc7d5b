"""The everyday node in a real n8n: fields instead of bodies, tasks, and the entry that the editor loads."""

from __future__ import annotations

import json

from tests.e2e.conftest import Canvas

EVERYDAY = "n8n-nodes-threecx.threeCxPhoneSystem"
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
