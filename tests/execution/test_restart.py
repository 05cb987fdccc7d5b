"""A PBX that restarts in mid batch: a real process, killed and started again on the same port."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.transport.servers import free_port
from threecx_credentials import Credential, MemoryTokenStore
from threecx_node.execution.executor import Executor
from threecx_node.execution.results import Batch
from threecx_node.options import Options

pytestmark = pytest.mark.slow

ITEMS = 300
SECONDS_DOWN = 3.0


class RestartingPbx:
    """The process of a PBX and the file of its effects."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._file = folder / "effects"
        self._file.touch()
        self._process = self._start()

    @property
    def effects(self) -> list[int]:
        return [int(each) for each in self._file.read_text().split()]

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(10)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def restart(self) -> None:
        self._process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        script = Path(__file__).with_name("restarting_pbx.py")
        command = [sys.executable, str(script), str(self.port), str(self._file)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "listening\n"
        return process


def test_a_restart_of_the_pbx_is_waited_out(tmp_path: Path) -> None:
    pbx = RestartingPbx(tmp_path)

    def restart() -> None:
        deadline = time.monotonic() + 30
        while len(pbx.effects) < ITEMS // 3:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        pbx.kill()
        # How long the PBX is away.
        time.sleep(SECONDS_DOWN)
        pbx.restart()

    async def main() -> Batch:
        credential = Credential.of(f"http://127.0.0.1:{pbx.port}", "workflow", "key")
        async with Executor(credential, token_store=MemoryTokenStore()) as executor:
            restarting = asyncio.create_task(asyncio.to_thread(restart))
            batch = await executor.run(
                "DeleteCallFlowApp",
                [{"Id": number} for number in range(1, ITEMS + 1)],
                {"Id": "={{ $json.Id }}"},
                options=Options(continue_on_fail=True),
            )
            await restarting
            return batch

    try:
        batch = asyncio.run(main())
    finally:
        pbx.kill()
    assert batch.summary() == ""
    assert Counter(pbx.effects) == Counter(range(1, ITEMS + 1)), "300 done, each once"
