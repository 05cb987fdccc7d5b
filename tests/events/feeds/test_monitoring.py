"""Live events come from monitored numbers only: a subscription says which of its extensions are not."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.events.hubs import credential_of, running_hub, subscribe, until_connected
from threecx_node.events.feeds.monitoring import describe_unmonitored
from threecx_node.events.model.filters import EventFilter
from threecx_node.events.model.status import FeedProblem
from threecx_node.simulator import Simulator

LIVE = ("call.missed", "trunk.down")


def problem(*, message: str, is_final: bool) -> FeedProblem:
    [found] = describe_unmonitored(frozenset({"900"}), ["call.missed"], ())
    return replace(found, message=message, is_final=is_final)


@pytest.mark.parametrize(
    ("monitored", "extensions", "message", "is_final"),
    [
        ({"900", "100"}, ("105",), "the client does not monitor 105", True),
        ({"900", "100"}, ("100", "105", "106"), "the client does not monitor 105, 106", False),
        ({"900"}, (), "the client monitors no extension", False),
        (
            {"900", "1"},
            tuple("abcdefghijk"),
            "the client does not monitor a, b, c, d, e, f, g, h, i, j and 1 more",
            True,
        ),
    ],
)  # fmt: skip
def test_what_is_not_monitored(
    monitored: set[str], extensions: tuple[str, ...], message: str, is_final: bool
) -> None:
    [found] = describe_unmonitored(frozenset(monitored), LIVE, extensions)
    assert found == problem(message=message, is_final=is_final)
    assert found.events == ("call.missed",)


def test_no_problem() -> None:
    assert describe_unmonitored(frozenset({"900", "100"}), LIVE, ("100",)) == ()
    assert describe_unmonitored(frozenset({"900", "100"}), LIVE, ()) == ()
    assert describe_unmonitored(frozenset({"900"}), ("trunk.down",), ("100",)) == ()
    assert describe_unmonitored(None, LIVE, ("100",)) == ()


def test_a_hub_reports_it_before_and_after(tmp_path: Path) -> None:
    async def run(pbx: Simulator) -> None:
        credential = credential_of(pbx)
        missing = problem(message="the client does not monitor 101", is_final=False)
        async with running_hub(tmp_path) as hub:
            checked = await hub.check(credential, frozenset({"call.missed"}), ("100", "101"))
            assert checked == (missing,)
            assert await hub.check(credential, frozenset({"call.missed"}), ("100",)) == ()
            chosen = EventFilter(extensions=("100", "101"))
            subscription = subscribe(credential, "http://127.0.0.1:9/", "call.missed", filter=chosen)
            await hub.add(subscription)
            await until_connected(hub)
            async with asyncio.timeout(30):
                while True:
                    if missing in (await hub.describe(subscription)).problems:
                        return
                    await asyncio.sleep(0.02)

    with Simulator(monitored=["100"]) as pbx:
        asyncio.run(run(pbx))
