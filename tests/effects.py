"""A PBX on a real socket that deletes contacts, counts the deletions, and calls a test at each of them."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.transport.servers import response, running

_REQUEST = re.compile(r"(DELETE|GET) /xapi/v1/Contacts\((\d+)\)")
_GONE = b'{"error": {"code": "", "message": "Id:\\nWARNINGS.XAPI.NOT_FOUND"}}'


def _pass(_: int) -> None:
    return None


@dataclass
class Deletions:
    """Count the deletions of each contact.

    `before` and `after` are called around each deletion, with the number of deletions so far.
    """

    counts: Counter[int] = field(default_factory=Counter)
    requests: list[str] = field(default_factory=list)
    before: Callable[[int], None] = _pass
    after: Callable[[int], None] = _pass
    port: int = 0

    @property
    def env(self) -> dict[str, str]:
        """The environment of a command that works with this PBX."""
        return {
            "THREECX_BASE_URL": f"http://127.0.0.1:{self.port}",
            "THREECX_CLIENT_ID": "900",
            "THREECX_CLIENT_SECRET": "s3cr3t-key",
        }

    def kill_at(self, process: subprocess.Popen[Any], count: int, *, before: bool) -> None:
        """Kill the process at a deletion: before it is carried out, or after it and before its response."""

        def kill(done: int) -> None:
            # Requests that wait in other connections are carried out after the process has ended.
            if done >= count:
                process.kill()
                process.wait()

        self.before, self.after = (kill, _pass) if before else (_pass, kill)

    def answer(self, head: str) -> bytes:
        """Return the response to a request, whose first line is `head`."""
        self.requests.append(head)
        match = _REQUEST.search(head)
        if match is None:
            return response(404, _GONE)
        number = int(match[2])
        if match[1] == "GET":
            return response(404, _GONE) if self.counts[number] else response(body=b'{"Id": %d}' % number)
        self.before(self.counts.total())
        if self.counts[number]:
            return response(404, _GONE)
        self.counts[number] += 1
        self.after(self.counts.total())
        return b"HTTP/1.1 204 No Content\r\n\r\n"


@contextmanager
def deleting_pbx() -> Iterator[Deletions]:
    """Run the PBX in a thread until the block ends."""
    deletions = Deletions()
    with running(deletions.answer) as server:
        deletions.port = server.port
        yield deletions
