"""Fixtures for tests of software that talks to a PBX; pytest finds them where the package is installed.

    def test_that_my_script_deletes_the_app(threecx_simulator):
        my_script(threecx_simulator.base_url, threecx_simulator.client_id, threecx_simulator.client_secret)
        assert threecx_simulator.state.count("CallFlowApps") == 7

pytest imports this module at every start, so it imports nothing else before a fixture is used.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .server import Simulator

_MARKER = "threecx_simulator"


def pytest_configure(config: pytest.Config) -> None:
    """Makes the marker known, for those who run with --strict-markers."""
    config.addinivalue_line(
        "markers", f"{_MARKER}(**options): how the fixture threecx_simulator starts, such as release='20.0.8'"
    )


@pytest.fixture
def threecx_simulator_factory() -> Iterator[Callable[..., Simulator]]:
    """Starts simulated PBXs: a function that takes `Simulator`'s options; all are stopped after the test."""
    with ExitStack() as stack:

        def start(**options: Any) -> Simulator:
            from .server import Simulator

            return stack.enter_context(Simulator(**options))

        yield start


@pytest.fixture
def threecx_simulator(
    request: pytest.FixtureRequest, threecx_simulator_factory: Callable[..., Simulator]
) -> Simulator:
    """A running simulated PBX with a fresh office, for this test alone.

    The marker `threecx_simulator(release="20.0.8", …)` gives it options. The marker of a test overrides, option
    by option, that of its class, and that one its module's.
    """
    options: dict[str, Any] = {}
    for marker in request.node.iter_markers(_MARKER):
        if marker.args:
            raise pytest.UsageError(f"the marker {_MARKER} takes options by name: {marker.args!r} has none")
        options = {**marker.kwargs, **options}
    return threecx_simulator_factory(**options)
