"""The 3CX Trigger where n8n is copied or killed, the executor has lost its subscriptions, and many events wait."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.stored_executions import copying, read_executions
from tests.e2e.trigger_desk import Desk, wait_for
from tools.lab.processes import LabError

AFTER = {"name": "After", "type": "n8n-nodes-base.noOp"}
CALL_EVENTS = ("call.started", "call.ringing", "call.missed", "call.ended")
# Each call has all of these events.
AT_ONCE, BATCHES, KILLED_IN = 8, 3, 1


def show(desk: Desk, subscription: str) -> dict[str, Any]:
    """Return a subscription of the executor."""
    shown: dict[str, Any] = httpx.get(f"{desk.executor.url}/v1/subscriptions/{subscription}").json()
    return shown


def find_subscriptions(desk: Desk, trigger: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the subscriptions of a trigger, in every n8n."""
    return [each for each in desk.subscriptions() if trigger["webhookId"] in each["url"]]


def wait_until_stored(desk: Desk, subscription: str, count: int) -> None:
    """Wait until the executor has stored so many events."""

    def is_stored() -> bool:
        deliveries = show(desk, subscription)["deliveries"]
        return bool(deliveries["pending"] + deliveries["delivered"] >= count)

    wait_for(is_stored)


def wait_until_delivered(desk: Desk, subscription: str) -> None:
    """Wait until nothing is pending; each wait is for the next delivery only, since the machine may be busy."""

    def find_fewer() -> list[int] | None:
        pending = show(desk, subscription)["deliveries"]["pending"]
        return [pending] if pending < left else None

    left = show(desk, subscription)["deliveries"]["pending"]
    while left:
        [left] = wait_for(find_fewer)


def test_a_copy_of_an_n8n_has_a_subscription_of_its_own(desk: Desk, tmp_path: Path) -> None:
    workflow = desk.publish(trigger := desk.trigger(), AFTER)
    [first] = find_subscriptions(desk, trigger)
    with copying(desk.stage, tmp_path) as (copied, copy):
        # The copy has the subscription of the original in its data, and must leave it.
        copy.unpublish(workflow)
        copy.publish(workflow)
        wait_for(lambda: len(find_subscriptions(desk, trigger)) == 2)
        desk.miss_call(to="101")
        desk.items(workflow, 1)
        wait_for(lambda: copy.executions(workflow))

        copy.unpublish(workflow)
        wait_for(lambda: [each["id"] for each in find_subscriptions(desk, trigger)] == [first["id"]])
        desk.miss_call(to="102")
        desk.items(workflow, 2)
        assert [each.event["extension"] for each in read_executions(copied, workflow)] == ["101"]
    assert [each.event["extension"] for each in read_executions(desk.stage.n8n, workflow)] == ["101", "102"]
    desk.unpublish(workflow)


def test_a_killed_n8n_gets_each_event_once_and_in_order(desk: Desk) -> None:
    workflow = desk.publish(trigger := desk.trigger(CALL_EVENTS, simplify=False), AFTER)
    [subscription] = find_subscriptions(desk, trigger)
    wait_for(desk.is_listening)
    for batch in range(BATCHES):
        done = batch * AT_ONCE * len(CALL_EVENTS)
        calls = [desk.pbx.calls.inbound(f"+4930{batch:03}{each:04}", to="101") for each in range(AT_ONCE)]
        # They have started and ring.
        wait_until_stored(desk, subscription["id"], done + 2 * AT_ONCE)
        for each in calls:
            each.hang_up()
        if batch == KILLED_IN:
            # Deliveries are under way.
            desk.stage.n8n.kill()
        wait_until_stored(desk, subscription["id"], done + len(CALL_EVENTS) * AT_ONCE)
    desk.stage.n8n.start()
    wait_until_delivered(desk, subscription["id"])

    # n8n may be killed after it has created an execution, and before it has stored that the trigger knows the event.
    started = read_executions(desk.stage.n8n, workflow)
    events = {each.event["id"]: each.event for each in started}
    assert len(events) == len(CALL_EVENTS) * AT_ONCE * BATCHES
    assert len(started) - len(events) <= 1
    by_call = defaultdict(list)
    for event in events.values():
        by_call[event["call"]["callId"]].append(event["type"])
    assert {tuple(each) for each in by_call.values()} == {CALL_EVENTS}
    desk.unpublish(workflow)


def test_a_test_takes_nothing_from_the_published_workflow(desk: Desk) -> None:
    workflow = desk.publish(trigger := desk.trigger(), AFTER)
    [published] = find_subscriptions(desk, trigger)
    desk.listen(workflow)
    assert len(find_subscriptions(desk, trigger)) == 2
    desk.miss_call(to="101")
    items = desk.items(workflow, 2)
    assert [each["extension"] for each in items] == ["101", "101"]
    wait_for(lambda: len(find_subscriptions(desk, trigger)) == 1)
    assert find_subscriptions(desk, trigger)[0]["id"] == published["id"]
    desk.miss_call(to="102")
    assert desk.items(workflow, 3)[-1]["extension"] == "102"
    desk.unpublish(workflow)


def test_publishing_again_replaces_a_lost_subscription(desk: Desk) -> None:
    workflow = desk.publish(trigger := desk.trigger(), AFTER)
    [lost] = find_subscriptions(desk, trigger)
    httpx.delete(f"{desk.executor.url}/v1/subscriptions/{lost['id']}").raise_for_status()
    desk.client.unpublish(workflow)
    desk.client.publish(workflow)
    [created] = find_subscriptions(desk, trigger)
    assert created["id"] != lost["id"]
    desk.miss_call(to="101")
    desk.items(workflow, 1)
    desk.unpublish(workflow)


def test_a_server_that_is_not_n8n_is_named(desk: Desk) -> None:
    # The executor itself: it knows no such path.
    trigger = desk.trigger(options={"n8nUrl": desk.executor.url})
    workflow = desk.client.create_workflow("Another server", [trigger, AFTER])
    with pytest.raises(LabError, match=r"does not reach n8n at .*: .* answered 404"):
        desk.listen(workflow)
    assert not find_subscriptions(desk, trigger)
