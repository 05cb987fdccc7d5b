"""Migrate workflows of HTTP Request nodes: the token node, several PBXs, and everything that is not 3CX's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import run
from tests.n8n.migrate.generated import CATALOG, NEW, delete, workflow
from tests.n8n.migrate.http_requests import HTTP, PBX, flow, http_node, report_of
from tests.support import shared
from threecx_node.n8n.migrate import migrate

OWN = Path(__file__).with_name("http-requests.json")
TOKEN = http_node(f"{PBX}/connect/token", "POST", name="Get token")
WEATHER = {
    **http_node("https://api.example.org/weather/xapi/v2/Users", name="Weather"),
    "parameters": {"url": "https://api.example.org/weather"},
}
AFTER_TOKEN = {"Get token": {"main": [[{"node": "Call", "type": "main", "index": 0}]]}}


@pytest.mark.parametrize("path", [("workflows", "http-request-xapi.json"), OWN], ids=["shared", "own"])
def test_workflows_of_users_are_converted(path: tuple[str, str] | Path) -> None:
    text = (path if isinstance(path, Path) else shared(*path)).read_text(encoding="utf-8")
    done = migrate(text, CATALOG)
    assert not [each.problems for each in done.reports if each.problems]
    before, after = json.loads(text), json.loads(done.text)
    converted = {each.node for each in done.reports if each.kind == "http"}
    for old, new in zip(before["nodes"], after["nodes"], strict=True):
        if old["name"] in converted:
            assert new["type"] == NEW
            new.update(old)
            new.pop("credentials", None) if "credentials" not in old else None
    assert after == before
    assert len(converted) == done.replaced > 5
    [token] = [each for each in done.reports if each.kind == "token"]
    assert "no longer needed" in token.notes[0]


def test_the_token_node_is_named_and_stays() -> None:
    done = migrate(flow(TOKEN, http_node("/Users(7)"), connections=AFTER_TOKEN), CATALOG)
    assert json.loads(done.text)["nodes"][0] == TOKEN
    report = report_of(done, "Get token")
    assert (report.kind, report.problems, done.count("http")) == ("token", (), (1, 1))
    assert "no longer needed" in report.notes[0]
    assert "connect the node before it to 'Call'" in report.notes[0]


@pytest.mark.parametrize(
    "user",
    [
        http_node("/Usrs"),
        {
            "name": "Code",
            "type": "n8n-nodes-base.code",
            "parameters": {"jsCode": 'return $("Get token").all()'},
        },
        {
            "name": "Set",
            "type": "n8n-nodes-base.set",
            "parameters": {"a": {"b": ["={{ $node['Get token'].json.x }}"]}},
        },
        {
            **WEATHER,
            "name": "Call",
            "parameters": {"url": "https://pbx/callcontrol", "h": "=Bearer {{ $json.access_token }}"},
        },
    ],
)
def test_a_token_that_is_still_used_is_named(user: dict[str, object]) -> None:
    done = migrate(flow(TOKEN, http_node("/Users(7)", name="Read"), user, connections=AFTER_TOKEN), CATALOG)
    assert report_of(done, "Get token").notes == (f"it is still needed: {user['name']!r} uses its token",)


def test_a_workflow_of_several_pbxs_is_converted_one_by_one() -> None:
    text = flow(
        http_node("/Users(7)", name="A"),
        http_node("https://Other.example/xapi/v1/Users(7)", name="B"),
        http_node("={{ $vars.pbx }}/xapi/v1/Users(7)", name="C"),
    )
    done = migrate(text, CATALOG)
    assert done.replaced == 0
    assert (
        "several PBXs, https://pbx.example:5001 and https://other.example:443" in done.reports[0].problems[0]
    )
    done = migrate(text, CATALOG, pbx="https://other.example/")
    assert [bool(each.problems) for each in done.reports] == [True, False, False]
    assert "its PBX is https://pbx.example:5001, not https://other.example:443" in done.reports[0].problems[0]
    # The nodes that are left call one PBX.
    assert migrate(done.text, CATALOG).replaced == 1


def test_an_address_by_expression_is_noted() -> None:
    done = migrate(flow(http_node("={{ $json.baseUrl }}/xapi/v1/Users(7)")), CATALOG)
    assert "the PBX's address was {{ $json.baseUrl }}" in done.reports[0].notes[-1]


def test_nodes_that_do_not_call_3cx_stay_byte_for_byte() -> None:
    others = [
        WEATHER,
        {**WEATHER, "parameters": {"url": "={{ $json.url }}"}},
        {**WEATHER, "parameters": {"url": "https://api.example.org/xapi/v10/Users"}},
        {**WEATHER, "parameters": {"url": 5}},
        {**WEATHER, "parameters": None},
        {**WEATHER, "parameters": {"url": "={{ $json.never"}},
        {**http_node("/Users(7)"), "type": "n8n-nodes-base.set"},
    ]
    text = flow(*others).replace(", ", " ,  ")
    done = migrate(text, CATALOG)
    assert (done.text, done.reports) == (text, ())
    mixed = migrate(flow(*others, http_node("/Users(7)")), CATALOG)
    assert json.loads(mixed.text)["nodes"][:-1] == others
    assert mixed.replaced == 1


def test_a_tool_for_http_requests_is_named() -> None:
    tool = {**WEATHER, "type": "@n8n/n8n-nodes-langchain.toolHttpRequest"}
    tool["parameters"] = {"url": f"{PBX}/xapi/v1/Users({{id}})"}
    [report] = migrate(flow(tool), CATALOG).reports
    assert "HTTP Request Tool" in report.problems[0]


def test_both_kinds_of_nodes_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "flow.json"
    nodes = [
        *workflow(delete(), delete(Colour="red"))["nodes"],
        TOKEN,
        http_node("/Users(7)"),
        http_node("/Usrs"),
    ]
    path.write_text(flow(*nodes))
    ran = run("migrate", str(path))
    assert ran.code == 1
    assert (
        "1 of 2 generated 3CX nodes replaced and 1 of 2 HTTP Request nodes replaced, 2 left unchanged."
        in ran.out
    )
    assert "Get token: requests a token, left unchanged\n  - it is still needed: 'Call'" in ran.out
    assert [each["type"] for each in json.loads(path.read_text())["nodes"]][-3:] == [HTTP, NEW, HTTP]
    path.write_text(flow(WEATHER))
    ran = run("migrate", str(path))
    assert ran.code == 0
    assert "no generated 3CX node and no HTTP Request node that calls 3CX" in ran.out
    path.write_text(flow(TOKEN))
    assert "requests a token" in run("migrate", str(path)).out


@pytest.mark.parametrize(
    "url",
    [
        "={{ " + "(" * 3000 + " }}/xapi/v1/Users",
        "={{ '" + "a" * 100_000 + "' + " * 3 + "}}",
        "={{ `" + "${`" * 2000 + " }}/xapi/v1/x",
    ],
    ids=["parentheses", "texts", "templates"],
)
def test_odd_expressions_end_in_a_report(url: str) -> None:
    assert len(migrate(flow(http_node(url)), CATALOG).reports) <= 1
