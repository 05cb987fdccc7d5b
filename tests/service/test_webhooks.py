"""The receivers of examples/events, and the checks of signatures in docs/events.md."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import httpx
import pytest

from tests.cli.conftest import environment
from tests.support import ROOT
from threecx_node.events.delivery.signature import make_headers, make_message_id, make_secret, read_secret
from tools.build_foreign_client import find_node

pytestmark = pytest.mark.slow
SECRET = make_secret()
BODY = b'{"type":"call.missed","id":"pbx/1","note":"\xc3\xbc"}'
RECEIVERS = {
    "python": [sys.executable, str(ROOT / "examples" / "events" / "receiver.py")],
    "javascript": [*find_node(), str(ROOT / "examples" / "events" / "receiver.mjs")],
}


@contextmanager
def receiver(command: Sequence[str]) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    variables = environment({"WEBHOOK_SECRET": SECRET, "PORT": str(port)})
    with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True) as process:
        limit = threading.Timer(60, process.kill)
        limit.start()
        try:
            wait_for_port(port, process)
            yield f"http://127.0.0.1:{port}/", process
        finally:
            limit.cancel()
            process.kill()


def wait_for_port(port: int, process: subprocess.Popen[str]) -> None:
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise AssertionError("the receiver has ended")


def sign(number: int = 1, *, body: bytes = BODY, secret: str = SECRET, age: int = 0) -> dict[str, str]:
    return make_headers(read_secret(secret), make_message_id(f"pbx/{number}"), int(time.time()) - age, body)


def forge() -> dict[str, dict[str, str]]:
    """Headers that a receiver must refuse, by what is wrong with them."""
    genuine = sign()
    without = {name: value for name, value in genuine.items() if name != "webhook-signature"}
    return {
        "another secret": sign(secret=make_secret()),
        "another body": sign(body=b"{}"),
        "a copy that is sent later": sign(age=3_600),
        "a time in the future": sign(age=-3_600),
        "another ID": {**genuine, "webhook-id": "evt_other"},
        "another time": {**genuine, "webhook-timestamp": str(int(time.time()) + 1)},
        "no signature": without,
        "an empty signature": {**without, "webhook-signature": ""},
        "another version": {
            **genuine,
            "webhook-signature": genuine["webhook-signature"].replace("v1,", "v2,"),
        },
        "no time": {**genuine, "webhook-timestamp": "now"},
        "nothing": {},
    }


@pytest.mark.parametrize("language", RECEIVERS)
def test_the_example_receivers_accept_genuine_events_only(language: str) -> None:
    with receiver(RECEIVERS[language]) as (url, process), httpx.Client(timeout=30) as client:
        for wrong, headers in forge().items():
            assert client.post(url, content=BODY, headers=headers).status_code == 401, wrong
        several = sign(1)
        several["webhook-signature"] = f"v1,AAAA {several['webhook-signature']}"
        for headers in (sign(1), sign(1), several, sign(2)):
            assert client.post(url, content=BODY, headers=headers).status_code == 204
        assert process.stdout is not None
        printed = [json.loads(process.stdout.readline()) for _ in range(2)]
        process.kill()
        assert process.stdout.read() == ""
    # The first event was delivered three times, and is handled once.
    assert printed == [json.loads(BODY), json.loads(BODY)]


def code_of(language: str) -> str:
    page = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    [code] = re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return str(code)


def cases() -> list[tuple[dict[str, str], bool]]:
    forged = forge()
    chosen = ("another secret", "another body", "a copy that is sent later", "another ID")
    return [(sign(), True), *((forged[name], False) for name in chosen)]


def test_the_check_in_python_of_the_document() -> None:
    names: dict[str, object] = {}
    exec(code_of("python"), names)  # noqa: S102 (code of this project)
    is_genuine = names["is_genuine"]
    assert callable(is_genuine)
    for headers, expected in cases():
        assert is_genuine(SECRET, headers, BODY) is expected


def test_the_check_in_javascript_of_the_document() -> None:
    given = json.dumps([SECRET, BODY.decode(), [headers for headers, _ in cases()]])
    program = f"""{code_of("js")}
const [secret, body, all] = {given};
console.log(JSON.stringify(all.map((headers) => isGenuine(secret, headers, body))));
"""
    done = subprocess.run(
        [*find_node(), "--input-type=module", "--eval", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={**os.environ},
    )
    assert json.loads(done.stdout) == [expected for _, expected in cases()]
