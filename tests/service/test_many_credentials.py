"""Many credentials at one service: executors are closed, and what they need is shared."""

from __future__ import annotations

import asyncio
import ssl

from threecx_credentials import Credential
from threecx_node.service.executor_pool import _MAX_EXECUTORS, ExecutorPool
from threecx_node.transport.tls import build_tls_context

COUNT = 1_200


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
