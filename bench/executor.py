"""Measure the executor: deletes beside the same deletes by aiohttp alone, and the stages that send nothing.

The server answers in a process of its own. On a machine with several cores it is bound to one, and the client to the
others, so that they do not take turns on one. Both ways are measured in turn, and the ratio is the median of the
ratios of adjacent rounds: other work on the machine affects both.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import aiohttp

from bench import fast_pbx
from bench.cores import separate_cores
from bench.registry import Row, bench
from threecx_credentials import Credential
from threecx_node.catalog import load_catalog
from threecx_node.execution.executor import Executor, Options
from threecx_node.expressions.evaluate import evaluate_batch
from threecx_node.messages import RequestValues
from threecx_node.request.build import RequestBuilder

ITEMS = 2_000
ROUNDS = 9
CONNECTIONS = 8
LEAST_RATIO = 0.6
MOST_CPU = 1.8
DISTANT_ITEMS = 1_600
DISTANT_ROUNDS = 3
DISTANT_CONNECTIONS = 16
LATENCY = 0.020
LEAST_OF_LIMIT = 0.9
PURE = 20_000


@dataclass(frozen=True, slots=True)
class Cost:
    """The wall clock and CPU time of a run in this process, in seconds."""

    wall: float
    cpu: float


@bench("deletes")
def deletes() -> list[Row]:
    """Measure deletes by the executor and by aiohttp alone, without latency and with some."""
    with separate_cores() as server_core, fast_pbx.running(core=server_core) as url:
        bare, ours = asyncio.run(_compare(url, ITEMS, CONNECTIONS, ROUNDS))
    with separate_cores() as server_core, fast_pbx.running(LATENCY, core=server_core) as url:
        distant_bare, distant_ours = asyncio.run(
            _compare(url, DISTANT_ITEMS, DISTANT_CONNECTIONS, DISTANT_ROUNDS)
        )
    speed = median(theirs.wall / mine.wall for theirs, mine in zip(bare, ours, strict=True))
    cpu = median(mine.cpu / theirs.cpu for theirs, mine in zip(bare, ours, strict=True))
    limit = DISTANT_CONNECTIONS / LATENCY
    share = median(_rate_of(DISTANT_ITEMS, distant_ours)) / limit
    bare_share = median(_rate_of(DISTANT_ITEMS, distant_bare)) / limit
    distant = f"at {LATENCY * 1000:.0f} ms, {DISTANT_CONNECTIONS} connections"
    return [
        Row(f"deletes by aiohttp alone, {CONNECTIONS} connections", _describe(ITEMS, bare)),
        Row(f"deletes by the executor, {CONNECTIONS} connections", _describe(ITEMS, ours)),
        Row(
            "executor / aiohttp, deletes per second",
            f"{speed:.2f}",
            f"at least {LEAST_RATIO}",
            speed >= LEAST_RATIO,
        ),
        Row("executor / aiohttp, CPU per delete", f"{cpu:.2f}", f"at most {MOST_CPU}", cpu <= MOST_CPU),
        Row(f"deletes by aiohttp alone, {distant}", f"{bare_share:.2f} of {limit:,.0f} per second"),
        Row(
            f"deletes by the executor, {distant}",
            f"{share:.2f} of {limit:,.0f} per second",
            f"at least {LEAST_OF_LIMIT}",
            share >= LEAST_OF_LIMIT,
        ),
    ]


def _rate_of(count: int, costs: list[Cost]) -> list[float]:
    return [count / cost.wall for cost in costs]


def _describe(count: int, costs: list[Cost]) -> str:
    rate = median(_rate_of(count, costs))
    return f"{rate:,.0f} per second, {median(cost.cpu for cost in costs) / count * 1e6:.0f} µs of CPU each"


async def _compare(url: str, count: int, connections: int, rounds: int) -> tuple[list[Cost], list[Cost]]:
    """Delete `count` entities both ways in turn, and return the costs of each round."""
    items = [{"Id": number} for number in range(count)]
    options = Options(concurrency=connections)
    async with Executor(Credential.of(url, "bench", "key"), connections=connections) as executor:

        async def run_executor() -> None:
            batch = await executor.run("DeleteCallFlowApp", items, {"Id": "={{ $json.Id }}"}, options=options)
            if batch.exit_code:
                raise RuntimeError(batch.summary())

        async def run_aiohttp() -> None:
            await _delete_with_aiohttp(url, count, connections)

        bare, ours = [], []
        for number in range(rounds + 1):
            costs = await _measure(run_aiohttp), await _measure(run_executor)
            # The first round opens connections and fills caches.
            if number:
                bare.append(costs[0])
                ours.append(costs[1])
    return bare, ours


async def _delete_with_aiohttp(url: str, count: int, connections: int) -> None:
    numbers = iter(range(count))
    headers = {"Authorization": "Bearer x"}
    async with aiohttp.ClientSession() as session:

        async def work() -> None:
            for number in numbers:
                async with session.delete(
                    f"{url}/xapi/v1/CallFlowApps({number})", headers=headers
                ) as response:
                    await response.read()

        await asyncio.gather(*(work() for _ in range(connections)))


async def _measure(run: Callable[[], Awaitable[None]]) -> Cost:
    wall, cpu = time.perf_counter(), time.process_time()
    await run()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)


@bench("stages")
def stages() -> list[Row]:
    """Measure the stages that send nothing, on one core."""
    catalog = load_catalog()
    delete = RequestBuilder(catalog, catalog.operation("DeleteCallFlowApp"))
    update = RequestBuilder(catalog, catalog.operation("UpdateUser"))
    items: list[dict[str, Any]] = [{"Id": number} for number in range(PURE)]
    key = RequestValues({"Id": 12}, {}, 'W/"1"')
    body = RequestValues({"Id": 12}, {}, None, {"FirstName": "Ada"})
    return [
        _rate("expression ={{ $json.Id }}", lambda: evaluate_batch("={{ $json.Id }}", items), PURE),
        _rate(
            "expression in V8, ={{ $json.Id * 2 }}",
            lambda: evaluate_batch("={{ $json.Id * 2 }}", items),
            PURE,
        ),
        _rate("requests with a key and If-Match", lambda: [delete.build(key) for _ in range(PURE)], PURE),
        _rate("requests with a validated body", lambda: [update.build(body) for _ in range(2_000)], 2_000),
    ]


def _rate(what: str, run: Callable[[], object], count: int) -> Row:
    run()
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return Row(what, f"{count / median(times):,.0f} per second")
