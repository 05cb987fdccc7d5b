"""The fixtures as users of the package have them: pytest in another process and folder."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

# Plugins of the development environment, which users of the package need not have, and which take seconds to load.
_PLUGINS = (
    "-p",
    "no:cacheprovider",
    "-p",
    "no:pytest_postgresql",
    "-p",
    "no:schemathesis",
    "-p",
    "no:hypothesispytest",
)
STRICT = "[pytest]\naddopts = --strict-markers --strict-config\nfilterwarnings = error\n"


def pytest_run(folder: Path, source: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "pytest.ini").write_text(STRICT)
    (folder / "test_users.py").write_text(source)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON"))}
    return subprocess.run(
        [sys.executable, "-m", "pytest", *_PLUGINS, "-v", *arguments],
        cwd=folder,
        env=kept,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_entry_point() -> None:
    [found] = [point for point in entry_points(group="pytest11") if point.name == "threecx_simulator"]
    assert found.value == "threecx_node.simulator.pytest_plugin"


FRESH = """
import httpx
import pytest


@pytest.mark.parametrize("time", range(2))
def test_each_test_has_a_new_pbx(threecx_simulator, time):
    pbx = threecx_simulator
    app = pbx.state.entities("CallFlowApps")[0]
    assert pbx.state.count("CallFlowApps") == 8
    headers = {"Authorization": f"Bearer {pbx.token()}"}
    answer = httpx.delete(f"{pbx.base_url}/xapi/v1/CallFlowApps({app['Id']})", headers=headers)
    assert answer.status_code == 204
    assert pbx.state.count("CallFlowApps") == 7
    assert [seen.method for seen in pbx.requests] == ["DELETE"]
"""

OPTIONS = """
import httpx
import pytest

pytestmark = pytest.mark.threecx_simulator(release="20.0.5", seed="empty")


def test_options_of_the_module(threecx_simulator):
    assert threecx_simulator.release == "20.0.5"
    assert threecx_simulator.state.count("Users") == 1


@pytest.mark.threecx_simulator(release="20.0.8")
class TestClass:
    def test_of_the_class(self, threecx_simulator):
        assert threecx_simulator.release == "20.0.8"
        assert threecx_simulator.state.count("Users") == 1

    @pytest.mark.threecx_simulator(client_id="robot", seed="office")
    def test_of_the_test(self, threecx_simulator):
        assert threecx_simulator.release == "20.0.8"
        assert threecx_simulator.client_id == "robot"
        assert threecx_simulator.state.count("Users") == 25
"""

FACTORY = """
import socket
import pytest

left = []


def test_several_pbxs(threecx_simulator, threecx_simulator_factory):
    old = threecx_simulator_factory(release="20.0.4", seed="empty")
    new = threecx_simulator_factory(latency_ms=5)
    assert old.release == "20.0.4"
    assert new.faults.latency_ms == 5
    assert len({threecx_simulator.base_url, old.base_url, new.base_url}) == 3
    left.extend([*threecx_simulator.ports, *old.ports, *new.ports])


def test_all_are_stopped():
    assert len(left) == 3
    for port in left:
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
"""


@pytest.mark.parametrize(("source", "passed"), [(FRESH, 2), (OPTIONS, 3), (FACTORY, 2)])
def test_the_fixtures(tmp_path: Path, source: str, passed: int) -> None:
    done = pytest_run(tmp_path, source)
    assert f"{passed} passed" in done.stdout, done.stdout + done.stderr


def test_the_fixtures_with_xdist(tmp_path: Path) -> None:
    done = pytest_run(tmp_path, FRESH, "-n", "2")
    assert "2 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("'20.0.8'", "the marker threecx_simulator takes options by name"),
        ("release='20.0.3'", "does not contain release '20.0.3'"),
        ("colour='blue'", "colour"),
    ],
)
def test_invalid_options(tmp_path: Path, marker: str, message: str) -> None:
    source = f"import pytest\n\n@pytest.mark.threecx_simulator({marker})\ndef test(threecx_simulator): pass\n"
    done = pytest_run(tmp_path, source)
    assert done.returncode == 1
    assert message in done.stdout


def test_help_lists_the_fixtures(tmp_path: Path) -> None:
    assert "@pytest.mark.threecx_simulator(**options)" in pytest_run(tmp_path, "", "--markers").stdout
    fixtures = pytest_run(tmp_path, "", "--fixtures").stdout
    assert "threecx_simulator_factory" in fixtures
    assert "A running simulated PBX with a fresh office" in fixtures


def test_unused_fixtures_load_nothing(tmp_path: Path) -> None:
    source = """
import sys


def test_nothing_is_loaded():
    ours = {name for name in sys.modules if name.startswith("threecx")}
    assert ours == {"threecx_node", "threecx_node.simulator", "threecx_node.simulator.pytest_plugin"}
"""
    done = pytest_run(tmp_path, source)
    assert "1 passed" in done.stdout, done.stdout
