"""What all tests share: which of them are slow."""

from __future__ import annotations

import pytest

# Folders whose tests start processes and servers; `make check` leaves them to `make test`.
SLOW_FOLDERS = frozenset({"cli", "e2e", "service", "simulator"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if SLOW_FOLDERS & set(item.path.parts):
            item.add_marker(pytest.mark.slow)
