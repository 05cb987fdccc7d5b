"""The diagnosis of a client, against real servers: what it finds, what it leaves out, and that it only reads."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import Any

import pytest
import trustme

from tests.transport.servers import free_port, response, running
from threecx_credentials import Credential
from threecx_node.catalog import load_catalog
from threecx_node.setup.doctor import DoctorOptions, examine
from threecx_node.setup.findings import CHECKS, Finding, Report
from threecx_node.simulator import Simulator

CATALOG = load_catalog()
DEFAULTS = {
    "/xapi/v1/Defs": {"Id": 1},
    "/xapi/v1/Users": {"value": [{"Id": 1}]},
    "/xapi/v1/CallHistoryView": {"value": []},
    "/xapi/v1/Recordings": {"value": []},
    "/xapi/v1/LicenseStatus": {"ProductCode": "3CXENT", "MaxSimCalls": 16, "LicenseActive": True},
    "/xapi/v1/ServicePrincipals": {"value": [{"Number": "900", "CallControlEnabled": False}]},
    "/callcontrol": [{"dn": "900"}, {"dn": "100"}],
}
VERSION = "X-3CX-Version: 20.0.10.100\r\n"


def answering(date: str = "", **other: Any) -> Callable[[str], bytes]:
    """A PBX in which a path has another status or body: `Users=403`, `callcontrol=[]`."""

    def answer(head: str) -> bytes:
        path = head.split(" ")[1].partition("?")[0]
        extra = f"{VERSION}Date: {date or formatdate(usegmt=True)}\r\n"
        value = other.get(path.rpartition("/")[2], DEFAULTS.get(path, 404))
        if isinstance(value, bytes):
            return value
        if isinstance(value, int):
            return response(value, b'{"error":{"message":"no"}}', extra=extra)
        return response(200, json.dumps(value).encode(), extra=extra)

    return answer


def diagnose(url: str, on_finding: Callable[[Finding], None] | None = None, **options: Any) -> Report:
    credential = Credential.of(url, "900", "s3cr3t-key", verify_tls=options.pop("verify_tls", True))
    chosen = DoctorOptions(**{"watch": 0.0, **options})
    return asyncio.run(examine(credential, catalog=CATALOG, options=chosen, on_finding=on_finding))


def statuses(report: Report) -> dict[str, str]:
    return {each.name: each.status for each in report}


def test_a_client_without_a_problem() -> None:
    seen: list[Finding] = []
    with running(answering()) as server:
        report = diagnose(f"http://127.0.0.1:{server.port}", seen.append)
    assert {each.name: each.describe() for each in report if each.status == "problem"} == {}
    assert (report.ok, report.exit_code, report.version) == (True, 0, "20.0.10.100")
    assert [each.name for each in seen] == list(CHECKS) == [each.name for each in report]
    assert all(each.startswith("GET ") for each in server.heads)


@pytest.mark.parametrize(
    ("other", "problems", "unchecked"),
    [
        ({"callcontrol": 403}, {"callControl"}, {"monitored"}),
        ({"callcontrol": 404}, {"callControl"}, {"monitored"}),
        ({"callcontrol": b""}, {"callControl", "monitored"}, set()),
        ({"callcontrol": {"dn": "900"}}, {"callControl"}, {"monitored"}),
        ({"callcontrol": [{"dn": "900"}]}, {"monitored"}, set()),
        ({"Recordings": 403}, {"recordings"}, set()),
        ({"Users": 403, "CallHistoryView": 403}, {"role"}, set()),
        ({"CallHistoryView": 403}, set(), set()),
        ({"Defs": 403}, set(), {"licence", "recordings"}),
        ({"Defs": 403, "callcontrol": 403}, {"role", "callControl"}, {"licence", "recordings", "monitored"}),
        ({"Defs": 500}, {"role"}, set()),
        ({"LicenseStatus": {"LicenseActive": False}}, {"licence"}, set()),
    ],
)
def test_one_thing_that_is_wrong(other: dict[str, Any], problems: set[str], unchecked: set[str]) -> None:
    with running(answering(**other)) as server:
        report = diagnose(f"http://127.0.0.1:{server.port}")
    found = statuses(report)
    wanted = dict.fromkeys(problems, "problem") | dict.fromkeys(unchecked, "notChecked")
    assert {name: status for name, status in found.items() if status != "ok"} == wanted
    assert report.exit_code == (1 if problems else 0)
    for each in report:
        assert each.advice or each.status != "problem"


def test_checks_that_are_left_out_are_not_problems() -> None:
    with running(answering(callcontrol=403)) as server:
        report = diagnose(
            f"http://127.0.0.1:{server.port}", skip=frozenset({"callControl", "monitored", "clock"})
        )
    assert report.exit_code == 0
    assert report.findings["callControl"].message == "left out"


def test_an_address_that_nothing_answers_at() -> None:
    report = diagnose(f"http://127.0.0.1:{free_port()}")
    found = statuses(report)
    assert (found["reachability"], found["port"]) == ("problem", "problem")
    assert "5001" in report.findings["port"].advice
    assert "443" in report.findings["port"].advice
    assert set(list(found.values())[3:]) == {"notChecked"}
    assert (report.exit_code, list(found)) == (3, list(CHECKS))
    unknown = diagnose("https://pbx.invalid")
    assert unknown.findings["reachability"].advice
    assert statuses(unknown)["port"] == "notChecked"


def test_a_server_that_is_not_3cx() -> None:
    def answer(_: str) -> bytes:
        return response(body=b"<html>hello", media_type="text/html")

    with running(answer) as server:
        report = diagnose(f"http://127.0.0.1:{server.port}")
    assert statuses(report)["port"] == "problem"
    assert statuses(report)["login"] == "notChecked"
    assert report.exit_code == 3


def test_a_certificate_that_is_not_trusted() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("pbx.example").configure_cert(context)
    with running(answering(), context) as server:
        report = diagnose(f"https://127.0.0.1:{server.port}")
        lenient = diagnose(f"https://127.0.0.1:{server.port}", verify_tls=False)
    assert statuses(report)["tls"] == "problem"
    assert "it is for pbx.example" in report.findings["tls"].message
    assert (statuses(report)["login"], report.exit_code) == ("notChecked", 3)
    assert "not verified" in lenient.findings["tls"].message
    assert (statuses(lenient)["login"], lenient.exit_code) == ("ok", 1)


def test_a_pbx_that_keeps_silent_ends_the_checks_in_time() -> None:
    with running(lambda _: None) as server:
        report = diagnose(f"http://127.0.0.1:{server.port}", timeout=0.5)
    assert "time limit of 0.5 seconds" in report.findings["login"].message
    assert report.exit_code == 3
    assert list(statuses(report)) == list(CHECKS)


def test_a_pbx_that_becomes_silent_is_judged_by_what_it_has_sent() -> None:
    def answer(head: str) -> bytes | None:
        return None if "Users" in head else answering()(head)

    with running(answer) as server:
        report = diagnose(f"http://127.0.0.1:{server.port}", timeout=3)
    found = statuses(report)
    assert [found[name] for name in ("login", "role", "licence", "token")] == [
        "ok",
        "problem",
        "notChecked",
        "notChecked",
    ]
    assert (found["release"], found["clock"], report.exit_code) == ("ok", "ok", 1)


def test_another_program_that_logs_in() -> None:
    served: list[str] = []

    def answer(head: str) -> bytes:
        served.append(head)
        # The last request is refused once: its token has ended.
        is_last = sum(each.startswith("GET /xapi/v1/Defs") for each in served) == 2
        return response(401, b"{}") if is_last else answering()(head)

    with running(answer) as server:
        report = diagnose(f"http://127.0.0.1:{server.port}")
    assert report.findings["token"].message == (
        "the access token ended 1 time while it was used: another program logs in as 900"
    )
    assert report.exit_code == 1


def test_a_clock_that_is_wrong() -> None:
    with running(answering("Tue, 03 Mar 2020 03:03:03 GMT")) as server:
        report = diagnose(f"http://127.0.0.1:{server.port}")
    assert "behind this machine's" in report.findings["clock"].message


@pytest.fixture
def pbx() -> Iterator[Simulator]:
    with Simulator(tls=True) as simulator:
        yield simulator


def test_the_simulated_pbx(pbx: Simulator) -> None:
    def examine_pbx(secret: str) -> Report:
        credential = Credential.of(pbx.base_url, pbx.client_id, secret, ca_file=str(pbx.ca_file))
        return asyncio.run(examine(credential, catalog=CATALOG, options=DoctorOptions(watch=0)))

    before = pbx.state.count("Users")
    report = examine_pbx(pbx.client_secret)
    found = statuses(report)
    assert [found[name] for name in ("reachability", "tls", "port", "login", "role")] == ["ok"] * 5
    assert [found[name] for name in ("licence", "recordings", "token", "release", "clock")] == ["ok"] * 5
    assert {each.method for each in pbx.requests if each.path != "/connect/token"} == {"GET"}
    assert pbx.state.count("Users") == before
    wrong = examine_pbx("wrong")
    assert (statuses(wrong)["login"], wrong.exit_code) == ("problem", 3)
