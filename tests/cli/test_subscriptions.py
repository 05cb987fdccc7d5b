"""`threecx subscriptions` and `threecx listen --executor` as processes, against a service on loopback."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.conftest import Ran, fail, run
from tests.service.conftest import serving
from tests.service.event_callers import Receiver, receiving, serving_events
from threecx_node.simulator import Simulator

pytestmark = pytest.mark.slow
KEY = "the-key-of-the-executor-1"
SECRET = "whsec_cGxhbnRlZC13ZWJob29rLXNlY3JldC0yNA=="


@pytest.fixture(scope="module")
def pbx() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, pbx: Simulator) -> Iterator[httpx.Client]:
    with serving_events(tmp_path_factory.mktemp("state"), pbx, key=KEY) as client:
        yield client


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def call(service: httpx.Client, *arguments: str, key: str = KEY, **variables: str) -> Ran:
    env = {"THREECX_EXECUTOR": str(service.base_url), "THREECX_SERVICE_KEY": key, **variables}
    ran = run("subscriptions", *arguments, env=env)
    assert KEY not in ran.out + ran.err
    return ran


def add(service: httpx.Client, url: str, *arguments: str, **variables: str) -> Ran:
    return call(service, "add", url, "--events", "missed,call.ended", *arguments, **variables)


def test_a_subscription_from_beginning_to_end(service: httpx.Client, receiver: Receiver) -> None:
    made = add(
        service, receiver.url, "--profile", "office", "--extension", "100,101", "--description", "Desk"
    )
    assert (made.code, made.err) == (0, "")
    lines = dict(line.split(maxsplit=1) for line in made.out.splitlines() if line[:12].strip())
    assert lines["secret"].startswith("whsec_")
    assert (lines["state"], lines["filter"]) == ("active", "extensions 100 or 101")
    assert lines["deliveries"] == "0 delivered, 0 pending, 0 failed"
    [subscription_id] = re.findall(r"^id +(\S+)$", made.out, re.MULTILINE)

    tested = call(service, "test", subscription_id)
    assert (tested.code, tested.out) == (0, "the test event was accepted (status 204)\n")
    assert receiver.take()["type"] == "test"
    receiver.status = 500
    failed = call(service, "test", subscription_id, "-o", "json")
    assert (failed.code, failed.json["delivered"], failed.json["statusCode"]) == (1, False, 500)
    receiver.status = 204

    listed = call(service, "list")
    assert subscription_id in listed.out
    assert "profile office" in listed.out
    [shown] = call(service, "list", "--output", "json").json
    assert (shown["id"], "secret" in shown, shown["description"]) == (subscription_id, False, "Desk")
    assert "Nothing has been sent yet." in call(service, "show", subscription_id).out
    assert call(service, "show", subscription_id, "-o", "json").json["lastDeliveries"] == []
    assert call(service, "resume", subscription_id).out == f"resumed {subscription_id}\n"
    assert call(service, "remove", subscription_id).out == f"removed {subscription_id}\n"
    gone = call(service, "show", subscription_id)
    assert gone.code == 2
    assert gone.err.startswith(f"threecx: the executor has no subscription {subscription_id}.")
    assert call(service, "list").out.startswith("The executor has no subscriptions.")


def test_a_credential_and_a_secret_of_the_caller(
    service: httpx.Client, receiver: Receiver, pbx: Simulator, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    variables = {
        "THREECX_BASE_URL": pbx.base_url,
        "THREECX_CLIENT_ID": pbx.client_id,
        "THREECX_CLIENT_SECRET": pbx.client_secret,
    }
    made = add(service, receiver.url, "--secret-file", str(secret), "-o", "json", **variables)
    assert made.code == 0, made.err
    assert SECRET not in made.out
    assert made.json["pbx"] == {"baseUrl": pbx.base_url, "clientId": pbx.client_id}
    assert call(service, "remove", made.json["id"]).code == 0
    beside = add(service, receiver.url, "--profile", "office", "--client-id", "1", **variables)
    assert (beside.code, "--client-id and --profile" in beside.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["add", "http://127.0.0.1:9/", "--events", "mised", "--profile", "office"], "missed"),
        (["add", "http://127.0.0.1:9/", "--events", "call.missed", "--profile", "offices"], "office"),
        (["add", "gopher://127.0.0.1/", "--events", "call.missed", "--profile", "office"], "http"),
        (
            [
                "add",
                "http://127.0.0.1:9/",
                "--events",
                "call.missed",
                "--profile",
                "office",
                "--severity",
                "bad",
            ],
            "severity",
        ),
        (["add", "http://127.0.0.1:9/", "--events", "call.missed"], "--base-url is missing"),
        (["show", "1"], "'1' is not the ID of a subscription"),
        (["remove", "6f1c1f0e-0000-4000-8000-000000000000"], "has no subscription"),
        (["list", "--executor", "127.0.0.1:8765"], "is not a URL. Write it like"),
        (["list", "--executor", "http://me:planted@127.0.0.1/"], "contains a user or a password"),
    ],
)
def test_bad_usage(service: httpx.Client, arguments: list[str], words: str) -> None:
    env = {"THREECX_EXECUTOR": str(service.base_url), "THREECX_SERVICE_KEY": KEY}
    error = fail("subscriptions", *arguments, env=env)
    assert (error.exit_code, words in error.one_line()) == (2, True), error.one_line()
    assert "planted" not in error.one_line()


def test_executors_that_do_not_answer(service: httpx.Client, pbx: Simulator, tmp_path: Path) -> None:
    wrong = call(service, "list", key="another-key-of-24-letters")
    assert (wrong.code, wrong.err) == (
        3,
        "threecx: the executor key is wrong. Give --key-file FILE, or set THREECX_SERVICE_KEY to the key.\n",
    )
    with serving(key=KEY) as without:
        for executor, code, words in (
            ("http://127.0.0.1:9", 3, "the executor at http://127.0.0.1:9 cannot be reached: "),
            (pbx.base_url, 2, "is not a threecx executor"),
            (str(without.base_url), 2, "this executor has no events"),
        ):
            error = fail("subscriptions", "list", "--executor", executor, env={"THREECX_SERVICE_KEY": KEY})
            assert (error.exit_code, words in error.one_line()) == (code, True), error.one_line()
    missing = fail("subscriptions", "list", "--key-file", str(tmp_path / "none"))
    assert (missing.exit_code, "Write the executor key into it" in missing.one_line()) == (2, True)
    shown = call(service, "list", "--key", KEY.replace("1", "2"))
    assert (shown.code, "Use --key-file instead" in " ".join(shown.err.split())) == (2, True)


def test_json_is_what_the_service_returns(service: httpx.Client) -> None:
    answer: dict[str, Any] = service.get(
        "/v1/subscriptions", headers={"authorization": f"Bearer {KEY}"}
    ).json()
    assert json.loads(call(service, "list", "-o", "json").out) == answer["subscriptions"]
