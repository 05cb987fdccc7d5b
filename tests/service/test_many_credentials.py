"""Many credentials at one service: executors are closed, and what they need is shared."""

from __future__ import annotations

import asyncio
import ssl
import sys
from pathlib import Path

import httpx
import pytest

from tests.reliability.soak import soak_pbx
from tests.reliability.watched import watched_service
from threecx_credentials import Credential
from threecx_node.service.executor_pool import _MAX_EXECUTORS, ExecutorPool
from threecx_node.transport.tls import build_tls_context

COUNT = 1_200
MOST_BYTES = 150_000_000


def test_many_credentials_share_contexts_and_are_evicted() -> None:
    contexts: set[ssl.SSLContext] = set()

    async def run() -> None:
        pool = ExecutorPool()
        for number in range(COUNT):
            credential = Credential.of(
                f"https://pbx{number}.example", str(number), f"key-{number}", verify_tls=number % 2 == 0
            )
            async with pool.executor(credential) as executor:
                _ = executor.client
                contexts.add(build_tls_context(verify=credential.verify_tls, ca_file=None))
        assert len(pool._entries) <= _MAX_EXECUTORS
        await pool.aclose()

    asyncio.run(run())
    assert len(contexts) == 2
    unverified = build_tls_context(verify=False, ca_file=None)
    # The certificate authorities are not read where they are not used.
    assert (unverified.verify_mode, unverified.get_ca_certs()) == (ssl.CERT_NONE, [])


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="processes are watched by /proc")
def test_1200_credentials_take_less_than_150_mb(tmp_path: Path) -> None:
    with soak_pbx() as (pbx, _), watched_service(tmp_path) as (watch, url):
        address = f"http://127.0.0.1:{pbx.port}"

        async def check(client: httpx.AsyncClient, numbers: range) -> None:
            for number in numbers:
                given = {
                    "baseUrl": address,
                    "clientId": f"client-{number}",
                    "clientSecret": f"key-{number}",
                    "verifyTls": number % 2 == 0,
                }
                answer = await client.post("/v1/check", json={"pbx": given}, timeout=60)
                assert answer.status_code == 200, answer.text
                if number % 10 == 0:
                    sizes.append(watch.resident())

        async def run() -> None:
            async with httpx.AsyncClient(base_url=url) as client:
                await asyncio.gather(*(check(client, range(start, COUNT, 8)) for start in range(8)))

        sizes: list[int] = []
        asyncio.run(run())
        assert len(sizes) == COUNT // 10
        assert max(sizes) < MOST_BYTES
