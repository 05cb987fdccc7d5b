"""The commands and their options, as scripts use them. A change here belongs in the changelog."""

from __future__ import annotations

from typing import Any

import pytest
import typer.main

from threecx_node.cli import app

PBX = {"--base-url", "--ca-file", "--client-id", "--client-secret-file", "--no-verify-tls", "--verify-tls"}
EXECUTOR = {"--executor", "--key-file"}
SURFACE: dict[str, set[str]] = {
    "": {"--version", "--install-completion", "--show-completion"},
    "execute": PBX
    | {
        "operation", "-p", "--parameter", "--body", "--items", "--node", "--node-name", "-o", "--output", "--dry-run",
        "--continue-on-fail", "--allow-incomplete-lists", "--concurrency", "--timeout", "--max-body-bytes",
        "--retry-time", "--release", "--catalog", "--journal", "--resume", "--max-response", "--max-items", "--stats",
        "--log-format", "--download", "--max-deletes", "--verify",
    },
    "operations": {"--resource", "--search", "--release", "--json", "--catalog"},
    "describe": {"operation", "--release", "--json", "--catalog"},
    "check": PBX | {"--json", "--catalog"},
    "doctor": PBX
    | {"--skip", "-o", "--output", "--timeout", "--watch", "--profile", "--profiles", "--catalog"},
    "setup-events": PBX
    | {
        "--extensions", "--number", "--new-key", "--profile", "--profiles", "--dry-run", "-o", "--output", "--catalog",
    },
    "listen": PBX
    | {
        "--events", "--extension", "-o", "--output", "--raw", "--grace", "--log-format", "--profile", "--profiles",
        "--executor", "--key-file", "--after",
    },
    "subscriptions": set(),
    "subscriptions list": EXECUTOR | {"-o", "--output"},
    "subscriptions add": EXECUTOR
    | PBX - {"--ca-file"}
    | {
        "url", "--events", "--extension", "--direction", "--number", "--group", "--severity", "--secret-file",
        "--description", "--profile", "-o", "--output",
    },
    "subscriptions show": EXECUTOR | {"subscription_id", "--deliveries", "-o", "--output"},
    "subscriptions remove": EXECUTOR | {"subscription_id"},
    "subscriptions test": EXECUTOR | {"subscription_id", "-o", "--output"},
    "subscriptions resume": EXECUTOR | {"subscription_id"},
    "simulator": {
        "--port", "--host", "--release", "--seed", "--data", "--tls", "--tls-cert", "--tls-key", "--http-port",
        "--latency", "--faults", "--fault-seed", "--role", "--control", "--public-page", "--client-id",
        "--client-secret", "--page-size", "--catalog", "--no-call-control", "--monitored",
        "--owner-sees-all", "--traffic", "--traffic-seed", "--answer-after", "--hang-up-after",
        "--recording-delay", "--transcription-delay", "--past-days",
    },
    "demo": {"--node", "--items"},
    "serve": {
        "--host", "--port", "--key-file", "--without-key", "--profiles", "--concurrency", "--grace", "--max-body",
        "--max-response", "--state-dir", "--no-journal", "--catalog",
        "--allow-pbx", "--profiles-only", "--log-format", "--allow-webhook",
    },
    "migrate": {"workflow", "--from-type", "--pbx", "-o", "--output", "--everyday", "--dry-run", "--catalog"},
    "import-spec": {"files", "-o", "--output", "--json", "--verify-tls", "--no-verify-tls", "--ca-file"},
}  # fmt: skip
VARIABLES = {
    "--base-url": "THREECX_BASE_URL",
    "--client-id": "THREECX_CLIENT_ID",
    "--verify-tls": "THREECX_VERIFY_TLS",
    "--ca-file": "THREECX_CA_FILE",
    "--catalog": "THREECX_CATALOG",
    "--allow-pbx": "THREECX_ALLOW_PBX",
    "--profiles-only": "THREECX_PROFILES_ONLY",
    "--executor": "THREECX_EXECUTOR",
    "--allow-webhook": "THREECX_ALLOW_WEBHOOK",
}
# Secrets are read from the environment only, through an option that cannot be given.
HIDDEN = {
    "execute": {"--client-secret": "THREECX_CLIENT_SECRET"},
    "check": {"--client-secret": "THREECX_CLIENT_SECRET"},
    "listen": {"--client-secret": "THREECX_CLIENT_SECRET", "--key": "THREECX_SERVICE_KEY"},
    "subscriptions add": {
        "--client-secret": "THREECX_CLIENT_SECRET",
        "--key": "THREECX_SERVICE_KEY",
        "--secret": "THREECX_WEBHOOK_SECRET",
    },
    **{
        f"subscriptions {name}": {"--key": "THREECX_SERVICE_KEY"}
        for name in ("list", "show", "remove", "test", "resume")
    },
    "doctor": {"--client-secret": "THREECX_CLIENT_SECRET"},
    "setup-events": {"--client-secret": "THREECX_CLIENT_SECRET"},
    "serve": {"--key": "THREECX_SERVICE_KEY"},
}
ROOT: Any = typer.main.get_command(app)


def command(name: str) -> Any:
    found = ROOT
    for part in name.split():
        found = found.commands[part]
    return found


def parameters(name: str, *, hidden: bool) -> list[Any]:
    return [each for each in command(name).params if getattr(each, "hidden", False) is hidden]


def names(parameter: Any) -> set[str]:
    return {*parameter.opts, *parameter.secondary_opts}


def test_commands() -> None:
    assert set(ROOT.commands) == {name for name in SURFACE if name and " " not in name}
    inner = {name.partition(" ")[2] for name in SURFACE if name.startswith("subscriptions ")}
    assert set(ROOT.commands["subscriptions"].commands) == inner


@pytest.mark.parametrize("name", SURFACE)
def test_options(name: str) -> None:
    assert set().union(*(names(each) for each in parameters(name, hidden=False))) == SURFACE[name]


@pytest.mark.parametrize("name", SURFACE)
def test_variables(name: str) -> None:
    visible = {each.opts[0]: each.envvar for each in parameters(name, hidden=False) if each.envvar}
    # The simulator's own client is not the client of a PBX.
    expected = {
        option: variable
        for option, variable in VARIABLES.items()
        if option in SURFACE[name]
        and (name != "simulator" or option == "--catalog")
        # Without the option, the command connects to the PBX itself.
        and (name != "listen" or option != "--executor")
    }
    assert visible == expected
    hidden = {each.opts[0]: each.envvar for each in parameters(name, hidden=True)}
    assert hidden == HIDDEN.get(name, {})


@pytest.mark.parametrize("name", SURFACE)
def test_every_option_has_help(name: str) -> None:
    for each in parameters(name, hidden=False):
        assert each.help, each.name
        assert each.help[-1] in ".)", each.name
    assert command(name).help
