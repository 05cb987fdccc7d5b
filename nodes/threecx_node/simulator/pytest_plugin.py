"""Fixtures for tests of software that uses a PBX; pytest finds them if the package is installed.

    def test_that_my_script_deletes_the_app(threecx_simulator):
        my_script(threecx_simulator.base_url, threecx_simulator.client_id, threecx_simulator.client_secret)
        assert threecx_simulator.state.count("CallFlowApps") == 7

pytest imports this module at every start; the simulator is imported when a fixture is used.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .config import SimulatorConfig
    from .simulator import Simulator

_MARKER = "threecx_simulator"


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, which --strict-markers requires."""
    config.addinivalue_line(
        "markers", f"{_MARKER}(**options): how the fixture threecx_simulator starts, such as release='20.0.8'"
    )


@pytest.fixture
def threecx_simulator_factory() -> Iterator[Callable[..., Simulator]]:
    """A function that starts a simulated PBX, as `Simulator` does; it is stopped after the test."""
    with ExitStack() as stack:

        def start(config: SimulatorConfig | None = None, **options: Any) -> Simulator:
            from .simulator import Simulator

            return stack.enter_context(Simulator(config, **options))

        yield start


@pytest.fixture
def threecx_simulator(
    request: pytest.FixtureRequest, threecx_simulator_factory: Callable[..., Simulator]
) -> Simulator:
    """A running simulated PBX with a fresh office, for this test alone.

    The marker `threecx_simulator(release="20.0.8", …)` sets its options. The options of a test's marker override
    those of its class, which override those of its module.
    """
    options: dict[str, Any] = {}
    for marker in request.node.iter_markers(_MARKER):
        if marker.args:
            raise pytest.UsageError(f"the marker {_MARKER} takes options by name, not {marker.args!r}")
        options = {**marker.kwargs, **options}
    return threecx_simulator_factory(**options)
