"""Measure how many single entities per second the simulator serves on one core, beside a bare Starlette route.

Both servers run in their own processes with the same server settings, bound to one core if the system allows it; the
client is this process, on the other cores. It sends prepared requests on a few connections (a Python HTTP client
would measure itself) and reads the responses in full. Both servers are measured in turn, several times, and the
medians are compared, so that other load of the machine affects both.
"""

from __future__ import annotations

import multiprocessing
import os
import selectors
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from statistics import median
from typing import Any

from bench.cores import separate_cores
from bench.registry import Row, bench

CONNECTIONS = 8
SECONDS = 1.5
ROUNDS = 5
LEAST_RATIO = 0.4
GETS_A_SECOND = 2_000

Server = tuple[int, bytes]


def _serve_simulator(pipe: Connection, core: int | None) -> None:
    _bind_to(core)
    from threecx_node.simulator import Simulator

    with Simulator() as pbx:
        user = pbx.state.entities("Users")[5]["Id"]
        head = (
            f"GET /xapi/v1/Users({user}) HTTP/1.1\r\nHost: localhost:{pbx.ports[0]}\r\nAccept: application/json\r\n"
            f"Authorization: Bearer {pbx.token()}\r\n\r\n"
        )
        pipe.send((pbx.ports[0], head.encode()))
        pipe.recv()


def _serve_bare_route(pipe: Connection, core: int | None) -> None:
    _bind_to(core)
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    from threecx_node.server.listener import open_sockets
    from threecx_node.server.thread import ServerThread
    from threecx_node.simulator.http.server_config import make_config

    async def constant(_request: Request) -> JSONResponse:
        return JSONResponse({"Id": 5})

    sockets = open_sockets("127.0.0.1", [0])
    app: Any = Starlette(routes=[Route("/constant", constant)])
    server = ServerThread([(make_config(app), sockets)], name="bare-route")
    port = sockets[0].getsockname()[1]
    head = f"GET /constant HTTP/1.1\r\nHost: localhost:{port}\r\nAccept: application/json\r\n\r\n"
    pipe.send((port, head.encode()))
    pipe.recv()
    server.stop()


def _bind_to(core: int | None) -> None:
    if core is not None:
        os.sched_setaffinity(0, {core})


@contextmanager
def _running(target: Any, core: int | None) -> Iterator[Server]:
    """Run a server in a process, bound to a core; give its port and the request to send."""
    context = multiprocessing.get_context("spawn")
    pipe, child_pipe = context.Pipe()
    process = context.Process(target=target, args=(child_pipe, core), daemon=True)
    process.start()
    try:
        if not pipe.poll(30):
            raise RuntimeError("the server did not start")
        yield pipe.recv()
    finally:
        pipe.send(None)
        process.join(10)
        if process.is_alive():
            process.terminate()


def _measure_rate(server: Server, seconds: float) -> float:
    """Return the rate of requests, sent one at a time on each of several connections."""
    port, request = server
    selector = selectors.DefaultSelector()
    connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS)]
    sizes = {connection: _read_response_size(connection, request) for connection in connections}
    missing = dict(sizes)
    for connection in connections:
        connection.setblocking(False)
        selector.register(connection, selectors.EVENT_READ)
        connection.send(request)
    responses, begin = 0, time.perf_counter()
    while (took := time.perf_counter() - begin) < seconds:
        for key, _ in selector.select(1):
            ready: Any = key.fileobj
            missing[ready] -= len(ready.recv(65536))
            if missing[ready] == 0:
                responses += 1
                missing[ready] = sizes[ready]
                ready.send(request)
    for connection in connections:
        connection.close()
    return responses / took


def _read_response_size(connection: socket.socket, request: bytes) -> int:
    """Send a request and return the size of its response; all responses have the same size."""
    connection.sendall(request)
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"the server returned an error: {head[:80]!r}")
    lines = head.lower().split(b"\r\n")
    length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:"))
    while len(body) < length:
        body += connection.recv(65536)
    return len(head) + 4 + length


@bench("simulator")
def simulator() -> list[Row]:
    """Return the rate of GETs of one user beside GETs of a constant."""
    with (
        separate_cores() as core,
        _running(_serve_simulator, core) as pbx,
        _running(_serve_bare_route, core) as bare,
    ):
        figures: dict[str, list[float]] = {"pbx": [], "bare": []}
        for server in (pbx, bare):
            _measure_rate(server, 0.5)
        for _ in range(ROUNDS):
            figures["pbx"].append(_measure_rate(pbx, SECONDS))
            figures["bare"].append(_measure_rate(bare, SECONDS))
    simulated, bare_route = median(figures["pbx"]), median(figures["bare"])
    is_fast = simulated / bare_route >= LEAST_RATIO or simulated >= GETS_A_SECOND
    return [
        Row("GETs of one user per second", f"{simulated:,.0f}", f"at least {GETS_A_SECOND:,}, or", is_fast),
        Row("GETs of a bare Starlette route per second", f"{bare_route:,.0f}"),
        Row("ratio", f"{simulated / bare_route:.2f}", f"at least {LEAST_RATIO}", is_fast),
    ]
