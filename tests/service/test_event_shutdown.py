"""The end of a service with events: deliveries under way end within the grace period, and the others are kept."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.service.conftest import Started, read_url, start
from tests.service.event_callers import OUTSIDE, Receiver, receiving, subscribe
from threecx_node.server.process import OVERTIME
from threecx_node.simulator import Simulator

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGTERM"),
]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def serve(folder: Path, pbx: Simulator, *options: str) -> Started:
    profiles = folder / "profiles.toml"
    profiles.write_text(
        f'[office]\nbase_url = "{pbx.base_url}"\nclient_id = "{pbx.client_id}"\n'
        f'client_secret = "{pbx.client_secret}"\n'
    )
    profiles.chmod(0o600)
    places = ("--profiles", str(profiles), "--state-dir", str(folder / "state"))
    return start("--without-key", "--port", "0", *places, *options)


def ring(client: httpx.Client, pbx: Simulator, receiver: Receiver) -> str:
    """Subscribe, let a phone ring while the receiver does not answer, and return the path of the subscription."""
    path = f"/v1/subscriptions/{subscribe(client, receiver.url, 'call.ringing')['id']}"
    while 'threecx_feed_connected{pbx="127.0.0.1' not in client.get("/metrics").text:
        pass
    receiver.release.clear()
    pbx.calls.inbound(OUTSIDE, to="103")
    receiver.take()
    return path


def test_a_delivery_under_way_ends(tmp_path: Path, simulator: Simulator, receiver: Receiver) -> None:
    with serve(tmp_path, simulator) as process:
        assert process.stderr is not None
        with httpx.Client(base_url=read_url(process)) as client:
            path = ring(client, simulator, receiver)
            process.send_signal(signal.SIGTERM)
            stopping = next(line for line in process.stderr if "stopping" in line)
        receiver.release.set()
        assert process.wait(30) == 0
    assert "deliveries of events under way, with 30 seconds to end" in stopping
    with serve(tmp_path, simulator) as process:
        with httpx.Client(base_url=read_url(process)) as client:
            counts = client.get(path).json()["deliveries"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert counts == {"pending": 0, "delivered": 1, "failed": 0, "dropped": 0}
    assert receiver.got.empty()


def test_a_delivery_that_does_not_end_is_kept(
    tmp_path: Path, simulator: Simulator, receiver: Receiver
) -> None:
    with serve(tmp_path, simulator, "--grace", "1") as process:
        with httpx.Client(base_url=read_url(process)) as client:
            ring(client, simulator, receiver)
        process.send_signal(signal.SIGTERM)
        assert process.wait(1 + OVERTIME + 10) == 0
    receiver.release.set()
    with serve(tmp_path, simulator) as process:
        # It may have been accepted, which is not known: it comes again, with the same ID.
        assert receiver.take()["type"] == "call.ringing"
        process.kill()
    assert len({headers["webhook-id"] for headers in receiver.seen}) == 1


def test_a_reader_needs_no_grace(tmp_path: Path, simulator: Simulator) -> None:
    with serve(tmp_path, simulator, "--grace", "600") as process:
        url = f"{read_url(process)}/v1/events?profile=office&events=call.ringing"
        with httpx.stream("GET", url, timeout=30) as response:
            process.send_signal(signal.SIGTERM)
            assert b"id: " in response.read()
        assert process.wait(30) == 0
