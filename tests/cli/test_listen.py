"""`threecx listen` as a process: what it shows of calls, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from tests.cli.conftest import COMMAND, Threecx, environment
from threecx_node.simulator import Client, Simulator

pytestmark = pytest.mark.slow
OUTSIDE = "+493012345678"


class Listening:
    """A `threecx listen` that runs, and listens already."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.read_note_until("listening for events")

    @property
    def out(self) -> IO[str]:
        assert self.process.stdout is not None
        return self.process.stdout

    def read_note_until(self, words: str) -> str:
        """Return the next line on standard error that contains `words`."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if words in line:
                return line.strip()
        raise AssertionError(f"{words!r} was not said; {self.out.read()}")

    def read_lines(self, count: int) -> list[str]:
        return [self.out.readline().rstrip("\n") for _ in range(count)]

    def read_events(self, count: int) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.read_lines(count)]

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal; return the exit code and the rest of standard error."""
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=60)
        return self.process.returncode, err


@contextmanager
def start(pbx: Simulator, *arguments: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    variables = {
        "THREECX_BASE_URL": pbx.base_url,
        "THREECX_CLIENT_ID": pbx.client_id,
        "THREECX_CLIENT_SECRET": pbx.client_secret,
        "TZ": "UTC",
    }
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    command = [*COMMAND, "listen", *arguments]
    with subprocess.Popen(command, env=environment(variables), text=True, **streams) as process:
        # A test that waits in vain ends with the process.
        limit = threading.Timer(60, process.kill)
        limit.start()
        try:
            yield process
        finally:
            limit.cancel()
            process.kill()


@contextmanager
def listening(pbx: Simulator, *arguments: str, **options: Any) -> Iterator[Listening]:
    with start(pbx, *arguments, **options) as process:
        yield Listening(process)


def types(events: Sequence[dict[str, Any]]) -> list[str]:
    return [event["type"].removeprefix("call.") for event in events]


NDJSON = ("-o", "ndjson", "--grace", "0")


def test_an_answered_and_a_missed_call(pbx: Simulator) -> None:
    with listening(pbx, *NDJSON) as command:
        call = pbx.calls.inbound(OUTSIDE, to="103")
        assert types(command.read_events(2)) == ["started", "ringing"]
        call.answer("103")
        assert types(command.read_events(1)) == ["answered"]
        call.hang_up()
        [ended] = command.read_events(1)
        missed = pbx.calls.inbound(OUTSIDE, to="104")
        command.read_events(2)
        missed.hang_up()
        assert types(command.read_events(2)) == ["missed", "ended"]
        assert command.end() == (0, "")
    assert ended["type"] == "call.ended"
    assert ended["id"] == f"{ended['call']['pbx']}/{call.id}/call/ended"
    assert ended["call"]["pbx"] in pbx.base_url
    expected = {"direction": "inbound", "extension": "103", "externalNumber": OUTSIDE, "inferred": False}
    assert {name: ended[name] for name in expected} == expected


def test_the_table(pbx: Simulator) -> None:
    with listening(pbx, "--grace", "0") as command:
        call = pbx.calls.ring_group(OUTSIDE, "810")
        head, started, *ringing = command.read_lines(4)
        call.hang_up()
        rest = command.read_lines(2)
        command.end()
    assert head.split() == ["time", "event", "direction", "from", "to", "ext", "via", "note"]
    assert started.split()[1:5] == ["started", "inbound", OUTSIDE, "810"]
    assert {line.split()[1] for line in ringing} == {"ringing"}
    assert [line.split()[1] for line in rest] == ["missed", "ended"]


def test_only_some_events_of_some_extensions(pbx: Simulator) -> None:
    with listening(pbx, *NDJSON, "--events", "ringing,call.missed", "--extension", "103,105") as command:
        other = pbx.calls.inbound(OUTSIDE, to="104")
        call = pbx.calls.inbound(OUTSIDE, to="103")
        shown = command.read_events(1)
        other.hang_up()
        call.hang_up()
        shown += command.read_events(1)
        command.end()
    assert [(event["type"], event["extension"]) for event in shown] == [
        ("call.ringing", "103"),
        ("call.missed", "103"),
    ]


def test_the_changes_of_legs(pbx: Simulator) -> None:
    with listening(pbx, "--raw", "-o", "ndjson", "--extension", "103") as command:
        call = pbx.calls.inbound(OUTSIDE, to="103")
        [ringing] = command.read_events(1)
        call.hang_up()
        [removed] = command.read_events(1)
        command.end()
    assert (ringing["kind"], ringing["dn"], ringing["dnType"]) == ("updated", "103", "Wextension")
    assert ringing["participant"]["status"] == "Ringing"
    assert (removed["kind"], removed["participantId"]) == ("removed", ringing["participantId"])


def test_the_changes_of_legs_as_a_table(pbx: Simulator) -> None:
    with listening(pbx, "--raw") as command:
        pbx.calls.inbound(OUTSIDE, to="103")
        head, row = command.read_lines(2)
        command.end()
    assert head.split()[:3] == ["time", "change", "dn"]
    assert row.split()[1:3] == ["updated", "103"]


def test_a_lost_connection_is_a_note(pbx: Simulator) -> None:
    with listening(pbx, *NDJSON) as command:
        call = pbx.calls.inbound(OUTSIDE, to="103")
        command.read_events(2)
        pbx.sockets.cut()
        assert command.read_note_until("connection lost").startswith("threecx: connection lost: ")
        command.read_note_until("connected again")
        call.answer("103")
        assert types(command.read_events(1)) == ["answered"]
        command.end()


def test_notes_are_json_lines_on_request(pbx: Simulator) -> None:
    with listening(pbx, *NDJSON, "--log-format", "json", "--extension", "103") as command:
        pbx.sockets.cut()
        assert "connection lost" in json.loads(command.read_note_until("connection lost"))["message"]
        pbx.end_tokens()
        warning = json.loads(command.read_note_until("ended early"))
        assert (warning["level"], warning["message"][:10]) == ("warning", "127.0.0.1:")


def test_an_extension_that_is_not_monitored_is_a_note(pbx: Simulator) -> None:
    with start(pbx, "--extension", "999,103") as process:
        assert process.stderr is not None
        note = process.stderr.readline()
    assert note.startswith("threecx: note: the client does not monitor 999 on 127.0.0.1:")
    assert "; it monitors " in note


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGHUP"])
def test_a_signal_ends_it_at_once(pbx: Simulator, name: str) -> None:
    with listening(pbx) as command:
        assert command.end(getattr(signal, name)) == (0, "")


def test_a_reader_that_leaves_ends_it(pbx: Simulator) -> None:
    with listening(pbx, *NDJSON) as command:
        command.out.close()
        assert command.process.wait(60) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no such device")
def test_a_full_disk_is_reported(pbx: Simulator) -> None:
    with Path("/dev/full").open("w") as full, listening(pbx, *NDJSON, stdout=full) as command:
        pbx.calls.inbound(OUTSIDE, to="103")
        assert command.read_note_until("cannot be written").endswith("No space left on device")
        assert command.process.wait(60) == 1


@pytest.mark.skipif(os.name != "posix", reason="a shell closes the stream")
def test_a_closed_standard_output_is_an_error() -> None:
    done = subprocess.run(
        ["bash", "-c", '"$@" >&-', "bash", *COMMAND, "listen"],
        env=environment({"THREECX_BASE_URL": "https://127.0.0.1:9", "THREECX_CLIENT_ID": "1"} | SECRET),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == "threecx: standard output is closed. Redirect it to a file, or to /dev/null.\n"


SECRET = {"THREECX_CLIENT_SECRET": "a-key-that-is-not-shown"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--events", "moved"], "there are no events 'moved'. Did you mean 'call.missed'?"),
        (["--events", "missed,recording.ready"], "recording.ready is read from the records of the PBX"),
        (["--raw", "--events", "missed"], "--events and --raw are both given"),
        (["--events", ","], "--events is empty"),
        (["--extension", ""], "--extension is empty"),
    ],
)
def test_bad_options(threecx: Threecx, arguments: Sequence[str], words: str) -> None:
    done = threecx("listen", *arguments)
    assert done.code == 2
    assert words in done.err


REFUSALS: Sequence[tuple[dict[str, Any], dict[str, str], str]] = [
    ({"call_control": False}, {}, "has no Call Control API"),
    (
        {"clients": [Client("crm", "its-key", call_control=False)]},
        {"THREECX_CLIENT_ID": "crm", "THREECX_CLIENT_SECRET": "its-key"},
        "refused access to its Call Control API",
    ),
    ({}, {"THREECX_CLIENT_SECRET": "another"}, "Check the Client ID and the API key"),
    ({}, {"THREECX_BASE_URL": "http://127.0.0.1:9"}, "127.0.0.1:9"),
]


@pytest.mark.parametrize(("options", "variables", "words"), REFUSALS)
def test_a_pbx_that_cannot_be_listened_to_is_one_line(
    threecx_simulator_factory: Callable[..., Simulator],
    options: dict[str, Any],
    variables: dict[str, str],
    words: str,
) -> None:
    pbx = threecx_simulator_factory(**options)
    given = {
        "THREECX_BASE_URL": pbx.base_url,
        "THREECX_CLIENT_ID": pbx.client_id,
        "THREECX_CLIENT_SECRET": pbx.client_secret,
        **variables,
    }
    done = subprocess.run(
        [*COMMAND, "listen"], env=environment(given), capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert len(done.stderr.splitlines()) == 1
    assert words in done.stderr
