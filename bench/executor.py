"""What the executor adds to the requests it sends, and how fast the pure stages before them are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from statistics import median
from typing import Any

import aiohttp

from bench.registry import Row, bench
from threecx_credentials import Credential
from threecx_node.catalog import load_catalog
from threecx_node.execution.executor import Executor, Options
from threecx_node.expressions.evaluate import evaluate_batch
from threecx_node.messages import RequestValues
from threecx_node.request.build import RequestBuilder
from threecx_node.simulator import Simulator

ITEMS = 1_000
ROUNDS = 5
AT_ONCE = 8
LEAST_RATIO = 0.8
PURE = 20_000


@bench("executor")
def executor() -> list[Row]:
    """A thousand reads through the executor beside the same reads by its HTTP client alone."""
    with Simulator() as pbx:
        bare, ours = asyncio.run(_reads(pbx))
    ratio = bare / ours
    return [
        Row("1,000 reads by the HTTP client alone, 8 at once", f"{ITEMS / bare:,.0f} a second"),
        Row("1,000 items through the executor", f"{ITEMS / ours:,.0f} a second"),
        Row("ratio", f"{ratio:.2f}", f"at least {LEAST_RATIO}", ratio >= LEAST_RATIO),
    ]


async def _reads(pbx: Simulator) -> tuple[float, float]:
    """Median seconds of both ways, measured in turn against one simulator."""
    user = pbx.state.entities("Users")[3]["Id"]
    items = [{"Id": user}] * ITEMS
    credential = Credential.of(pbx.base_url, pbx.client_id, pbx.client_secret)
    bare: list[float] = []
    ours: list[float] = []
    async with Executor(credential) as runner, aiohttp.ClientSession() as client:

        async def through_the_executor() -> None:
            batch = await runner.run("GetUser", items, {"Id": "={{ $json.Id }}"}, options=Options())
            if batch.exit_code:
                raise RuntimeError(batch.summary())

        async def alone() -> None:
            form = {
                "grant_type": "client_credentials",
                "client_id": pbx.client_id,
                "client_secret": pbx.client_secret,
            }
            async with client.post(f"{pbx.base_url}/connect/token", data=form) as response:
                answer = await response.json()
            headers = {"authorization": f"Bearer {answer['access_token']}"}
            left = iter(range(ITEMS))

            async def worker() -> None:
                for _ in left:
                    async with client.get(f"{pbx.base_url}/xapi/v1/Users({user})", headers=headers) as got:
                        got.raise_for_status()
                        await got.json()

            await asyncio.gather(*(worker() for _ in range(AT_ONCE)))

        await alone()
        await through_the_executor()
        for _ in range(ROUNDS):
            bare.append(await _seconds(alone))
            ours.append(await _seconds(through_the_executor))
    return median(bare), median(ours)


async def _seconds(run: Callable[[], Awaitable[None]]) -> float:
    begin = time.perf_counter()
    await run()
    return time.perf_counter() - begin


@bench("stages")
def stages() -> list[Row]:
    """The pure stages, on one core."""
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
    return Row(what, f"{count / median(times):,.0f} a second")
