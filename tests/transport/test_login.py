"""Logins that a PBX answers with an error once, or always: what is tried again, and what the message says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.support import credential
from threecx_node import Batch, Executor, Options
from threecx_node.errors import ThreeCxError
from threecx_node.messages import HttpRequest
from threecx_node.options import DEFAULT_RETRY_TIME
from threecx_node.transport.client import PbxClient
from threecx_node.transport.retry import RetryPolicy

PAGE = b"<html><head><title>503 Service Temporarily Unavailable</title></head><body>nginx</body></html>"
HTML = {"content-type": "text/html"}
Answer = Callable[[int], httpx.Response | None]


class LoginPbx:
    """A PBX whose `number`th login is answered by `answer`, and well where that gives None.

    Tokens end after the API requests in `ends_after`. `waits` are the seconds between the attempts.
    """

    def __init__(self, answer: Answer, ends_after: tuple[int, ...] = ()) -> None:
        self.answer, self.ends_after = answer, ends_after
        self.logins = self.requests = 0
        self.waits: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/connect/token":
            self.logins += 1
            token = {"access_token": f"token-{self.logins}", "expires_in": 3600}
            return self.answer(self.logins) or httpx.Response(200, json=token)
        if request.headers["authorization"] != f"Bearer token-{self.logins}":
            return httpx.Response(401)
        self.requests += 1
        if self.requests in self.ends_after:
            self.logins += 1
            return httpx.Response(401)
        return httpx.Response(204)

    def delete(self, count: int = 1, url: str = "https://pbx.example") -> Batch:
        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)

        async def main() -> Batch:
            given = credential()
            given = type(given).of(url, given.client_id, given.client_secret)
            transport = httpx.MockTransport(self)
            async with Executor(
                given, retry=RetryPolicy(sleep=sleep, jitter=lambda: 1.0), transport=transport
            ) as executor:
                items = [{"Id": number} for number in range(count)]
                options = Options(concurrency=1)
                return await executor.run("DeleteUser", items, {"Id": "={{ $json.Id }}"}, options=options)

        return asyncio.run(main())


def failed(batch: Batch) -> ThreeCxError:
    error = batch.results[0].error
    assert error is not None
    assert "s3cr3t-key" not in str(error.to_json())
    assert error.description
    assert batch.exit_code == 3
    return error


BROKEN = {
    "502 page": httpx.Response(502, content=PAGE, headers=HTML),
    "503 page": httpx.Response(503, content=PAGE, headers=HTML),
    "504 empty": httpx.Response(504),
    "500 empty": httpx.Response(500),
    "500 JSON": httpx.Response(500, json={"error": {"code": "", "message": "Database is starting"}}),
    "503 JSON": httpx.Response(503, json={"error": "busy"}),
    "429": httpx.Response(429, headers={"retry-after": "7"}),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_login_to_a_busy_pbx_is_tried_again(broken: httpx.Response) -> None:
    pbx = LoginPbx(lambda number: broken if number == 1 else None)
    assert pbx.delete(3).exit_code == 0
    assert (pbx.logins, pbx.requests) == (2, 3)
    assert pbx.waits == [7.0 if broken.status_code == 429 else 0.5]


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_renewal_at_a_busy_pbx_is_tried_again(broken: httpx.Response) -> None:
    # The token ends with the fifth delete; login 2 was another client's, login 3 is the renewal.
    pbx = LoginPbx(lambda number: broken if number == 3 else None, ends_after=(5,))
    batch = pbx.delete(20)
    assert batch.exit_code == 0, batch.summary()
    assert pbx.logins == 4


MESSAGES = {
    "502 page": "answered 502 to the login (Bad Gateway, a web page): 503 Service Temporarily Unavailable",
    "504 empty": "answered 504 to the login (Gateway Timeout, an empty body)",
    "500 JSON": "answered 500 to the login (Internal Server Error): Database is starting",
    "503 JSON": "answered 503 to the login (Service Unavailable): busy",
    "429": "answered 429 to the login (Too Many Requests, an empty body)",
}


@pytest.mark.parametrize(("name", "message"), MESSAGES.items(), ids=MESSAGES)
def test_a_login_that_stays_broken_says_what_came(name: str, message: str) -> None:
    pbx = LoginPbx(lambda _: BROKEN[name])
    error = failed(pbx.delete(3))
    assert error.message == f"pbx.example {message}"
    assert not {"{", "3CX's API", "API key"} & {
        part for part in ("{", "3CX's API", "API key") if part in str(error)
    }
    # 500 is a fault inside 3CX, which stays; the others may pass within the time for repeats.
    assert pbx.logins == {"500 JSON": 3, "429": 5}.get(name, 7)
    assert sum(pbx.waits) <= DEFAULT_RETRY_TIME
    assert "values" not in error.description
    assert not error.outcome_unknown


def test_a_login_that_waits_too_long_is_not_tried_again() -> None:
    pbx = LoginPbx(lambda _: httpx.Response(429, headers={"retry-after": "3600"}))
    failed(pbx.delete())
    assert (pbx.logins, pbx.waits) == (1, [])


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize(
    "body", [b"", PAGE, b'{"error": "invalid_client"}', b'{"error": {"message": "bad"}}']
)
def test_a_refused_login_is_never_repeated(status: int, body: bytes) -> None:
    pbx = LoginPbx(lambda _: httpx.Response(status, content=body))
    error = failed(pbx.delete(10))
    assert pbx.logins == 1
    assert "{" not in error.message


def test_a_new_batch_asks_a_pbx_that_was_busy() -> None:
    async def main() -> tuple[int, int]:
        async def sleep(_: float) -> None:
            return

        pbx = LoginPbx(lambda number: httpx.Response(503) if number <= 7 else None)
        policy = RetryPolicy(sleep=sleep, jitter=lambda: 1.0)
        async with Executor(credential(), retry=policy, transport=httpx.MockTransport(pbx)) as executor:
            first = await executor.run("DeleteUser", [{}], {"Id": 5})
            second = await executor.run("DeleteUser", [{}], {"Id": 5})
        return first.exit_code, second.exit_code

    assert asyncio.run(main()) == (3, 0)


PLAIN_HTTP = {
    "nginx": (
        b"<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>",
        HTML,
    ),
    "Go": (b"Client sent an HTTP request to an HTTPS server.\n", {"content-type": "text/plain"}),
    "Apache": (b"<p>You're speaking plain HTTP to an SSL-enabled server port.</p>", HTML),
}


@pytest.mark.parametrize(("body", "headers"), PLAIN_HTTP.values(), ids=PLAIN_HTTP)
def test_plain_http_at_an_https_port_names_the_url(body: bytes, headers: dict[str, str]) -> None:
    pbx = LoginPbx(lambda _: httpx.Response(400, content=body, headers=headers))
    error = failed(pbx.delete(url="http://pbx.example:5001"))
    assert "expects HTTPS" in error.message
    assert "https://pbx.example:5001" in error.description
    assert pbx.logins == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("https://pbx.example:5001/connect/token", "https://pbx.example:5001"),
        ("https://pbx.example/", "https://pbx.example"),
        ("https://proxy.example/pbx/connect/token?x=1", "https://proxy.example/pbx"),
    ],
)
def test_a_redirect_to_https_names_the_url(status: int, location: str, url: str) -> None:
    pbx = LoginPbx(lambda _: httpx.Response(status, headers={"location": location}))
    error = failed(pbx.delete(url="http://pbx.example"))
    assert f"redirection to {url}" in error.message
    assert f"Use {url} as the PBX URL" in error.description
    assert pbx.logins == 1


@pytest.mark.parametrize("location", ["", "//[", "javascript:alert(1)", "https://a@b.example", "/elsewhere"])
def test_a_redirect_without_a_usable_address(location: str) -> None:
    pbx = LoginPbx(lambda _: httpx.Response(302, headers={"location": location}))
    assert "this is not 3CX's API" in failed(pbx.delete()).message


def test_requests_that_wait_for_a_login_share_its_failure() -> None:
    logins = 0

    async def refuse(request: httpx.Request) -> httpx.Response:
        nonlocal logins
        logins += 1
        await asyncio.sleep(0)
        raise httpx.ConnectError("refused", request=request) from ConnectionRefusedError()

    async def main() -> list[Any]:
        policy = RetryPolicy(retry_time=0)
        async with PbxClient(credential(), retry=policy, transport=httpx.MockTransport(refuse)) as client:
            return await asyncio.gather(
                *(client.send(HttpRequest("GET", "/Users")) for _ in range(4)), return_exceptions=True
            )

    errors = asyncio.run(main())
    assert logins == 1
    assert [getattr(each, "code", "") for each in errors] == ["connection_refused"] * 4
