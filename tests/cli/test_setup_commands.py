"""`threecx setup-events` and `threecx doctor`: a client is created, written into a profile, and diagnosed by it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Threecx, run
from tests.transport.servers import free_port
from threecx_node.service.profiles import load_profiles
from threecx_node.simulator import Simulator


def read_profile(path: Path) -> dict[str, str]:
    """Return the client of a profile as variables of the environment."""
    events = load_profiles(path)["events"]
    return {
        "THREECX_BASE_URL": events.base_url,
        "THREECX_CLIENT_ID": events.client_id,
        "THREECX_CLIENT_SECRET": events.client_secret.reveal(),
    }


def test_a_client_is_set_up_and_diagnosed(threecx: Threecx, tmp_path: Path) -> None:
    profiles = tmp_path / "new" / "profiles.toml"
    options = ("--extensions", "100,101", "--profile", "events", "--profiles", str(profiles))
    dry = threecx("setup-events", *options, "--dry-run")
    assert (dry.code, "would create client 901" in dry.out, profiles.exists()) == (0, True, False)
    made = threecx("setup-events", *options)
    assert made.code == 0, made.err
    assert "created client 901 with Call Control, monitoring 2 extensions: 100, 101" in made.out
    key = (profiles.parent / "events.key").read_text().strip()
    assert key not in made.out + made.err
    assert stat.S_IMODE(profiles.stat().st_mode) == 0o600
    again = threecx("setup-events", *options)
    assert (again.code, "nothing was changed" in again.out) == (0, True)
    assert (profiles.parent / "events.key").read_text().strip() == key
    newer = threecx("setup-events", *options, "--new-key", "--output", "json")
    assert newer.json["clientId"] == "901"
    assert "clientSecret" not in newer.json
    assert (profiles.parent / "events.key").read_text().strip() != key
    named = ("--profile", "events", "--profiles", str(profiles))
    # The profile comes before the variables of the environment.
    found = threecx("doctor", *named, "--watch", "0", "--output", "json")
    assert found.json["clientId"] == "901"
    assert found.code == 0
    messages = {each["name"]: each["message"] for each in found.json["checks"]}
    assert messages["role"] == "Call Control only; the Configuration API refuses this client"
    assert messages["monitored"] == "2 DNs: 100, 101"
    tested = threecx("check", env=read_profile(profiles))
    assert "logged in as 901, role Call Control only; can read callControl" in tested.out, tested.err


def test_the_key_is_shown_once(threecx: Threecx) -> None:
    made = threecx("setup-events", "--extensions", "all", "--output", "json").json
    assert (made["created"], made["clientId"]) == (True, "901")
    assert len(made["clientSecret"]) > 16
    shown = threecx("setup-events", "--extensions", "all")
    assert "API key    " not in shown.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--extensions", "100,998,999"), "the PBX has no extensions 998, 999; nothing was changed"),
        (("--extensions", ""), "names no extension"),
        (("--extensions", "100", "--number", "900"), "client 900 is in use by this command"),
        (("--extensions", "100", "--number", "101"), "101 is in use by another DN"),
        (("--extensions", "100", "--profile", "a b"), "cannot be the name of a profile"),
        ((), "Missing option '--extensions'"),
    ],
)
def test_what_cannot_be_set_up(
    threecx: Threecx, pbx: Simulator, arguments: tuple[str, ...], says: str
) -> None:
    ran = threecx("setup-events", *arguments)
    assert (ran.code, says in ran.err) == (2, True), ran.err
    assert all(each.method == "GET" for each in pbx.requests if each.path != "/connect/token")


def test_a_client_without_rights_sets_nothing_up() -> None:
    with Simulator(role="User") as pbx:
        env = {
            "THREECX_BASE_URL": pbx.base_url,
            "THREECX_CLIENT_ID": pbx.client_id,
            "THREECX_CLIENT_SECRET": pbx.client_secret,
        }
        ran = run("setup-events", "--extensions", "100", env=env)
    assert ran.code == 1
    assert len(ran.err.splitlines()) == 1
    assert "role" in ran.err


def test_doctor(threecx: Threecx) -> None:
    ran = threecx("doctor", "--watch", "0", "--skip", "callControl", "--skip", "monitored")
    assert ran.code == 0, ran.out
    lines = ran.out.splitlines()
    assert len(lines) == 12
    assert [each.split()[0] for each in lines].count("ok") == 10
    document = threecx("doctor", "--watch", "0", "--output", "json").json
    assert document["version"].startswith("20.0.10")
    assert {each["name"]: each["status"] for each in document["checks"]}["clock"] == "ok"


def test_doctor_of_nothing() -> None:
    env = {"THREECX_CLIENT_ID": "900", "THREECX_CLIENT_SECRET": "s3cr3t-key"}
    ran = run("doctor", "--base-url", f"http://127.0.0.1:{free_port()}", env=env)
    assert ran.code == 3
    assert ran.out.startswith("PROBLEM      reachability ")
    assert "not checked" in ran.out
    assert "s3cr3t-key" not in ran.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--profile", "none", "--profiles", "missing.toml"), "missing.toml"),
        (("--profile", "none", "--base-url", "https://pbx.example"), "are both given"),
        (("--skip", "everything"), "everything"),
        (("--skip", "login"), "login"),
        (("--timeout", "0"), "timeout"),
    ],
)
def test_wrong_options_of_doctor(threecx: Threecx, arguments: tuple[str, ...], says: str) -> None:
    ran = threecx("doctor", *arguments)
    assert (ran.code, says in ran.err) == (2, True), ran.err
