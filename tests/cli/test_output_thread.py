"""Standard output that is read slowly: the event loop goes on, and nothing is lost or mixed up."""

from __future__ import annotations

import asyncio
import io
import os
import sys

import pytest

from threecx_node.cli.output_thread import OutputThread

PIECE = 4_000


@pytest.mark.skipif(os.name != "posix", reason="a pipe takes the place of standard output")
def test_a_slow_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    stream = io.TextIOWrapper(os.fdopen(writing, "wb"))
    monkeypatch.setattr(sys, "stdout", stream)

    async def run() -> int:
        output = OutputThread(on_lost=lambda: None)
        count = 0
        try:
            while True:
                await asyncio.wait_for(output.write(f"{count:0{PIECE}}".encode()), 0.2)
                count += 1
        except TimeoutError:
            # The pipe is full, and so is the queue; the loop has gone on.
            await output.drain()
        rest = asyncio.create_task(output.write(b"the end"))
        read = b""
        while not read.endswith(b"the end"):
            read += await asyncio.to_thread(os.read, reading, 2**20)
        await rest
        numbers = [int(read[place : place + PIECE]) for place in range(0, count * PIECE, PIECE)]
        assert numbers == list(range(count))
        return count

    assert asyncio.run(run()) > 100
    stream.close()
    os.close(reading)
