"""Set up what all tests share: which of them are slow, hypothesis, and a state folder of their own."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The machine may be busy: no property test has a time limit.
settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")

# Folders whose tests start processes and servers; `make check` leaves them to `make test`.
TESTS = Path(__file__).parent
SLOW_FOLDERS = frozenset({"cli", "e2e", "service", "simulator"})

# The folder of tokens and batches is the user's: tests, and the processes that they start, have other ones.
STATE_VARIABLE = "XDG_STATE_HOME"
_state_folders = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    """Give fixtures of a wider scope than one test a state folder, and remove all such folders at the end."""
    folder = tempfile.mkdtemp(prefix="threecx-state-")
    os.environ[STATE_VARIABLE] = folder
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


@pytest.fixture(autouse=True)
def state_home(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the parent of this test's state folder, which `threecx` creates when it needs it."""
    folder = Path(os.environ[STATE_VARIABLE]) / str(next(_state_folders))
    monkeypatch.setenv(STATE_VARIABLE, str(folder))
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    is_slow = {
        path: bool(SLOW_FOLDERS & set(path.relative_to(TESTS).parts))
        for path in {each.path for each in items}
    }
    for item in items:
        if is_slow[item.path]:
            item.add_marker(pytest.mark.slow)
