"""A PBX that answers the login or refuses tokens in hostile ways: one clear line, few logins, and no secret."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from threecx_credentials import Credential
from threecx_node import Batch, Executor, Options
from threecx_node.errors import NotAttemptedError, ThreeCxError
from threecx_node.transport.retry import RetryPolicy

KEY = 's3cr3t/Key+1"x'
CLIENT = "900"
LOGIN = "/connect/token"


def run(answer: Callable[[httpx.Request], httpx.Response], count: int = 1, **options: Any) -> Batch:
    async def sleep(_: float) -> None:
        pass

    async def main() -> Batch:
        credential = Credential.of("https://pbx.example", CLIENT, KEY)
        transport = httpx.MockTransport(answer)
        async with Executor(credential, retry=RetryPolicy(sleep=sleep), transport=transport) as executor:
            items = [{"Id": number} for number in range(count)]
            return await executor.run(
                "DeleteUser", items, {"Id": "={{ $json.Id }}"}, options=Options(**options)
            )

    return asyncio.run(main())


def error_of(batch: Batch) -> ThreeCxError:
    error = batch.results[0].error
    assert error is not None
    assert "\n" not in error.one_line()
    assert len(error.one_line()) < 1500
    assert error.code != "bug"
    return error


def issue(token: object, **more: object) -> bytes:
    return json.dumps({"access_token": token, "token_type": "Bearer", "expires_in": 60, **more}).encode()


BAD_ANSWERS: dict[str, bytes] = {
    "deep list": b"[" * 100_000,
    "deep and closed": b"[" * 100_000 + b"]" * 100_000,
    "deep object": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep within": b'{"access_token":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "empty": b"",
    "null": b"null",
    "a text": b'"token"',
    "not UTF-8": b"\xff\xfe{}",
    "no token": b"{}",
    "a number": issue(5),
    "a list": issue(["token"]),
    "an empty token": issue(""),
    "a line break": issue("a\r\nX-Injected: 1"),
    "half of a surrogate pair": issue("\ud800"),
    "not ASCII": issue("tök€n"),
    "a space": issue("a b"),
    "a token of a megabyte": issue("a" * 1_000_000),
    "a huge number": b'{"access_token": "t", "expires_in": ' + b"9" * 10_000 + b"}",
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
@pytest.mark.parametrize("status", [200, 400, 401])
def test_a_login_answer_that_cannot_be_used_is_one_clear_line(name: str, status: int) -> None:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(status, content=BAD_ANSWERS[name], headers={"content-type": "application/json"})

    error = error_of(run(answer))
    assert "pbx.example" in error.message
    assert error.description
    assert {each.url.path for each in requests} == {LOGIN}
    assert len(requests) == 1


@pytest.mark.parametrize(
    "lifetime",
    [b"1e308", b"1e999", b"-1e999", b"NaN", b"Infinity", b"-5", b"0", b"true", b"null", b"[]", b"{}",
     b'"NaN"', b'"1e999"', b'"\\ud800"', b"9" * 4000, b'"' + b"9" * 5000 + b'"'],
)  # fmt: skip
def test_any_lifetime_of_a_token_is_accepted(lifetime: bytes) -> None:
    logins = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal logins
        if request.url.path == LOGIN:
            logins += 1
            return httpx.Response(200, content=b'{"access_token": "t", "expires_in": ' + lifetime + b"}")
        return httpx.Response(204)

    batch = run(answer, 20)
    assert not batch.failed
    assert logins == 1


def basic() -> str:
    return base64.b64encode(f"{CLIENT}:{KEY}".encode()).decode()


ECHOES: dict[str, str] = {
    "as it is": KEY,
    "URL": quote(KEY, safe=""),
    "JSON": json.dumps(KEY)[1:-1],
    "JSON twice": json.dumps(json.dumps(KEY)),
    "every character": "".join(f"%{ord(each):02x}" for each in KEY),
    "Basic": f"Basic {basic()}",
    "form": f"client_id={CLIENT}&client_secret={quote(KEY, safe='')}",
}


def place(echo: str) -> dict[str, Any]:
    return {
        "error": {"error": f"bad {echo}"},
        "description": {"error": "unauthorized", "error_description": f"bad {echo} key"},
        "nested": {
            "error": {"code": echo, "message": f"bad {echo}", "details": [{"target": echo, "message": echo}]}
        },
        "name": {"error": "x", "errors": {echo: [f"is {echo}"]}},
        "list": [{"message": echo}],
        "text": f"bad {echo}",
        "other field": {"message": echo, "title": echo, "detail": [echo]},
    }


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("where", list(place("")))
@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_a_login_error_that_repeats_the_key_is_masked(echo: str, where: str, status: int) -> None:
    document = place(ECHOES[echo])[where]
    bodies = [
        json.dumps(document).encode(),
        json.dumps(document, ensure_ascii=False).replace("/", "\\/").encode(),
    ]
    bodies.append(f"<html><title>{ECHOES[echo]}</title><body><p>{ECHOES[echo]}</p></body></html>".encode())
    bodies.append(f"error: {ECHOES[echo]}".encode())
    for body in bodies:
        error = error_of(run(lambda _: httpx.Response(status, content=body)))  # noqa: B023 (it runs at once)
        shown = json.dumps(error.to_json()) + str(error) + repr(error.__cause__)
        for secret in (KEY, ECHOES[echo], quote(KEY, safe=""), basic(), json.dumps(KEY)[1:-1]):
            assert secret not in shown
            assert json.dumps(secret)[1:-1] not in shown


def test_a_redirect_that_repeats_the_key_is_masked() -> None:
    url = f"https://other.example/{quote(KEY, safe='')}?client_secret={quote(KEY, safe='')}"
    error = error_of(run(lambda _: httpx.Response(302, headers={"location": url})))
    assert quote(KEY, safe="") not in json.dumps(error.to_json())
    assert "other.example" in error.message


@pytest.mark.parametrize("continue_on_fail", [False, True])
@pytest.mark.parametrize("concurrency", [1, 8])
def test_tokens_that_are_always_refused_are_requested_twice(continue_on_fail: bool, concurrency: int) -> None:
    logins = requests = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal logins, requests
        if request.url.path == LOGIN:
            logins += 1
            return httpx.Response(200, json={"access_token": f"token-{logins}", "expires_in": 60})
        requests += 1
        return httpx.Response(401, json={"error": {"code": "", "message": "Unauthorized"}})

    batch = run(answer, 200, continue_on_fail=continue_on_fail, concurrency=concurrency)
    assert logins == 2
    assert requests <= 2 * concurrency
    error = error_of(batch)
    assert error.code == "token_refused"
    assert "issues access tokens and refuses each of them" in error.message
    assert "Admin > Integrations > API" in error.description
    assert batch.exit_code == 3
    assert len(batch.failed) + len(batch.not_tried) == 200
    assert all(isinstance(each.error, NotAttemptedError) for each in batch.not_tried)


class ContestedPbx:
    """A PBX at which another program logs in after every `every` requests, which ends the token of this one."""

    def __init__(self, every: int) -> None:
        self._every = every
        self.logins = self.done = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == LOGIN:
            self.logins += 1
            return httpx.Response(200, json={"access_token": f"token-{self.logins}", "expires_in": 60})
        if request.headers["authorization"] != f"Bearer token-{self.logins}":
            return httpx.Response(401)
        self.done += 1
        if self.done % self._every == 0:
            self.logins += 1
        return httpx.Response(204)


def test_another_program_is_named_after_a_few_logins() -> None:
    pbx = ContestedPbx(every=3)
    batch = run(pbx, 200, concurrency=1)
    assert pbx.logins < 40
    errors = [each.error for each in batch.failed if each.error]
    assert [each.code for each in errors] == ["token_contested"]
    assert "Another program logs in with the same Client ID" in errors[0].description
    assert "THREECX_TOKEN_STORE" in errors[0].description
    assert len(batch.results) - len(batch.failed) - len(batch.not_tried) == pbx.done


def test_a_login_of_another_program_now_and_then_fails_no_item() -> None:
    pbx = ContestedPbx(every=20)
    assert not run(pbx, 500).failed
    assert pbx.done == 500
