"""Measure the way of an event: from the message of the PBX to the webhook that its receiver gets.

The executor is a real `threecx serve` with its store on disk. Beside it, a loop of aiohttp does the same two requests
for each message, and nothing else: it reads the participant and posts it. PBX, executor and receiver are processes of
their own, on loopback.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
from aiohttp import web

from bench import calling_pbx
from bench.registry import Row, bench

ROUNDS = 3
RATE, CALLS = 20, 100
MOST_RATIO = 3.0
# Four events for each call.
FAST_RATE, FAST_CALLS = 50, 1_000
LIVE = ("call.started", "call.ringing", "call.answered", "call.ended")
LEAST_RATE = 200
# A hub that falls behind is later and later.
MOST_LATE = 1.0
_WAIT = 60.0


@bench("events")
def events() -> list[Row]:
    """Measure the delivery of events, beside a loop that does the same two requests; and a steady stream of them."""
    bare, ours = [], []
    for _ in range(ROUNDS):
        bare.append(median(asyncio.run(_measure_bare())))
        ours.append(median(asyncio.run(_measure_ours())))
    ratio = median(mine / theirs for theirs, mine in zip(bare, ours, strict=True))
    return [
        Row("message to webhook by aiohttp alone, median", f"{median(bare) * 1000:.1f} ms"),
        Row("message to webhook by the executor, median", f"{median(ours) * 1000:.1f} ms"),
        Row("executor / aiohttp, time", f"{ratio:.2f}", f"at most {MOST_RATIO:.0f}", ratio <= MOST_RATIO),
        *_describe_stream(asyncio.run(_stream())),
    ]


def _describe_stream(arrivals: Sequence[tuple[float, dict[str, Any]]]) -> list[Row]:
    wanted = FAST_CALLS * len(LIVE)
    # The end of a call is known two seconds after its last leg, so that ringing shows the rate.
    rings = [(time, document) for time, document in arrivals if document["type"] == "call.ringing"]
    seconds = rings[-1][0] - rings[0][0]
    rate = len(LIVE) * (len(rings) - 1) / seconds
    late = [time - float(document["callerName"]) for time, document in rings[-len(rings) // 3 :]]
    late.sort()
    worst = late[int(len(late) * 0.99)]
    name = f"{FAST_RATE * len(LIVE)} events a second for {FAST_CALLS / FAST_RATE:.0f} s"
    repeats = len(arrivals) - len({document["id"] for _, document in arrivals})
    return [
        Row(
            f"{name}: events delivered, and repeats",
            f"{len(arrivals):,} and {repeats}",
            f"{wanted:,} and 0",
            len(arrivals) == wanted and not repeats,
        ),
        # The PBX begins each call at its time; a share of a percent is the first and the last of them.
        Row(f"{name}: rate", f"{rate:.0f}", f"at least {LEAST_RATE}", rate >= LEAST_RATE * 0.99),
        Row(
            f"{name}: message to webhook in the last third, 99 %",
            f"{worst * 1000:.0f} ms",
            f"at most {MOST_LATE * 1000:.0f}",
            worst <= MOST_LATE,
        ),
    ]


async def _measure_bare() -> list[float]:
    async with _receiving(CALLS) as (url, arrivals, done):
        with calling_pbx.running(RATE, CALLS, is_answered=False) as pbx, _running("bench.events", pbx, url):
            await asyncio.wait_for(done.wait(), _WAIT)
    return [time - float(document["party_caller_name"]) for time, document in arrivals]


async def _measure_ours() -> list[float]:
    arrivals = await _deliver(RATE, CALLS, ["call.ringing"], is_answered=False)
    return [time - float(document["callerName"]) for time, document in arrivals]


async def _stream() -> list[tuple[float, dict[str, Any]]]:
    return await _deliver(FAST_RATE, FAST_CALLS, LIVE, is_answered=True)


async def _deliver(
    rate: float, calls: int, names: Sequence[str], *, is_answered: bool
) -> list[tuple[float, dict[str, Any]]]:
    """Return the webhooks of an executor, with the times at which they came."""
    async with _receiving(calls * len(names)) as (url, arrivals, done):
        with calling_pbx.running(rate, calls, is_answered=is_answered) as pbx, _serving() as executor:
            body = {
                "pbx": {"baseUrl": pbx, "clientId": "bench", "clientSecret": "key"},
                "events": list(names),
                "url": url,
            }
            async with aiohttp.ClientSession() as session:
                async with session.post(f"{executor}/v1/subscriptions", json=body) as response:
                    if response.status != 201:
                        raise RuntimeError(await response.text())
                # The rows say what has not come.
                with suppress(TimeoutError):
                    await asyncio.wait_for(done.wait(), _WAIT)
    return arrivals


@asynccontextmanager
async def _receiving(
    count: int,
) -> AsyncIterator[tuple[str, list[tuple[float, dict[str, Any]]], asyncio.Event]]:
    """Receive webhooks: give the URL, the list of those that came, and an event that is set after `count`."""
    arrivals: list[tuple[float, dict[str, Any]]] = []
    done = asyncio.Event()

    async def receive(request: web.Request) -> web.Response:
        arrivals.append((time.time(), await request.json()))
        if len(arrivals) >= count:
            done.set()
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/", receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/", arrivals, done
    finally:
        await runner.cleanup()


@contextmanager
def _serving() -> Iterator[str]:
    """Run an executor with an empty state folder until the block ends, and give its URL."""
    with tempfile.TemporaryDirectory() as folder:
        command = ("threecx_node.cli", "serve", "--without-key", "--port", "0", "--state-dir", folder)
        environment = {"HOME": folder, "XDG_STATE_HOME": folder, "XDG_CONFIG_HOME": folder}
        log = Path(folder) / "log"
        with log.open("wb") as stderr, _running(*command, stderr=stderr, environment=environment):
            while not (found := _find_url(log.read_text())):
                time.sleep(0.05)
            yield found


def _find_url(log: str) -> str:
    return next((word.rstrip(".,;") for word in log.split() if word.startswith("http://127.0.0.1:")), "")


@contextmanager
def _running(
    module: str, *arguments: str, stderr: Any = None, environment: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Run a Python module in a process until the block ends."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stderr=stderr, env={**os.environ, **(environment or {})}) as process:
        try:
            yield
        finally:
            process.terminate()


async def forward(pbx: str, url: str) -> None:
    """Do the two requests for each message of the PBX, with nothing around them."""
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{pbx}/connect/token") as response:
            headers = {"Authorization": f"Bearer {(await response.json())['access_token']}"}

        async def handle(entity: str) -> None:
            async with session.get(f"{pbx}{entity}", headers=headers) as response:
                participant = await response.json()
            async with session.post(url, json=participant) as response:
                await response.read()

        async with (
            session.ws_connect(f"{pbx}/callcontrol/ws", headers=headers) as socket,
            asyncio.TaskGroup() as tasks,
        ):
            async for message in socket:
                event = json.loads(message.data)["event"]
                if event["event_type"] == 0:
                    tasks.create_task(handle(event["entity"]))


if __name__ == "__main__":
    asyncio.run(forward(sys.argv[1], sys.argv[2]))
