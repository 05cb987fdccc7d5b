"""The example workflows that the 3CX Trigger starts, imported into a real n8n and run by a simulated PBX."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.e2e.trigger_desk import Desk, wait_for
from tools.lab.open_n8n import TRIGGERED, with_credential
from tools.lab.stage import TRIGGER_TYPE

# Tom Hale, a contact of the simulated PBX.
CONTACT, RECEPTIONIST = "+442075550111", "820"


@dataclass
class Receiver:
    """A server in place of the services that the examples call."""

    url: str = ""
    received: dict[str, bytes] = field(default_factory=dict)

    def json(self, path: str) -> dict[str, Any]:
        """Return what was posted to a path, as soon as it was."""
        body: dict[str, Any] = json.loads(wait_for(lambda: self.received.get(path)))
        return body


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.received[self.path] = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.end_headers()

        do_PUT = do_POST  # noqa: N815 (the name that the server calls)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


def publish(desk: Desk, path: Path, receiver: Receiver, extension: str) -> dict[str, Any]:
    """Import an example, and give it a credential, the receiver in place of its service, and calls of one extension."""
    workflow = with_credential(json.loads(path.read_text(encoding="utf-8")), desk.credential)
    for node in workflow["nodes"]:
        parameters = node["parameters"]
        if node["type"] == TRIGGER_TYPE and extension:
            parameters["filters"]["extensions"] = [extension]
        if "url" in parameters:
            address = parameters["url"].removeprefix("=")
            service = "{0.scheme}://{0.netloc}".format(urlsplit(address))
            parameters["url"] = parameters["url"].replace(service, receiver.url)
            # Deactivated until a person has entered an address.
            assert node.pop("disabled")
        if node["name"] == "Office hours":
            # Closed at every hour.
            for each in parameters["assignments"]["assignments"]:
                each["value"] = 0
    saved: dict[str, Any] = desk.client.call("POST", "/workflows", workflow)
    desk.client.publish(saved)
    return saved


def test_every_example_runs(desk: Desk, receiver: Receiver) -> None:
    extensions = {"ringing-popup": "101", "missed-call-message": "101", "after-hours-divert": "104"}
    workflows = [publish(desk, path, receiver, extensions.get(path.stem, "")) for path in TRIGGERED]
    desk.pbx.set_trunk("10000", online=False)
    recorded = desk.pbx.calls.inbound(CONTACT, to="103")
    recorded.answer("103")
    recorded.hang_up()
    late = desk.pbx.calls.inbound(CONTACT, to="104")
    desk.miss_call(CONTACT, to="101")

    popup = receiver.json("/popup/CHANGE-ME")
    assert popup == {"extension": "101", "number": CONTACT, "name": "Tom Hale", "company": "Bright Print"}
    message = f"Missed call from Tom Hale ({CONTACT}) for extension 101"
    assert receiver.json("/hooks/CHANGE-ME") == {"text": message}
    wait_for(lambda: [each for each in desk.pbx.calls.participants(RECEPTIONIST) if each.call_id == late.id])
    late.hang_up()
    stored = wait_for(lambda: [each for each in receiver.received if each.endswith(".wav")])
    assert receiver.received[stored[0]].startswith(b"RIFF")
    # The polls of trunks are 15 seconds apart.
    alert = wait_for(lambda: _find_alert(receiver))
    assert alert["text"].startswith("Trunk ")
    assert alert["text"].endswith(" is down")
    for each in workflows:
        assert [desk.client.wait(one).status for one in desk.client.executions(each)] == ["success"]
        desk.unpublish(each)


def _find_alert(receiver: Receiver) -> dict[str, Any] | None:
    body = receiver.received.get("/alerts/CHANGE-ME")
    return json.loads(body) if body else None
