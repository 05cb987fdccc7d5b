"""`threecx listen --executor` as a process: the events of a running executor, also across its restarts."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import fail, run
from tests.cli.test_listen import Listening, start, types
from tests.service.conftest import Started, read_url
from tests.service.conftest import start as start_serve
from tests.service.event_callers import serving_events
from threecx_node.simulator import Simulator

pytestmark = pytest.mark.slow
OUTSIDE = "+493012345678"
PROFILE = ("--profile", "office")
NDJSON = ("-o", "ndjson")


@pytest.fixture(scope="module")
def pbx() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, pbx: Simulator) -> Iterator[httpx.Client]:
    with serving_events(tmp_path_factory.mktemp("state"), pbx) as client:
        yield client


@contextmanager
def attached(pbx: Simulator, url: httpx.URL | str, *arguments: str) -> Iterator[Listening]:
    with start(pbx, "--executor", str(url), *arguments) as process:
        yield Listening(process)


def wait_until_connected(url: httpx.URL | str) -> None:
    for _ in range(5_000):
        text = httpx.get(f"{url}/metrics").text
        feeds = [line for line in text.splitlines() if line.startswith("threecx_feed_connected{")]
        if feeds and all(each.endswith(" 1.0") for each in feeds):
            return
    raise AssertionError("the PBX is not connected")


def test_the_same_output_as_without_an_executor(service: httpx.Client, pbx: Simulator) -> None:
    url = service.base_url
    with attached(pbx, url, *PROFILE, *NDJSON) as first, attached(pbx, url, *PROFILE) as table:
        wait_until_connected(url)
        call = pbx.calls.inbound(OUTSIDE, to="103")
        events = first.read_events(2)
        call.hang_up()
        events += first.read_events(2)
        rows = [line.split() for line in table.read_lines(5)]
        assert first.end() == (0, "")
        assert table.end(signal.SIGINT) == (0, "")
    assert types(events) == ["started", "ringing", "missed", "ended"]
    assert events[0]["call"]["pbx"] in pbx.base_url
    assert rows[0] == ["time", "event", "direction", "from", "to", "ext", "via", "note"]
    assert [row[1] for row in rows[1:]] == ["started", "ringing", "missed", "ended"]
    # The credential of the environment in place of a profile, and the stored events after a position.
    position = events[1]["position"]
    with attached(pbx, url, *NDJSON, "--events", "missed,call.ended", "--after", position) as again:
        assert again.read_events(2) == events[2:]


def test_a_restart_of_the_executor_loses_nothing(tmp_path: Path, pbx: Simulator) -> None:
    (tmp_path / "profiles.toml").write_text(
        f'[office]\nbase_url = "{pbx.base_url}"\nclient_id = "{pbx.client_id}"\n'
        f'client_secret = "{pbx.client_secret}"\n'
    )
    (tmp_path / "profiles.toml").chmod(0o600)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def serve() -> Started:
        options = ("--port", str(port), "--profiles", str(tmp_path / "profiles.toml"), "--without-key")
        return start_serve(*options, "--state-dir", str(tmp_path))

    with serve() as executor:
        url = read_url(executor)
        with attached(pbx, url, *PROFILE, *NDJSON) as command:
            wait_until_connected(url)
            call = pbx.calls.inbound(OUTSIDE, to="103")
            assert types(command.read_events(2)) == ["started", "ringing"]
            executor.kill()
            executor.wait(20)
            command.read_note_until("connection to the executor lost")
            call.answer("103")
            with serve() as second:
                read_url(second)
                command.read_note_until("connected again")
                [answered] = command.read_events(1)
                call.hang_up()
                [ended] = command.read_events(1)
                # Readers leave at once, so that the executor needs none of its grace period.
                second.send_signal(signal.SIGTERM)
                assert second.wait(20) == 0
            command.read_note_until("connection to the executor lost")
            assert command.end() == (0, "")
    assert types([answered, ended]) == ["answered", "ended"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--events", "mised"], "missed"),
        (["--raw"], "--raw and --executor are both given"),
        (["--grace", "3"], "--grace and --executor are both given"),
        (["--profiles", "x.toml"], "--profiles and --executor are both given"),
        (["--ca-file", "x.pem"], "--ca-file and --executor are both given"),
        (["--executor", "8765"], "is not a URL"),
    ],
)
def test_bad_options(arguments: list[str], words: str) -> None:
    error = fail("listen", "--executor", "http://127.0.0.1:9", *PROFILE, *arguments)
    assert (error.exit_code, words in error.one_line()) == (2, True)


def test_options_that_need_an_executor() -> None:
    error = fail("listen", *PROFILE, "--after", "oldest")
    assert (error.exit_code, "--after needs --executor" in error.one_line()) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--after", "nonsense"], 2, "position"),
        (["--profile", "offices"], 2, "the executor has no profile 'offices'"),
        (["--executor", "http://127.0.0.1:9"], 3, "the executor at http://127.0.0.1:9 cannot be reached: "),
    ],
)
def test_what_the_executor_refuses_is_one_line(
    service: httpx.Client, arguments: list[str], code: int, words: str
) -> None:
    done = run("listen", "--executor", str(service.base_url), *PROFILE, *arguments)
    assert (done.code, done.out, len(done.err.splitlines())) == (code, "", 1)
    assert words in done.err
