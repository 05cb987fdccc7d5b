"""The hub with a simulated PBX and a receiver on loopback."""

from __future__ import annotations

import asyncio
from pathlib import Path

from standardwebhooks import Webhook

from tests.events.hubs import credential_of, running_hub, subscribe, until_connected, until_counted
from tests.events.receiver import receiving
from threecx_node.simulator import Simulator


def test_a_call_becomes_signed_webhooks(tmp_path: Path) -> None:
    async def run(pbx: Simulator) -> None:
        async with receiving() as receiver, running_hub(tmp_path) as hub:
            subscription = subscribe(credential_of(pbx), receiver.url)
            await hub.add(subscription)
            await until_connected(hub)
            call = pbx.calls.inbound("+493012345", to="100")
            await receiver.until(lambda: "call.ringing" in receiver.types)
            call.step()
            await receiver.until(lambda: "call.answered" in receiver.types)
            call.step()
            await receiver.until(lambda: "call.ended" in receiver.types)
            assert receiver.types == ["call.started", "call.ringing", "call.answered", "call.ended"]
            for each in receiver.deliveries:
                document = Webhook(subscription.secret.reveal()).verify(each.body, each.headers)
                assert document == each.document
            await until_counted(hub, subscription, delivered=4)

    with Simulator(monitored=["100"]) as pbx:
        asyncio.run(run(pbx))
