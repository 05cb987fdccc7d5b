"""Run every command and every program of docs/simulator.md in order, unchanged except for ports.

A `sh` block that contains only `threecx simulator …` is the reader's first terminal: each command is started, checked
for a response, and ended; the last one keeps running for the blocks that follow. The other `sh` blocks share one shell,
the second terminal. A `text` block is the output of the block before it; … matches any text.
"""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support import ROOT
from threecx_credentials.form import CREDENTIAL_TYPE

PAGE = ROOT / "docs" / "simulator.md"
INSTALL = 'pip install ".[simulator]"'
_FENCE = re.compile(r"^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_END = "--end-of-block--"


@dataclass(frozen=True)
class Block:
    kind: str
    text: str
    line: int


def blocks() -> list[Block]:
    page = PAGE.read_text()
    return [
        Block(match["kind"], match["text"], page.count("\n", 0, match.start()) + 1)
        for match in _FENCE.finditer(page)
    ]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Reader:
    """A reader who types all commands of the page into two terminals, with other ports."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {"5001": str(free_port()), "5004": str(free_port())}
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("THREECX", "PYTEST"))
        }
        path = os.pathsep.join([str(Path(sys.executable).parent), kept["PATH"]])
        self.environment = {**kept, "PATH": path, "PYTHONUNBUFFERED": "1"}
        self.serving: subprocess.Popen[str] | None = None
        self.shell = self.start(["bash", "--norc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.printed = ""

    def start(self, command: list[str], **streams: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(command, cwd=self.folder, env=self.environment, text=True, **streams)

    def close(self) -> None:
        try:
            self.end_serving()
        finally:
            self.shell.communicate("exit\n", timeout=30)

    def translated(self, text: str) -> str:
        return re.sub(r"\b(5001|5004)\b", lambda match: self.ports[match[1]], text)

    def serve(self, block: Block) -> None:
        for line in block.text.strip().splitlines():
            self.end_serving()
            command = self.translated(line)
            # The page omits the default port.
            command += "" if "--port" in command else f" --port {self.ports['5001']}"
            self.serving = self.start(["bash", "-c", f"exec {command}"], stderr=subprocess.PIPE)
            assert self.serving.stderr is not None
            said = self.serving.stderr.readline()
            assert "listens on" in said, said
            with socket.create_connection(("127.0.0.1", int(self.ports["5001"])), timeout=5):
                pass

    def end_serving(self) -> None:
        if self.serving is not None:
            self.serving.send_signal(signal.SIGINT)
            self.serving.communicate(timeout=30)
            assert self.serving.returncode == 0
            self.serving = None

    def type_in(self, block: Block) -> str:
        """Run a block in the shell and return its output; every command must succeed."""
        assert self.shell.stdin is not None
        assert self.shell.stdout is not None
        trap = "set -o pipefail; failed=0; trap 'failed=$?' ERR"
        script = f"{trap}\n{self.translated(block.text)}\nprintf '%s%s\\n' '{_END}' \"$failed\"\n"
        self.shell.stdin.write(script)
        self.shell.stdin.flush()
        printed, end = "", time.monotonic() + 60
        while _END not in printed:
            ready, _, _ = select.select([self.shell.stdout], [], [], max(0, end - time.monotonic()))
            assert ready, f"line {block.line} does not end; so far: {printed}"
            chunk = os.read(self.shell.stdout.fileno(), 65536).decode()
            assert chunk, f"line {block.line} ended the shell; so far: {printed}"
            printed += chunk
        printed, _, failed = printed.partition(_END)
        assert failed.strip() == "0", f"line {block.line}: exit code {failed} after {printed}"
        return printed

    def run_python(self, block: Block) -> str:
        program = self.folder / f"test_line_{block.line}.py"
        program.write_text(self.translated(block.text))
        is_test = "def test_" in block.text
        command = [
            sys.executable,
            *(["-m", "pytest", "-q", "-p", "no:cacheprovider"] if is_test else []),
            program.name,
        ]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"line {block.line}: {done.stdout}{done.stderr}"
        return done.stdout

    def compare(self, block: Block) -> None:
        pattern = ".*".join(re.escape(part) for part in self.translated(block.text).strip().split("…"))
        assert re.fullmatch(pattern, self.printed.strip(), re.DOTALL), f"line {block.line}: {self.printed}"

    def paste(self, block: Block) -> None:
        """Run HTTP Request nodes as n8n does: one after the other, each with the result of the one before."""
        canvas = json.loads(self.translated(block.text))
        nodes = {node["name"]: node for node in canvas["nodes"]}
        [first] = nodes.keys() - {
            link["node"]
            for each in canvas["connections"].values()
            for output in each["main"]
            for link in output
        }
        item: dict[str, Any] = {}
        names = [first, *(link["node"] for link in canvas["connections"][first]["main"][0])]
        assert sorted(names) == sorted(nodes)
        for name in names:
            item = self.http_request(nodes[name]["parameters"], item)
        assert len(item["value"]) > 5

    @staticmethod
    def http_request(parameters: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
        def pairs(name: str) -> dict[str, str]:
            given = parameters.get(name, {}).get("parameters", [])
            return {
                each["name"]: re.sub(
                    r"\{\{ \$json\.(\w+) \}\}", lambda m: str(item[m[1]]), each["value"]
                ).removeprefix("=")
                for each in given
            }

        answer = httpx.request(
            parameters.get("method", "GET"),
            parameters["url"],
            headers=pairs("headerParameters"),
            data=pairs("bodyParameters") or None,
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def follow(self, block: Block) -> None:
        lines = block.text.strip().splitlines()
        if block.kind == "text":
            self.compare(block)
        elif block.kind == "python":
            self.printed = self.run_python(block)
        elif block.kind == "json":
            self.paste(block)
        elif block.text.strip() == INSTALL:
            assert shutil.which("threecx", path=self.environment["PATH"])
        elif all(line.startswith("threecx simulator") for line in lines):
            self.serve(block)
        else:
            assert block.kind == "sh", f"line {block.line} has a type that cannot be run"
            self.printed = self.type_in(block)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    for needed in ("bash", "curl"):
        assert shutil.which(needed), f"{needed} is missing: the docs' examples are run with it"
    one = Reader(tmp_path)
    yield one
    one.close()


def test_all_blocks(reader: Reader) -> None:
    found = blocks()
    assert len(found) > 25
    for block in found:
        reader.follow(block)
    assert (reader.folder / "office.sqlite").exists()


def test_options() -> None:
    threecx = Path(sys.executable).with_name("threecx")
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
    shown = subprocess.run(
        [threecx, "simulator", "--help"], capture_output=True, text=True, check=True, env=environment
    ).stdout
    options = set(re.findall(r"^\s+(?:-\w, )?(--[\w-]+)", shown, re.MULTILINE))
    assert len(options) > 12
    simulators = re.sub(r"(?m)^(curl|threecx execute|  ).*$", "", PAGE.read_text())
    named = set(re.findall(r"(?<![\w-])--[a-z][\w-]+", simulators))
    assert named - {"--data-urlencode"} <= options
    # The help documents these well enough.
    assert options - named <= {"--client-id", "--client-secret", "--help", "--host"}


def test_credential_fields() -> None:
    section = PAGE.read_text().partition("**3CX API**")[2].partition("\n\nIf ")[0]
    fields = re.findall(r"^\| ([\w ]+) \| ", section, re.MULTILINE)[1:]
    shown = [each for each in CREDENTIAL_TYPE["properties"] if each["type"] not in ("hidden", "notice")]
    known = {each["displayName"] for each in shown}
    assert fields
    assert set(fields) <= known
    # docs/n8n.md documents these two.
    assert known - set(fields) == {"Connection", "Profile"}
