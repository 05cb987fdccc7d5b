"""How many single entities a second the simulator gives, on one core, beside a bare Starlette route.

Both servers run in processes of their own under the same server settings, bound to one core where the system
lets us; the client is this process, on another core. It writes requests ahead on a few connections (a client of
Python's would measure itself) and reads the answers in full. The two are measured in turn, several times, and
the medians are compared: what else the machine does meets both.
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

from bench.registry import Row, bench

CONNECTIONS = 8
SECONDS = 1.5
ROUNDS = 5
LEAST_RATIO = 0.4
GETS_A_SECOND = 2_000

Server = tuple[int, bytes]


def _serve_simulator(pipe: Connection, core: int | None) -> None:
    _stay_on(core)
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
    _stay_on(core)
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


def _cores() -> set[int]:
    """The cores that this process may use; empty where the system does not tell."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


def _stay_on(core: int | None) -> None:
    if core is not None:
        os.sched_setaffinity(0, {core})


@contextmanager
def _running(target: Any, core: int | None) -> Iterator[Server]:
    """A server in a process, bound to a core; gives its port and the request to send."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=target, args=(theirs, core), daemon=True)
    process.start()
    try:
        if not ours.poll(30):
            raise RuntimeError("the server did not start")
        yield ours.recv()
    finally:
        ours.send(None)
        process.join(10)
        if process.is_alive():
            process.terminate()


def _requests_a_second(server: Server, seconds: float) -> float:
    """One request at a time on each of some connections."""
    port, request = server
    selector = selectors.DefaultSelector()
    connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS)]
    sizes = {connection: _answer_size(connection, request) for connection in connections}
    missing = dict(sizes)
    for connection in connections:
        connection.setblocking(False)
        selector.register(connection, selectors.EVENT_READ)
        connection.send(request)
    answers, begin = 0, time.perf_counter()
    while (took := time.perf_counter() - begin) < seconds:
        for key, _ in selector.select(1):
            ready: Any = key.fileobj
            missing[ready] -= len(ready.recv(65536))
            if missing[ready] == 0:
                answers += 1
                missing[ready] = sizes[ready]
                ready.send(request)
    for connection in connections:
        connection.close()
    return answers / took


def _answer_size(connection: socket.socket, request: bytes) -> int:
    """Sends one request; all answers to it are as long as the first."""
    connection.sendall(request)
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"the server refuses: {head[:80]!r}")
    lines = head.lower().split(b"\r\n")
    length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:"))
    while len(body) < length:
        body += connection.recv(65536)
    return len(head) + 4 + length


@bench("simulator")
def simulator() -> list[Row]:
    """GETs of one user against GETs of a constant."""
    cores = _cores()
    # With one core alone, server and client share it, and both figures are lower.
    core = max(cores) if cores else None
    if len(cores) > 1:
        os.sched_setaffinity(0, cores - {core})
    try:
        with _running(_serve_simulator, core) as pbx, _running(_serve_bare_route, core) as bare:
            figures: dict[str, list[float]] = {"pbx": [], "bare": []}
            for server in (pbx, bare):
                _requests_a_second(server, 0.5)
            for _ in range(ROUNDS):
                figures["pbx"].append(_requests_a_second(pbx, SECONDS))
                figures["bare"].append(_requests_a_second(bare, SECONDS))
    finally:
        if cores:
            os.sched_setaffinity(0, cores)
    ours, theirs = median(figures["pbx"]), median(figures["bare"])
    fast = ours / theirs >= LEAST_RATIO or ours >= GETS_A_SECOND
    return [
        Row("GETs of one user a second", f"{ours:,.0f}", f"at least {GETS_A_SECOND:,}, or", fast),
        Row("GETs of a bare Starlette route a second", f"{theirs:,.0f}"),
        Row("ratio", f"{ours / theirs:.2f}", f"at least {LEAST_RATIO}", fast),
    ]
