"""A service with events, callers of it, and receivers of its webhooks."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

import httpx

from tests.service.conftest import serving
from threecx_credentials import Credential
from threecx_node.events.store.open_store import open_event_store
from threecx_node.simulator import Simulator

NDJSON = {"accept": "application/x-ndjson"}
PROFILE = {"profile": "office"}
OUTSIDE = "+493012345678"


def profiles_of(pbx: Simulator) -> dict[str, Credential]:
    return {"office": Credential.of(pbx.base_url, pbx.client_id, pbx.client_secret)}


@contextmanager
def serving_events(folder: Path, pbx: Simulator, **options: Any) -> Iterator[httpx.Client]:
    """A client of a service with events of `pbx`, which is its profile `office`."""
    store = open_event_store(folder, print)
    with serving(**{"events": store, "profiles": profiles_of(pbx), "heartbeat": 0.2, **options}) as client:
        yield client


class Receiver:
    """Receives webhooks on loopback: their headers and documents in a queue, and all headers in `seen`.

    It answers with `status`, as long as `release` is set.
    """

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        self.status = 204
        self.location = ""
        self.got: Queue[tuple[dict[str, str], bytes]] = Queue()
        self.seen: list[dict[str, str]] = []
        self.release = threading.Event()
        self.release.set()

    def take(self) -> dict[str, Any]:
        """Return the next document."""
        document: dict[str, Any] = json.loads(self.got.get(timeout=30)[1])
        return document


@contextmanager
def receiving() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.seen.append(headers)
            receiver.got.put((headers, body))
            receiver.release.wait(60)
            with suppress(OSError):
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.send_header("Location", receiver.location)
                self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(server)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join(10)


def wish(url: str, *events: str, **more: Any) -> dict[str, Any]:
    """The body of a subscription."""
    return {"pbx": PROFILE, "events": list(events or ["call.missed"]), "url": url, **more}


def subscribe(client: httpx.Client, url: str, *events: str, **more: Any) -> dict[str, Any]:
    made = client.post("/v1/subscriptions", json=wish(url, *events, **more))
    assert made.status_code == 201, made.text
    document: dict[str, Any] = made.json()
    return document


class Reader:
    """Reads a stream of events line by line."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.iter_lines()

    def take(self, *, event: bool = True) -> dict[str, Any]:
        """Return the next document, or the next event."""
        for line in self._lines:
            if line:
                document: dict[str, Any] = json.loads(line)
                if "type" in document or not event:
                    return document
        raise AssertionError("the stream has ended")


@contextmanager
def reading(client: httpx.Client, query: str = "", **headers: str) -> Iterator[Reader]:
    """Read the events of the profile; the feed runs when the first line is there."""
    path = f"/v1/events?profile=office{query}"
    with client.stream("GET", path, headers={**NDJSON, **headers}, timeout=30) as response:
        if not response.is_success:
            response.read()
        assert response.status_code == 200, response.text
        yield Reader(response)
