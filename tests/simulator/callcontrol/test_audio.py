"""The audio of a participant of the own DN: silence and echo, one body at a time, at the speed of speech."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import httpx
import pytest
from websockets.sync.client import ClientConnection

from threecx_node.server.limits import RequestLimits
from threecx_node.simulator import Simulator
from threecx_node.simulator.callcontrol.audio import AHEAD, BYTES_PER_SECOND, Pace
from threecx_node.simulator.http import server_config

from .client import answer_call, find_participant, make_call, receive_event


@pytest.fixture
def path(http: httpx.Client) -> str:
    """The audio of a connected participant of the own DN."""
    own = make_call(http, "900", "101")
    answer_call(http, "101")
    return f"/900/participants/{own['id']}/stream"


def read(chunks: Iterator[bytes], size: int) -> bytes:
    got = b""
    while len(got) < size:
        got += next(chunks)
    return got


def test_the_other_side_is_silent_until_it_repeats_what_it_hears(http: httpx.Client, path: str) -> None:
    audio = bytes(range(1, 201)) * 8
    with http.stream("GET", path) as answer:
        assert answer.status_code == 200
        chunks = answer.iter_raw()
        assert read(chunks, 1600) == b"\0" * 1600
        assert http.post(path, content=audio).status_code == 202
        heard = b""
        while audio not in heard:
            heard += next(chunks)


def test_an_event_reports_that_the_audio_has_been_played(
    http: httpx.Client, path: str, ws: ClientConnection
) -> None:
    assert http.post(path, content=b"\1\2" * 800).status_code == 202
    while receive_event(ws)[:2] != (3, f"/callcontrol{path.removesuffix('/stream')}"):
        pass


def test_one_body_at_a_time(http: httpx.Client, path: str) -> None:
    begun, end = threading.Event(), threading.Event()

    def speak() -> Iterator[bytes]:
        yield b"\0" * 320
        begun.set()
        end.wait(20)

    thread = threading.Thread(target=lambda: http.post(path, content=speak()))
    thread.start()
    try:
        assert begun.wait(20)
        while (status := http.post(path, content=b"").status_code) == 202:
            pass
        assert status == 422
    finally:
        end.set()
        thread.join()
    assert http.post(path, content=b"").status_code == 202


def test_audio_may_take_longer_than_another_body(
    monkeypatch: pytest.MonkeyPatch, threecx_simulator_factory: Callable[..., Simulator]
) -> None:
    monkeypatch.setattr(server_config, "LIMITS", RequestLimits(body_timeout=0.3))
    pbx = threecx_simulator_factory()
    headers = {"Authorization": f"Bearer {pbx.token()}"}
    with httpx.Client(base_url=f"{pbx.base_url}/callcontrol", headers=headers, timeout=20) as http:
        own = make_call(http, "900", "101")
        answer_call(http, "101")
        path = f"/900/participants/{own['id']}/stream"
        with http.stream("GET", path) as answer:
            pieces = answer.iter_raw()

            def speak() -> Iterator[bytes]:
                yield b"\1\2" * 160
                # Half a second, at the speed of speech.
                read(pieces, 8000)
                yield b"\1\2" * 160

            assert http.post(path, content=speak()).status_code == 202


def test_audio_ends_with_the_participant(http: httpx.Client, path: str) -> None:
    with http.stream("GET", path) as answer:
        chunks = answer.iter_raw()
        read(chunks, 320)
        assert http.post(f"{path.removesuffix('/stream')}/drop", json={}).status_code == 200
        # The response ends in order.
        for _ in chunks:
            pass
    assert http.get(path).status_code == 404
    assert http.post(path, content=b"").status_code == 404


def test_audio_ends_with_the_token(http: httpx.Client, path: str, pbx: Simulator) -> None:
    with http.stream("GET", path) as answer:
        chunks = answer.iter_raw()
        read(chunks, 320)
        pbx.end_tokens()
        for _ in chunks:
            pass


@pytest.mark.usefixtures("path")
def test_audio_is_for_the_own_dn(http: httpx.Client) -> None:
    called = find_participant(http, "101")
    assert http.get(f"/101/participants/{called['id']}/stream").status_code == 403
    assert http.get(f"/10001/participants/{called['id']}/stream").status_code == 403
    assert http.get("/900/participants/999999/stream").status_code == 404


def test_audio_needs_a_connected_participant(http: httpx.Client) -> None:
    own = make_call(http, "900", "101")
    assert http.get(f"/900/participants/{own['id']}/stream").status_code == 422
    assert http.post(f"/900/participants/{own['id']}/stream", content=b"").status_code == 422


def test_the_pace_is_that_of_speech() -> None:
    pace = Pace(0.0)
    pace.add(BYTES_PER_SECOND * 2, 0.0)
    assert pace.compute_wait(0.0) == 2.0 - AHEAD
    assert pace.compute_wait(1.0) == 1.0 - AHEAD
    assert pace.compute_wait(1.0, ahead=0) == 1.0
    assert pace.compute_wait(9.0) == 0.0
    # A pause is not made up for.
    pace.add(BYTES_PER_SECOND, 10.0)
    assert pace.compute_wait(10.0, ahead=0) == 1.0
