"""A mixed load on a running service, with callers that leave and a PBX that has faults now and then."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.reliability.faults import FAULTS, Fault, Wire
from tests.reliability.hostile import read_request
from tests.reliability.pbx import Pbx, Request, response
from tests.reliability.threads import serving_in_thread

TIMEOUT = 1.0
NDJSON = {"accept": "application/x-ndjson"}
_ROWS = 250
_FAULT_RATE = 0.02
_TIMED_RATE = 0.05
_LEFT_OUT = ("endless 1xx, done", "huge answer, done", "connection refused")
_SOME: tuple[Fault, ...] = tuple(
    each
    for each in FAULTS
    if each.where == "request" and each.name not in _LEFT_OUT and "401" not in each.name
)
_TIMED = tuple(each for each in _SOME if each.is_timed)
_QUICK = tuple(each for each in _SOME if not each.is_timed)


@dataclass
class SoakPbx:
    """A fast PBX in a thread of its own. About one request in fifty meets a fault; effects are counted."""

    effects: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    port: int = 0
    _random: random.Random = field(default_factory=lambda: random.Random(12))  # noqa: S311 (faults)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _page: bytes = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        self._open.add(writer)
        wire = Wire(reader, writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            try:
                while await self._answer(wire):
                    pass
            finally:
                self._open.discard(writer)
                writer.close()

    async def _answer(self, wire: Wire) -> bool:
        request = await read_request(wire.reader)
        self.requests += 1
        if request.path == "/connect/token":
            await wire.send(Pbx().log_in())
            return True
        fault = self._choose_fault(request)
        if fault is None:
            await wire.send(self._carry_out(request))
            return True
        await fault.send(wire, self._carry_out(request) if fault.does_work else response(204))
        return False

    def _choose_fault(self, request: Request) -> Fault | None:
        if self._random.random() >= _FAULT_RATE:
            return None
        # The client waits for the end of its time limit, which is a minute for a check.
        is_check = request.path in ("/Defs", "/callcontrol") or request.query.get("$top") == "1"
        kinds = _TIMED if self._random.random() < _TIMED_RATE and not is_check else _QUICK
        return self._random.choice(kinds)

    def _carry_out(self, request: Request) -> bytes:
        if request.method == "GET" and request.path == "/Users":
            skip = int(request.query.get("$skip", "0"))
            rows = [{"Id": key, "Number": str(key)} for key in range(skip, min(skip + 100, _ROWS))]
            return response(200, json.dumps({"@odata.count": _ROWS, "value": rows}).encode())
        if request.method == "GET":
            return response(200, b'{"value": [{"Id": 1}]}' if request.path == "/Defs" else b'{"Id": 1}')
        if request.method == "POST":
            contact = json.loads(request.body)
            self.effects[contact["FirstName"]] += 1
            return response(201, json.dumps(contact | {"Id": len(self.effects)}).encode())
        return response(204)

    def close_connections(self) -> None:
        """Close all connections, as a PBX that ends."""
        for writer in list(self._open):
            writer.close()


@contextmanager
def soak_pbx() -> Iterator[tuple[SoakPbx, Callable[[], object]]]:
    """Yield a running PBX, and a function that closes all its connections."""
    pbx = SoakPbx()
    with serving_in_thread(pbx.serve) as (port, loop):
        pbx.port = port
        yield pbx, lambda: loop.call_soon_threadsafe(pbx.close_connections)


@dataclass
class Load:
    """Callers of a service. `said` counts outcomes; `lies` are results that differ from the effects at the PBX."""

    url: str
    pbx: SoakPbx
    said: Counter[str] = field(default_factory=Counter)
    lies: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def run(self, seconds: float, watch: Callable[[], Coroutine[None, None, None]]) -> None:
        """Run all callers for this time, and `watch` beside them."""
        end = asyncio.get_running_loop().time() + seconds
        limits = httpx.Limits(max_connections=30)
        async with httpx.AsyncClient(base_url=self.url, timeout=60, limits=limits) as client:
            kinds = (
                self._create,
                self._create,
                self._delete,
                self._list,
                self._leave,
                self._drop,
                self._check,
            )

            async def repeat(kind: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
                while asyncio.get_running_loop().time() < end:
                    await kind(client)

            async with asyncio.TaskGroup() as group:
                for kind in kinds:
                    group.create_task(repeat(kind))
                watching = asyncio.create_task(watch())
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    def _batch(self, operation: str, parameters: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
        pbx = {
            "baseUrl": f"http://127.0.0.1:{self.pbx.port}",
            "clientId": "workflow",
            "clientSecret": "s3cr3t-key",
        }
        options = {"continueOnFail": True, "timeout": TIMEOUT, **options}
        items = [{"parameters": each} for each in parameters]
        return {"operation": operation, "items": items, "options": options, "pbx": pbx}

    async def _create(self, client: httpx.AsyncClient) -> None:
        names = [f"New {next(self._numbers)}" for _ in range(20)]
        body = self._batch("CreateContact", [{"FirstName": name, "LastName": "Person"} for name in names])
        answer = await client.post("/v1/execute", json=body)
        for name, result in zip(names, answer.json()["results"], strict=True):
            error = result.get("error", {})
            outcome = error.get("outcome") or error.get("code") or "done"
            self.said[outcome] += 1
            effects = self.pbx.effects.pop(name, 0)
            if effects > 1 or (outcome != "unknown" and effects != (outcome == "done")):
                self.lies.append(f"{name}: {outcome}, carried out {effects} times: {error.get('message')}")

    async def _delete(self, client: httpx.AsyncClient) -> None:
        answer = await client.post("/v1/execute", json=self._deletes(50))
        self.said["deletes"] += len(answer.json()["results"])

    def _deletes(self, number: int) -> dict[str, Any]:
        return self._batch("DeleteCallFlowApp", [{"Id": next(self._numbers)} for _ in range(number)])

    async def _list(self, client: httpx.AsyncClient) -> None:
        body = self._batch("ListUser", [{"returnAll": True}], pages=True)
        async with client.stream("POST", "/v1/execute", json=body, headers=NDJSON) as answer:
            lines = [json.loads(line) async for line in answer.aiter_lines() if line.strip()]
        rows = [each["json"]["Id"] for line in lines for each in line.get("items") or ()]
        if rows != list(range(len(rows))) or (
            len(rows) != _ROWS and not any("error" in each for each in lines)
        ):
            self.lies.append(f"a list with {len(rows)} rows: {rows[:5]}")
        self.said["lists"] += 1

    async def _leave(self, client: httpx.AsyncClient) -> None:
        """Read the first results of a batch, and leave."""
        async with client.stream("POST", "/v1/execute", json=self._deletes(200), headers=NDJSON) as answer:
            async for _ in answer.aiter_lines():
                break
        self.said["left"] += 1

    async def _drop(self, client: httpx.AsyncClient) -> None:
        """Leave in the middle of the request, or before the response."""
        body = json.dumps(self._deletes(20)).encode()
        part = body if self.said["dropped"] % 2 else body[:100]
        url = client.base_url
        reader, writer = await asyncio.open_connection(url.host, url.port)
        head = f"POST /v1/execute HTTP/1.1\r\nHost: {url.host}:{url.port}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + part)
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.close()
        del reader
        self.said["dropped"] += 1

    async def _check(self, client: httpx.AsyncClient) -> None:
        answer = await client.post("/v1/check", json={"pbx": self._batch("", [])["pbx"]})
        self.said["checks" if answer.status_code == 200 else f"check {answer.status_code}"] += 1
        await asyncio.sleep(0.1)
