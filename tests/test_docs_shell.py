"""Run the shell commands of README.md and of the documents in their order, against one simulated PBX for each page.

A reader who runs them one after the other gets what the page says: no example deletes what a later one needs. The
comment `# exit code N` in a line is the exit code of its command; it is 0 elsewhere.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.cli.conftest import environment
from tests.support import ROOT
from threecx_node.simulator import Simulator

PAGES = sorted(
    str(each.relative_to(ROOT))
    for pattern in ("*.md", "docs/*.md", "examples/**/*.md")
    for each in ROOT.glob(pattern)
    if "```sh\n" in each.read_text(encoding="utf-8")
)
# Pages and commands that this test does not run, and why.
PAGES_NOT_RUN = {
    "docs/simulator.md": "tests/simulator/test_docs.py runs it, because it starts a simulator for each section",
    "examples/deploy/README.md": "it needs root rights, systemd or Docker",
}
COMMANDS_NOT_RUN = {
    r"make .*": "it needs the network, n8n, or minutes; tests/test_docs_links.py checks that the target exists",
    r"pip install .*": "it needs the network",
    r"threecx simulator( --traffic .*)?": "the simulator of this test runs in its place",
    r"threecx listen.*": "it runs until it is stopped; tests/cli/test_listen.py starts it",
    r"threecx serve .*": "it runs until it is stopped; the tests in tests/service start it",
    r"WEBHOOK_SECRET=.*": "it runs until it is stopped; tests/service/test_webhooks.py starts it",
    r"threecx subscriptions test ID": "ID stands for an ID; tests/cli/test_subscriptions.py runs it",
}
# Pages whose executor this test starts, as they say. Its address takes the place of the usual one.
PAGES_WITH_EXECUTOR = {"docs/events.md"}
EXECUTOR_URL = "http://127.0.0.1:8765"
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
_EXIT_CODE = re.compile(r"# exit code (\d+)$")
README = "README.md"
# A PBX as the documents write it; the simulated one takes its place.
ADDRESS = "https://pbx.example.com:5001"


def commands(page: str) -> list[str]:
    """Return the commands of a page in their order; a line that ends with a backslash goes on in the next."""
    blocks = _BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))
    lines = re.sub(r"\\\n\s*", "", "".join(blocks)).splitlines()
    return [each for each in lines if each.strip()]


def is_run(command: str) -> bool:
    plain = command.partition("  #")[0].strip()
    return not any(re.fullmatch(pattern, plain) for pattern in COMMANDS_NOT_RUN)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[tuple[Path, Mapping[str, str]]]:
    """Return the folder and the environment of a reader who has pasted the lines that the simulator prints."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    # The workflow that a reader has exported from n8n.
    shutil.copy(ROOT / "tests" / "n8n" / "migrate" / "http-requests.json", tmp_path / "workflow.json")
    with Simulator() as pbx:
        variables = {
            "THREECX_BASE_URL": pbx.base_url,
            "THREECX_CLIENT_ID": pbx.client_id,
            "THREECX_CLIENT_SECRET": pbx.client_secret,
            # Profiles of the reader, in place of those of the user who runs the tests.
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
        }
        yield tmp_path, environment(variables)


def run(command: str, reader: tuple[Path, Mapping[str, str]]) -> subprocess.CompletedProcess[str]:
    folder, variables = reader
    return subprocess.run(
        ["bash", "-c", command.replace(ADDRESS, variables["THREECX_BASE_URL"])],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Setting:
    """The terminal of a reader: the variables that were exported, and the executor that was started."""

    def __init__(self, reader: tuple[Path, Mapping[str, str]]) -> None:
        self.exports: list[str] = []
        self._reader = reader
        self._url = EXECUTOR_URL

    def start_executor(self, command: str) -> Callable[[], None]:
        """Start an executor on a free port; return a function that ends it."""
        folder, variables = self._reader
        arguments = [*shlex.split(command), "--port", "0", "--state-dir", str(folder / "state")]
        process = subprocess.Popen(
            [sys.executable, "-m", "threecx_node.cli", *arguments[1:]],
            cwd=folder,
            env=variables,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        line = next(each for each in process.stderr if "listens on" in each)
        self._url = line.split(" ")[4].rstrip(";")

        def end() -> None:
            with process:
                process.kill()

        return end

    def adapt(self, command: str) -> str:
        """Return a command as the reader's terminal runs it."""
        exports = [*self.exports, f"export THREECX_EXECUTOR={self._url}"]
        return "\n".join((*exports, command.replace(EXECUTOR_URL, self._url)))


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_shell_examples_run_in_their_order(
    page: str, reader: tuple[Path, Mapping[str, str]], request: pytest.FixtureRequest
) -> None:
    if page in PAGES_NOT_RUN:
        return
    outputs = {}
    setting = Setting(reader)
    for command in commands(page):
        if page in PAGES_WITH_EXECUTOR and command.startswith("threecx serve "):
            request.addfinalizer(setting.start_executor(command))
            continue
        if not is_run(command):
            continue
        if command.startswith("export "):
            setting.exports.append(command)
        expected = _EXIT_CODE.search(command)
        done = run(setting.adapt(command), reader)
        assert done.returncode == int(expected[1] if expected else 0), (
            f"{command}\n{done.stdout}\n{done.stderr}"
        )
        outputs[command] = done.stdout
    if page == README:
        assert len(outputs) >= 7
        check_readme(list(outputs.values()))
        check_program(reader)


def check_readme(outputs: list[str]) -> None:
    """Check that each item of the README's lists is carried out, but for the two that the page mentions."""
    *_, read, deleted = (json.loads(each) for each in outputs if each.lstrip().startswith("["))
    failed = [
        [each["error"]["httpCode"] for each in results if "error" in each] for results in (read, deleted)
    ]
    assert (len(read), len(deleted), failed) == (6, 6, [[404], [412, 404]])


def check_program(reader: tuple[Path, Mapping[str, str]]) -> None:
    """Run the program of README.md on the PBX on which the commands before it ran."""
    [code] = re.findall(r"^```python\n(.*?)^```", (ROOT / README).read_text(), re.MULTILINE | re.DOTALL)
    folder, variables = reader
    for written, name in (
        (ADDRESS, "BASE_URL"),
        ("900", "CLIENT_ID"),
        ("the API key", "CLIENT_SECRET"),
    ):
        code = code.replace(f'"{written}"', repr(variables[f"THREECX_{name}"]))
    (folder / "program.py").write_text(code)
    done = run("python program.py", reader)
    assert done.stdout.count("'deleted': True") == 2, done.stdout + done.stderr


def test_the_list_of_pages_and_commands_is_up_to_date() -> None:
    assert set(PAGES_NOT_RUN) <= set(PAGES)
    assert {README, "docs/n8n.md", "docs/parameters.md", "docs/service.md"} <= set(PAGES)
    every = [each.partition("  #")[0].strip() for page in PAGES for each in commands(page)]
    for pattern in COMMANDS_NOT_RUN:
        assert any(re.fullmatch(pattern, each) for each in every), pattern
