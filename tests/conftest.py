"""Set up what all tests share: which of them are slow, and hypothesis."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The machine may be busy: no property test has a time limit.
settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")

# Folders whose tests start processes and servers; `make check` leaves them to `make test`.
TESTS = Path(__file__).parent
SLOW_FOLDERS = frozenset({"cli", "e2e", "service", "simulator"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if SLOW_FOLDERS & set(item.path.relative_to(TESTS).parts):
            item.add_marker(pytest.mark.slow)
