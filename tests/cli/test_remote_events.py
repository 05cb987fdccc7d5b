"""The events of an executor as one sequence: lost connections, positions, and errors, without a network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any

import httpx
import orjson
import pytest

from threecx_node.cli import remote_events
from threecx_node.cli.event_texts import describe_document
from threecx_node.cli.executor_address import ExecutorAddress
from threecx_node.cli.remote_events import LIVE_EVENTS, Subscriber, choose_events
from threecx_node.errors import ThreeCxError
from threecx_node.events.model.event_types import EVENT_TYPES
from threecx_node.events.model.samples import make_sample

HEADERS = {"Threecx-Contract": "1"}


def lines(*documents: Any, cut: bytes = b"") -> httpx.Response:
    class Stream(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            for each in documents:
                yield b"\n" + orjson.dumps(each) + b"\n"
            if cut:
                yield cut
                raise httpx.ReadError("the connection was cut")

    return httpx.Response(200, headers=HEADERS, stream=Stream())


def problem(status: int, code: str) -> httpx.Response:
    return httpx.Response(status, headers=HEADERS, json={"status": status, "detail": "refused", "code": code})


def event(position: str, **more: Any) -> dict[str, Any]:
    return {"position": position, "type": "call.missed", "id": position, **more}


class Executor:
    """Answers requests with `answers`, in their order, and keeps the positions of the requests."""

    def __init__(self, answers: Sequence[httpx.Response | Exception]) -> None:
        self.answers = [*answers]
        self.bodies: list[dict[str, Any]] = []

    @property
    def positions(self) -> list[str | None]:
        return [each.get("after") for each in self.bodies]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(orjson.loads(request.content))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_events, "_choose_wait", lambda _: 0.0)


def read(executor: Executor, count: int, after: str | None = None) -> tuple[list[str], list[str]]:
    """Return the positions of the first events, and the notes."""
    notes: list[str] = []

    async def main() -> list[str]:
        subscriber = Subscriber(
            ExecutorAddress("http://executor"),
            {"profile": "office"},
            ["call.missed"],
            ["100"],
            after,
            httpx.MockTransport(executor),
        )
        found: list[str] = []
        async with asyncio.timeout(20), aclosing(subscriber.read(notes.append)) as events:
            while len(found) < count:
                each = await anext(events)
                found += [each["id"]] if each else []
        return found

    return asyncio.run(main()), notes


def test_a_lost_connection_goes_on_after_the_last_event() -> None:
    executor = Executor(
        [
            lines({"position": "1"}, event("2"), event("3"), cut=b'{"position": "4", "typ'),
            httpx.ConnectError("refused"),
            problem(503, "event_store"),
            lines({"position": "3"}, event("4", text="\u2028")),
            lines(event("5")),
        ]
    )
    found, notes = read(executor, 4)
    assert found == ["2", "3", "4", "5"]
    assert executor.positions == [None, "3", "3", "3", "4"]
    assert executor.bodies[0] == {
        "pbx": {"profile": "office"},
        "events": ["call.missed"],
        "filter": {"extensions": ["100"]},
    }
    assert notes == [
        "listening for events through the executor at http://executor",
        "connection to the executor lost: the connection was cut; trying again",
        "connected again",
        "connection to the executor lost: the executor has ended the stream; trying again",
        "connected again",
    ]


def test_a_loss_before_the_first_event_misses_nothing() -> None:
    executor = Executor([lines({"position": "7"}), lines(event("8"))])
    assert read(executor, 1)[0] == ["8"]
    assert executor.positions == [None, "7"]


def test_a_position_that_is_gone_goes_on_with_what_is_left() -> None:
    executor = Executor([lines(event("1")), problem(410, "position_gone"), lines(event("9"))])
    found, notes = read(executor, 2)
    assert found == ["1", "9"]
    assert executor.positions == [None, "1", "oldest"]
    assert notes[-1] == "connected again"


def test_an_error_in_the_stream() -> None:
    gone = {"error": {"status": 410, "detail": "the position is gone", "code": "position_gone"}}
    executor = Executor([lines(event("1"), gone), lines(event("9"))])
    found, notes = read(executor, 2)
    assert (found, executor.positions) == (["1", "9"], [None, "oldest"])
    assert (
        "connection to the executor lost: the position is gone; some events are lost; trying again" in notes
    )


def test_problems_are_notes() -> None:
    told = {"problem": {"events": ["chat.new"], "message": "forbidden.", "advice": "Give the right."}}
    _, notes = read(Executor([lines(told, event("1"))]), 1)
    assert notes[-1] == "note: chat.new: forbidden. Give the right."


@pytest.mark.parametrize(
    ("answers", "exit_code", "words"),
    [
        ([httpx.ConnectError("refused")], 3, "cannot be reached: refused"),
        ([httpx.ReadTimeout("")], 3, "did not answer in time"),
        ([problem(410, "position_gone")], 2, "refused"),
        ([problem(401, "executor_key")], 3, "--key-file"),
        ([problem(403, "call_control_forbidden")], 2, "refused"),
        ([problem(502, "login")], 3, "refused"),
        ([problem(404, "unknown_path")], 2, "has no events"),
        ([httpx.Response(200, content=b"<html>")], 2, "not a threecx executor"),
        ([httpx.Response(302, headers={"location": "https://x"})], 2, "redirects"),
        ([lines(event("1")), problem(401, "executor_key")], 3, "--key-file"),
    ],
)
def test_errors_that_end_it(answers: list[Any], exit_code: int, words: str) -> None:
    with pytest.raises(ThreeCxError) as caught:
        read(Executor(answers), 2)
    assert (caught.value.exit_code, words in caught.value.one_line()) == (exit_code, True), str(caught.value)


@pytest.mark.parametrize("line", [b"<html>\n", b"[]\n", b"x" * (4 * 1024 * 1024 + 1)])
def test_lines_that_are_not_events(line: bytes) -> None:
    executor = Executor([lines(event("1"), cut=line), lines(event("2"))])
    assert read(executor, 2)[0] == ["1", "2"]


def test_names_of_events() -> None:
    assert choose_events(["missed", "recording.ready"]) == ["call.missed", "recording.ready"]
    assert choose_events([]) == list(LIVE_EVENTS)
    with pytest.raises(ThreeCxError, match="mised"):
        choose_events(["mised"])


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_each_event_has_a_row(name: str) -> None:
    cells = describe_document(make_sample(EVENT_TYPES[name]))
    assert len(cells) == 8
    assert cells[0].count(":") == 2
    assert cells[1] == name.removeprefix("call.")
