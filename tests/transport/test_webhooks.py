"""The client of deliveries, against receivers that do as they like."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from tests.events.receiver import Receiver, receiving
from threecx_node.errors import TransportError
from threecx_node.transport.webhooks import WebhookClient, WebhookResponse


def run(test: Callable[[Receiver, WebhookClient], Awaitable[None]], *, timeout: float = 15.0) -> None:
    async def with_client() -> None:
        async with receiving() as receiver:
            client = WebhookClient(timeout=timeout)
            try:
                await test(receiver, client)
            finally:
                await client.aclose()

    asyncio.run(with_client())


async def post(client: WebhookClient, url: str) -> WebhookResponse:
    return await client.post(url, headers={"webhook-id": "evt_1"}, body=b"{}")


def test_a_connection_is_used_again_and_carries_no_credential() -> None:
    async def test(receiver: Receiver, client: WebhookClient) -> None:
        for _ in range(3):
            assert (await post(client, receiver.url)).status == 200
        assert len(receiver.connections) == 1
        headers = receiver.deliveries[0].headers
        assert set(headers) == {
            *(
                "accept",
                "accept-encoding",
                "content-length",
                "content-type",
                "host",
                "user-agent",
                "webhook-id",
            )
        }
        assert headers["content-type"] == "application/json"

    run(test)


def test_an_endless_response_is_not_read() -> None:
    async def test(receiver: Receiver, client: WebhookClient) -> None:
        async def answer(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            while True:
                await response.write(b"x" * 65_536)

        receiver.answer_request = answer
        assert (await post(client, receiver.url)).status == 200

    run(test)


def test_a_receiver_that_does_not_answer_is_given_up() -> None:
    async def test(receiver: Receiver, client: WebhookClient) -> None:
        async def answer(request: web.Request) -> web.StreamResponse:
            del request
            await asyncio.Event().wait()
            raise AssertionError

        receiver.answer_request = answer
        with pytest.raises(TransportError) as caught:
            await post(client, receiver.url)
        assert caught.value.code == "timeout"

    run(test, timeout=0.2)


def test_redirects_are_followed_within_the_origin_only() -> None:
    async def test(receiver: Receiver, client: WebhookClient) -> None:
        other = f"http://localhost:{receiver.port}/other"
        for target, status, expected, count in (
            ("/moved", 307, 200, 2),
            ("/moved", 308, 200, 2),
            ("/moved", 302, 302, 1),
            (other, 307, 307, 1),
            ("/webhook/planted-path", 307, 307, 3),
        ):
            receiver.deliveries.clear()

            async def answer(
                request: web.Request, target: str = target, status: int = status
            ) -> web.StreamResponse:
                is_first = request.path == "/webhook/planted-path"
                return web.Response(
                    status=status if is_first else 200, headers={"location": target} if is_first else {}
                )

            receiver.answer_request = answer
            response = await post(client, receiver.url)
            assert (response.status, len(receiver.deliveries)) == (expected, count)

    run(test)


def test_a_name_of_a_forbidden_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*args: object, **options: object) -> list[object]:
        del args, options
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 80))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)

    async def test(receiver: Receiver, client: WebhookClient) -> None:
        del receiver
        with pytest.raises(TransportError) as caught:
            await post(client, "http://rebound.example.com/webhook")
        assert caught.value.code == "forbidden_address"
        assert "PBX" not in caught.value.one_line()

    run(test)


def test_retry_after_is_read() -> None:
    async def test(receiver: Receiver, client: WebhookClient) -> None:
        async def answer(request: web.Request) -> web.StreamResponse:
            del request
            return web.Response(status=429, headers={"retry-after": "7"})

        receiver.answer_request = answer
        assert await post(client, receiver.url) == WebhookResponse(429, 7.0)

    run(test)
