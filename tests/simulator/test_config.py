"""The configuration of a simulator: one object, its options by name, or both."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from threecx_node.errors import ConfigurationError
from threecx_node.simulator import CLIENT_ID, CLIENT_SECRET, Client, Simulator, SimulatorConfig


def test_options_and_a_configuration_are_the_same() -> None:
    options: dict[str, Any] = {"release": "20.0.8", "seed": "empty", "latency_ms": 5}
    config = SimulatorConfig(**options)
    assert Simulator(**options).config == Simulator(config).config == config
    assert Simulator(config).state.count("Users") == 1


def test_options_override_a_configuration() -> None:
    config = SimulatorConfig(release="20.0.8", seed="empty")
    pbx = Simulator(config, seed="office", client_id="crm")
    assert (pbx.release, pbx.client_id, pbx.state.count("Users")) == ("20.0.8", "crm", 25)
    assert config.client_id == CLIENT_ID


def test_an_unknown_option() -> None:
    for config in (None, SimulatorConfig()):
        with pytest.raises(TypeError, match="relase"):
            Simulator(config, relase="20.0.8")


def test_a_configuration_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        SimulatorConfig().seed = "empty"  # type: ignore[misc]  # frozen


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"token_lifetime": 0}, "greater than 0"),
        ({"page_size": 0}, "at least 1"),
        ({"recording_delay": -1}, "less than 0"),
        ({"transcription_delay": -0.5}, "less than 0"),
        ({"file_delay": -1}, "file_delay cannot be less than 0"),
        ({"tls_key": "key.pem"}, "needs its certificate"),
        ({"http_port": 0}, "needs TLS"),
        ({"client_id": ""}, "client id"),
        ({"clients": [Client("900", "x")]}, "same id"),
        ({"role": "Boss"}, "role 'Boss' does not exist"),
    ],
)
def test_options_that_exclude_each_other(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        SimulatorConfig(**options)


def test_ports_and_clients() -> None:
    config = SimulatorConfig(port=[0, 5001], http_port=5004, tls=True, clients=[Client("crm", "x", "User")])
    assert (config.main_ports, config.http_ports, config.uses_tls) == ((0, 5001), (5004,), True)
    assert [(client.id, client.role) for client in config.all_clients] == [
        (CLIENT_ID, "System Owner"),
        ("crm", "User"),
    ]


def test_secrets_are_not_in_the_representation() -> None:
    config = SimulatorConfig(clients=[Client("crm", "its-key")])
    assert CLIENT_SECRET not in repr(config)
    assert "its-key" not in repr(config)
