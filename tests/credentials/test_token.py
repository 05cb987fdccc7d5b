"""Tokens: how long they are valid, and that one is requested only when it is needed, and only once."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threecx_credentials import Credential, LoginRefusedError, MemoryTokenStore, Token, TokenSource
from threecx_credentials.token import read_jwt_lifetime, read_lifetime

KEY = "s3cr3t-key"
CREDENTIAL = Credential.of("pbx.example", "workflow", KEY)


def jwt(claims: Mapping[str, Any]) -> str:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none'})}.{part(claims)}.signature"


@dataclass
class Response:
    status: int
    body: Any

    @property
    def content(self) -> bytes:
        return b"<html>" if self.body is None else json.dumps(self.body).encode()


@dataclass
class Pbx:
    """A token endpoint; `answer` is the response to every request, `wait` seconds after it arrived."""

    answer: Response | None = None
    wait: float = 0.0
    forms: list[Mapping[str, str]] = field(default_factory=list)

    async def __call__(self, path: str, form: Mapping[str, str], timeout: float) -> Response:  # noqa: ASYNC109 (the client's)
        assert path == "/connect/token"
        assert timeout == 5
        self.forms.append(form)
        number = len(self.forms)
        await asyncio.sleep(self.wait)
        return self.answer or Response(200, {"access_token": f"token-{number}", "expires_in": 60})


def lifetime(token: str, expires_in: object) -> float:
    return read_lifetime(token, expires_in, 1000.0)


def test_the_end_comes_from_the_jwt_first() -> None:
    assert lifetime(jwt({"exp": 4600, "iat": 1000}), 60) == 3600
    # A clock that is a day off on either side changes nothing, since both ends come from the PBX's clock.
    assert lifetime(jwt({"exp": 4600 + 86400, "iat": 1000 + 86400}), 60) == 3600
    assert lifetime(jwt({"exp": 1500}), 60) == 500


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [
        (60, 3600),
        ("60", 3600),
        (3600, 3600),
        (3599, 3599),
        (None, 3600),
        ("soon", 3600),
        (0, 3600),
        (-5, 3600),
    ],
)
def test_expires_in_is_minutes_or_seconds(expires_in: object, seconds: float) -> None:
    assert lifetime("opaque", expires_in) == seconds


@pytest.mark.parametrize(
    "token", ["a.b.c", "a.e30.c", jwt({"exp": "x"}), jwt({"exp": 5, "iat": 5}), "..", "a.W10.c"]
)
def test_a_jwt_without_an_end_is_not_an_error(token: str) -> None:
    assert read_jwt_lifetime(token, 1000.0) is None
    assert lifetime(token, 60) == 3600


@given(st.text(max_size=60))
def test_any_token_text_is_survived(text: str) -> None:
    found = read_jwt_lifetime(text, 1000.0)
    assert found is None or found > 0


def test_it_is_renewed_before_it_ends() -> None:
    token = Token.from_response(jwt({"exp": 4600, "iat": 1000}), 60, 1000.0)
    assert token.renew_at == 4600 - 60
    short = Token.from_response(jwt({"exp": 1010, "iat": 1000}), 60, 1000.0)
    assert short.renew_at == 1009


def test_many_callers_request_one_token() -> None:
    pbx = Pbx(wait=0.01)

    async def run() -> set[str]:
        source = TokenSource(CREDENTIAL, MemoryTokenStore(), pbx)
        tokens = await asyncio.gather(*(source.get_token(timeout=5) for _ in range(50)))
        return {token.access_token.reveal() for token in tokens}

    assert asyncio.run(run()) == {"token-1"}
    assert pbx.forms == [{"grant_type": "client_credentials", "client_id": "workflow", "client_secret": KEY}]


def test_many_callers_with_a_refused_token_request_one() -> None:
    pbx = Pbx(wait=0.01)

    async def run() -> set[str]:
        source = TokenSource(CREDENTIAL, MemoryTokenStore(), pbx)
        old = (await source.get_token(timeout=5)).access_token
        tokens = await asyncio.gather(*(source.get_token(refused=old, timeout=5) for _ in range(50)))
        return {token.access_token.reveal() for token in tokens}

    assert asyncio.run(run()) == {"token-2"}
    assert len(pbx.forms) == 2


def test_an_ended_token_is_replaced() -> None:
    now = int(time.time())
    pbx = Pbx(Response(200, {"access_token": jwt({"exp": now - 3600, "iat": now - 3602}), "expires_in": 2}))

    async def run() -> None:
        moment = float(now)
        source = TokenSource(CREDENTIAL, MemoryTokenStore(), pbx, now=lambda: moment)
        await source.get_token(timeout=5)
        moment += 1.7
        await source.get_token(timeout=5)
        assert len(pbx.forms) == 1
        moment += 0.2
        await source.get_token(timeout=5)

    asyncio.run(run())
    assert len(pbx.forms) == 2


def test_a_refused_login_is_asked_once_by_all_who_wait() -> None:
    words = f"bad key {KEY}"
    pbx = Pbx(Response(401, {"error": "unauthorized", "error_description": words}), wait=0.01)

    async def run() -> list[object]:
        source = TokenSource(CREDENTIAL, MemoryTokenStore(), pbx)
        return await asyncio.gather(*(source.get_token(timeout=5) for _ in range(20)), return_exceptions=True)

    errors = asyncio.run(run())
    assert len(pbx.forms) == 1
    for error in errors:
        assert isinstance(error, LoginRefusedError)
        assert (error.status, error.code) == (401, "unauthorized")
        assert KEY not in str(error)


@pytest.mark.parametrize(
    "answer",
    [
        Response(200, None),
        Response(200, []),
        Response(200, {}),
        Response(200, {"access_token": 5}),
        Response(500, {}),
    ],
)
def test_an_answer_without_token_is_a_refusal(answer: Response) -> None:
    async def run() -> None:
        await TokenSource(CREDENTIAL, MemoryTokenStore(), Pbx(answer)).get_token(timeout=5)

    with pytest.raises(LoginRefusedError):
        asyncio.run(run())
