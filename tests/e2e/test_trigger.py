"""The 3CX Trigger in a real n8n: published, started by calls and samples, with every part restarted."""

from __future__ import annotations

import httpx
import pytest

from tests.e2e.trigger_desk import Desk, wait_for
from tools.lab.processes import LabError

FIRST_TYPE = "n8n-nodes-threecx.threeCxTrigger"
AFTER = {"name": "After", "type": "n8n-nodes-base.noOp"}


def test_a_sample_comes_without_a_call(desk: Desk) -> None:
    options = {"sendSample": True}
    workflow = desk.client.create_workflow(
        "A sample", [desk.trigger(["recording.ready"], options=options), AFTER]
    )
    desk.listen(workflow)
    [item] = desk.items(workflow, 1)
    assert (item["type"], item["recording"]["id"] > 0) == ("recording.ready", True)
    wait_for(lambda: not desk.subscriptions())


def test_a_workflow_stored_with_the_first_name_of_the_trigger(desk: Desk) -> None:
    stored = desk.trigger(options={"sendSample": True}) | {"type": FIRST_TYPE}
    workflow = desk.client.create_workflow("Stored", [stored, AFTER])
    desk.listen(workflow)
    [item] = desk.items(workflow, 1)
    assert item["type"] == "call.missed"
    wait_for(lambda: not desk.subscriptions())


def test_nothing_is_lost_or_doubled_when_every_part_is_restarted(desk: Desk) -> None:
    workflow = desk.publish(desk.trigger(), AFTER)
    desk.miss_call(to="101")
    desk.items(workflow, 1)

    desk.executor.kill()
    desk.executor.start()
    desk.miss_call(to="102")
    desk.items(workflow, 2)

    desk.stage.n8n.stop()
    desk.miss_call(to="103")
    delivery = f"{desk.executor.url}/v1/subscriptions/{desk.subscriptions()[0]['id']}"
    wait_for(lambda: httpx.get(delivery).json()["deliveries"]["pending"])
    desk.stage.n8n.start()
    desk.items(workflow, 3)

    desk.restart_pbx()
    desk.miss_call(to="104")
    items = desk.items(workflow, 4)
    assert [each["extension"] for each in items] == ["101", "102", "103", "104"]
    assert len({each["id"] for each in items}) == len(items)
    # An executor that has sent again what was delivered already would have done so by now.
    assert httpx.get(delivery).json()["deliveries"] | {"dropped": 0} == {
        "pending": 0, "delivered": 4, "failed": 0, "dropped": 0,
    }  # fmt: skip
    assert len(desk.client.executions(workflow)) == 4
    desk.unpublish(workflow)


def test_a_forged_event_starts_nothing(desk: Desk) -> None:
    workflow = desk.publish(trigger := desk.trigger(), AFTER)
    [subscription] = [each for each in desk.subscriptions() if trigger["webhookId"] in each["url"]]
    event = {"id": "forged", "type": "call.missed", "time": "2026-03-01T08:00:00.000Z"}
    headers = {"webhook-id": "evt_1", "webhook-timestamp": "1772352000", "webhook-signature": "v1,AAAA"}
    refused = httpx.post(subscription["url"], json=event, headers=headers)
    assert (refused.status_code, refused.json()["message"]) == (
        401,
        "The signature of the delivery is not valid",
    )
    assert httpx.post(subscription["url"], json=event).status_code == 401
    assert desk.client.executions(workflow) == []
    desk.unpublish(workflow)


def test_an_unreachable_n8n_is_named_before_the_first_call(desk: Desk) -> None:
    trigger = desk.trigger(options={"n8nUrl": "http://127.0.0.1:9"})
    workflow = desk.client.create_workflow("Unreachable", [trigger, AFTER])
    # As when it is published, but n8n does not try that several times.
    with pytest.raises(LabError, match=r"does not reach n8n at http://127\.0\.0\.1:9"):
        desk.listen(workflow)
    assert not [each for each in desk.subscriptions() if trigger["webhookId"] in each["url"]]
