"""The listener and its access: tokens that end, rights that are missing, logins that are refused."""

# ruff: noqa: ARG001 (all scenarios have the same arguments)

from __future__ import annotations

import asyncio
import logging

import pytest

from tests.callcontrol.scenarios import Events, play, ringing, show, until
from tests.callcontrol.small_pbx import KEY, SmallPbx
from threecx_node.callcontrol.client import CallControlClient
from threecx_node.errors import LoginError, ResponseError, ThreeCxError, TransportError


def test_close_code_4401_requests_a_new_token() -> None:
    async def scenario(pbx: SmallPbx, client: CallControlClient, events: Events) -> None:
        await events.next()
        await pbx.close_sockets(4401)
        await pbx.upsert("100", 1, quiet=True, status="Connected")
        assert await events.texts(1) == ["updated 100/1 Connected inferred"]
        assert pbx.logins == 2

    play(scenario, ringing)


def test_a_killed_token_is_replaced() -> None:
    async def scenario(pbx: SmallPbx, client: CallControlClient, events: Events) -> None:
        await events.next()
        for turn in range(5):
            pbx.kill_token()
            await pbx.cut()
            await pbx.upsert("100", 1, quiet=True, status=f"s{turn}")
            assert await events.texts(1) == [f"updated 100/1 s{turn} inferred"]
        assert pbx.logins == 6

    play(scenario, ringing)


def test_a_fight_for_the_token_is_reported() -> None:
    async def scenario(pbx: SmallPbx, client: CallControlClient, events: Events) -> None:
        await events.next()

        async def fight() -> None:
            while True:
                await until(lambda: bool(pbx.sockets))
                pbx.kill_token()
                await pbx.close_sockets(4401)

        fighting = asyncio.create_task(fight())
        try:
            while True:
                await events.next()
        except LoginError as error:
            refused = error
        fighting.cancel()
        assert refused.code == "token_contested"
        assert "Another program logs in" in refused.description
        assert pbx.logins < 12

    play(scenario, ringing)


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (403, "call_control_forbidden", "refused access to its Call Control API: not enabled"),
        (404, "call_control_off", "has no Call Control API: not enabled"),
    ],
)
def test_a_client_without_the_right_gets_advice(status: int, code: str, words: str) -> None:
    async def scenario(pbx: SmallPbx, client: CallControlClient, events: Events) -> None:
        with pytest.raises(ResponseError) as caught:
            await events.next()
        assert (caught.value.code, caught.value.http_code) == (code, status)
        assert caught.value.message == f"127.0.0.1:{pbx.port} {words}"
        assert "Call Control" in caught.value.description

    def prepare(pbx: SmallPbx) -> None:
        pbx.handshake_status = status

    play(scenario, prepare)


def test_a_passing_refusal_does_not_end_a_live_listener() -> None:
    async def scenario(pbx: SmallPbx, client: CallControlClient, events: Events) -> None:
        await events.next()
        pbx.handshake_status = 403
        await pbx.cut()
        await until(lambda: len(pbx.headers) >= 3)
        pbx.handshake_status = 0
        await pbx.upsert("100", 1, status="Connected")
        assert (await events.next()).kind == "updated"
        pbx.handshake_status = 404
        await pbx.cut()
        with pytest.raises(ResponseError):
            await events.next()

    play(scenario, ringing)


def test_a_refused_login_is_not_repeated() -> None:
    async def scenario(pbx: SmallPbx, client: CallControlClient, events: Events) -> None:
        with pytest.raises(LoginError):
            await events.next()
        assert pbx.logins == 0

    play(scenario, key="wrong")


def test_a_busy_pbx_is_asked_until_it_answers() -> None:
    async def scenario(pbx: SmallPbx, client: CallControlClient, events: Events) -> None:
        waiting = asyncio.create_task(events.next())
        await until(lambda: len(pbx.headers) >= 4)
        assert events.notes == ["cannot connect: not enabled; trying again"]
        pbx.handshake_status = 0
        assert show(await waiting) == "updated 100/1 Ringing inferred"

    def prepare(pbx: SmallPbx) -> None:
        ringing(pbx)
        pbx.handshake_status = 503

    play(scenario, prepare)


def test_the_token_is_sent_in_the_header_and_shown_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(pbx: SmallPbx, client: CallControlClient, events: Events) -> None:
        await events.next()
        assert pbx.headers == ["/callcontrol/ws"]
        sockets, pbx.sockets = pbx.sockets, []
        for socket in sockets:
            await socket.close(code=4000, message=f"bad token {pbx.tokens[id(socket)]} of {KEY}".encode())
        await until(lambda: len(events.notes) == 3)
        assert "closed with code 4000 (bad token ******** of ********)" in events.notes[1]

    with caplog.at_level(logging.DEBUG):
        play(scenario, ringing)
    assert KEY not in caplog.text
    assert "token-1" not in caplog.text.replace("token-1\r\n", "")


def test_a_server_that_is_not_a_pbx_is_an_error() -> None:
    async def scenario(pbx: SmallPbx, client: CallControlClient, events: Events) -> None:
        with pytest.raises(ThreeCxError) as caught:
            await events.next()
        assert isinstance(caught.value, TransportError)
        assert caught.value.code == "not_3cx"

    def prepare(pbx: SmallPbx) -> None:
        pbx.handshake_status = 200

    play(scenario, prepare)
