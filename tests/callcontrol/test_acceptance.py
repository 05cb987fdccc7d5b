"""The listener in bad weather: it neither loses nor doubles a call, and its memory does not grow."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from threecx_credentials import Credential, MemoryTokenStore
from threecx_node.callcontrol.call_events import CallEvent
from threecx_node.callcontrol.calls import CallTracker
from threecx_node.callcontrol.client import CallControlClient
from threecx_node.simulator import Simulator
from threecx_node.simulator.calls.handle import CallHandle
from threecx_node.simulator.calls.models import Call, CallError, Change
from threecx_node.simulator.calls.records import describe_call
from threecx_node.transport.retry import RetryPolicy

CALLS, CUTS, KILLS = 200, 30, 5
# Seconds in which the calls begin.
BEGINNING = 10.0
# The steps that end a call, or send it to a mailbox, which the client may not watch.
ENDS = frozenset({"hang_up", "reject", "time_out", "complete_transfer", "divert"})
# So many sockets are lost as soon as they are open.
EARLY = 0.3
FIRST, USERS, QUEUES = 1200, 3 * CALLS, 8
# The waits between attempts are a tenth.
RETRY = RetryPolicy(sleep=lambda seconds: asyncio.sleep(seconds / 10))


def begin_call(pbx: Simulator, index: int, random_: random.Random) -> CallHandle:
    """Begin a call between extensions that no other call uses."""
    calls = pbx.calls
    one, two, three = (str(FIRST + 3 * index + each) for each in range(3))
    outside = f"+4930{index:06d}"
    queue = str(800 + random_.randrange(QUEUES))
    scenarios: list[Callable[[], CallHandle]] = [
        lambda: calls.internal(one, two),
        lambda: calls.outbound(one, outside),
        lambda: calls.inbound(outside, to=one),
        lambda: calls.queue(outside, queue),
        lambda: calls.abandoned(outside, queue),
        lambda: calls.voicemail(outside, one),
        lambda: calls.transfer(outside, one, two),
        lambda: calls.attended_transfer(outside, one, two),
        lambda: calls.divert(outside, one, three),
        lambda: calls.busy(one, two),
        lambda: calls.no_answer(one, two),
        lambda: calls.two_devices(one, two),
    ]
    return random_.choice(scenarios)()


async def play_call(pbx: Simulator, client: CallControlClient, index: int, random_: random.Random) -> None:
    """Play a call from its begin to its end, and let no call end that began while the connection was lost.

    The wire has no replay, so such a call leaves no trace.
    """
    await asyncio.sleep(random_.uniform(0, BEGINNING))
    handle = begin_call(pbx, index, random_)
    began = datetime.now(UTC)
    for step in list(handle.steps):
        await asyncio.sleep(random_.uniform(0.3, 2))
        if step.do in ENDS:
            await until_settled(client, began)
        try:
            handle.step()
        except CallError:
            # For example all agents of the queue are in other calls.
            break
        if step.do == "consult":
            began = datetime.now(UTC)
    await until_settled(client, began)
    pbx.calls.end(handle.id)


async def until_settled(client: CallControlClient, moment: datetime) -> None:
    while client.settled_until <= moment:  # noqa: ASYNC110 (the client has no event for it)
        await asyncio.sleep(0.05)


async def make_weather(pbx: Simulator, client: CallControlClient, random_: random.Random) -> None:
    """Cut the open socket, or end its token, at random moments: some of them before it has its snapshot."""
    strokes = ["cut"] * CUTS + ["kill"] * KILLS
    random_.shuffle(strokes)
    for stroke in strokes:
        is_early = random_.random() < EARLY
        while not (pbx.sockets.count if is_early else client.is_live):  # noqa: ASYNC110 (the client announces it by no event)
            await asyncio.sleep(0.01)
        await asyncio.sleep(0 if is_early else random_.uniform(0, 0.8))
        if stroke == "kill":
            pbx.end_tokens()
        else:
            pbx.sockets.cut()


class Listening:
    """A listener and the tracker that makes calls of its changes; `seen` are the events."""

    def __init__(self, client: CallControlClient) -> None:
        self.seen: list[CallEvent] = []
        self._client = client
        self._tracker = CallTracker(client.pbx)
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._count_time())]

    async def until(self, condition: Callable[[], bool]) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(30):
                while not condition():
                    assert not any(each.done() for each in self._tasks)
                    await asyncio.sleep(0.1)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def count(self, kind: str) -> Counter[int]:
        return Counter(each.call_id for each in self.seen if each.type == kind)

    async def _listen(self) -> None:
        async for change in self._client.events():
            self.seen.extend(self._tracker.feed(change))

    async def _count_time(self) -> None:
        while True:
            await asyncio.sleep(0.2)
            self.seen.extend(self._tracker.advance(self._client.settled_until))


@pytest.mark.slow
def test_no_call_is_lost_or_doubled_in_bad_weather() -> None:
    random_ = random.Random(13)  # noqa: S311 (a test)
    monitored = [str(FIRST + each) for each in range(USERS)] + [
        str(1000 + each) for each in range(20 * QUEUES)
    ]
    monitored += [str(800 + each) for each in range(QUEUES)]
    finished: dict[int, Call] = {}
    recorded: Counter[int] = Counter()

    def record(change: Change) -> None:
        if change.kind == "call_ended":
            finished[change.data.id] = change.data
            recorded[change.data.id] += 1

    async def run(pbx: Simulator) -> Listening:
        credential = Credential.of(pbx.base_url, pbx.client_id, pbx.client_secret)
        async with CallControlClient(credential, retry=RETRY, token_store=MemoryTokenStore()) as client:
            listening = Listening(client)
            pbx.faults.set("entity-slow:30%:400")
            await asyncio.gather(
                make_weather(pbx, client, random_),
                *(play_call(pbx, client, each, random_) for each in range(CALLS)),
            )
            await listening.until(lambda: listening.count("call.ended") == recorded)
            return listening

    with Simulator(seed="large", monitored=monitored) as pbx:
        for number in monitored:
            if not pbx.calls.devices(number):
                pbx.calls.register(number)
        pbx.calls.add_listener(record)
        listening = asyncio.run(run(pbx))
    # An attended transfer is a call more.
    assert len(recorded) >= CALLS
    assert set(recorded.values()) == {1}
    for kind in ("call.started", "call.ended"):
        found = listening.count(kind)
        wrong = (found - recorded) + (recorded - found)
        assert not wrong, json.dumps([(kind, describe_call(finished[each])) for each in wrong])
