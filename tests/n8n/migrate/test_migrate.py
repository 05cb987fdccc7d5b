"""Workflows of a generated 3CX node: what turns into ours, what stays, and that nothing else moves."""

from __future__ import annotations

import asyncio
import copy
import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.samples import BY_EDM_TYPE
from tests.support import credential, shared
from threecx_node import Executor, Options
from threecx_node.catalog import Operation, Property, load_catalog
from threecx_node.errors import InputError
from threecx_node.n8n.migrate import migrate
from threecx_node.n8n.node_json import read_node

CATALOG = load_catalog()
OLD = "n8n-nodes-3cx.threecx"
OURS = "n8n-nodes-threecx.threeCx"


def workflow(*parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    nodes = [
        {
            "parameters": each,
            "id": f"{index}",
            "name": f"Old {index}",
            "type": OLD,
            "typeVersion": 1,
            "position": [0, 0],
        }
        for index, each in enumerate(parameters)
    ]
    return {
        "name": "Flow",
        "nodes": [{**node, **more} for node in nodes],
        "connections": {},
        "pinData": {"x": [1.50]},
    }


def one(parameters: dict[str, Any], **more: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The parameters that one node has afterwards, and the notes on it."""
    done = migrate(json.dumps(workflow(parameters, **more)), CATALOG)
    [report] = done.reports
    assert not report.problems, report.problems
    node = json.loads(done.text)["nodes"][0]
    assert node["type"] == OURS
    return node["parameters"], report.notes


def why_not(parameters: dict[str, Any]) -> str:
    """Why one node stays as it is."""
    text = json.dumps(workflow(parameters))
    done = migrate(text, CATALOG)
    assert done.text == text
    [report] = done.reports
    return "; ".join(report.problems)


def delete(**more: Any) -> dict[str, Any]:
    return {
        "resource": "Call Flow Apps",
        "operation": "Delete Call Flow App",
        "Id": "={{ $json.Id }}",
        **more,
    }


def test_the_first_job_becomes_ours() -> None:
    parameters, notes = one(delete(**{"If-Match": '={{ $json["@odata.etag"] }}'}))
    assert parameters == {
        "resource": "CallFlowApps",
        "operation": "DeleteCallFlowApp",
        "Id": {"__rl": True, "mode": "id", "value": "={{ $json.Id }}"},
        "If-Match": '={{ $json["@odata.etag"] }}',
    }
    assert notes == ()


def test_what_a_node_has_beside_its_parameters_stays_and_its_credential_goes() -> None:
    more = {
        "onError": "continueErrorOutput",
        "disabled": True,
        "notes": "Ä",
        "credentials": {"oldApi": {"id": "1"}},
    }
    [node] = json.loads(migrate(json.dumps(workflow(delete(), **more)), CATALOG).text)["nodes"]
    assert "credentials" not in node
    assert (node["onError"], node["disabled"], node["notes"], node["id"]) == (
        "continueErrorOutput",
        True,
        "Ä",
        "0",
    )
    assert list(node) == [
        "parameters",
        "id",
        "name",
        "type",
        "typeVersion",
        "position",
        "onError",
        "disabled",
        "notes",
    ]


@pytest.mark.parametrize("name", ["cleanup", "offboard"])
def test_the_workflows_of_users_turn_and_nothing_else_of_them_changes(name: str) -> None:
    text = shared("workflows", f"generated-node-{name}.json").read_text()
    done = migrate(text, CATALOG)
    assert not [each.problems for each in done.reports if each.problems]
    before, after = json.loads(text), json.loads(done.text)
    turned = 0
    for old, new in zip(before[0]["nodes"], after[0]["nodes"], strict=True):
        if old["type"] == OLD:
            turned += 1
            assert new["type"] == OURS
            assert {**new, "parameters": 0, "type": 0} == {**old, "parameters": 0, "type": 0}
            new.update(old)
    assert turned == len(done.reports) == done.turned > 0
    assert after == before


def test_a_list_keeps_its_query_and_tells_who_gets_other_items() -> None:
    query = {
        "$filter": "Name eq 'x'",
        "$select": "Id, Name",
        "$orderby": "Name desc,Id",
        "$top": 20,
        "$skip": "5",
    }
    flow = workflow({"resource": "Users", "operation": "List User", "options": {**query, "$count": True}})
    flow["connections"] = {"Old 0": {"main": [[{"node": "Split Out", "type": "main", "index": 0}], None]}}
    done = migrate(json.dumps(flow), CATALOG)
    [report] = done.reports
    assert json.loads(done.text)["nodes"][0]["parameters"] == {
        "resource": "Users",
        "operation": "ListUser",
        "limit": 20,
        "simplify": False,
        "options": {
            "$filter": "Name eq 'x'",
            "$select": ["Id", "Name"],
            "$orderby": ["Name desc", "Id"],
            "$skip": 5,
        },
    }
    assert "'Split Out'" in report.notes[-1]
    assert report.notes[0].startswith("$count is left out")


def test_a_list_without_top_reads_all_and_says_so() -> None:
    parameters, notes = one(
        {
            "resource": "Users",
            "operation": "List User",
            "options": {"$expand": "Groups($select=Id,Name),Phones"},
        }
    )
    assert parameters["returnAll"] is True
    assert "limit" not in parameters
    assert parameters["options"] == {"$expand": ["Groups($select=Id,Name)", "Phones"]}
    assert "it had no $top" in notes[0]


def test_an_update_sends_what_was_set_and_not_what_was_empty() -> None:
    given = {
        "FirstName": "Ada",
        "LastName": "",
        "Enabled": "false",
        "Groups": '[{"GroupId": 1}]',
        "Mobile": "={{ $json.m }}",
    }
    parameters, notes = one({"resource": "Users", "operation": "Update User", "Id": 5, **given})
    assert parameters["Id"]["value"] == "5"
    body = parameters["body"]
    assert body["mappingMode"] == "defineBelow"
    assert body["value"] == {
        "FirstName": "Ada", "Enabled": False, "Groups": '[{"GroupId": 1}]', "Mobile": "={{ $json.m }}",
    }  # fmt: skip
    assert {each["id"] for each in body["schema"] if not each["removed"]} == set(body["value"])
    assert notes == ("LastName was empty and is left out: add it if it shall be emptied",)


@pytest.mark.parametrize(
    "given",
    [
        {"additionalFields": {"FirstName": "Ada"}},
        {"body": '{"FirstName": "Ada", "Id": 5}'},
        {"body": {"FirstName": "Ada"}},
        {"First Name": "Ada"},
    ],
)
def test_bodies_come_in_several_forms(given: dict[str, Any]) -> None:
    parameters, _ = one({"resource": "Users", "operation": "UpdateUser", "Id": "5", **given})
    assert parameters["body"]["value"] == {"FirstName": "Ada"}


def test_an_operation_is_looked_for_in_its_resource() -> None:
    # Our own short name; another resource has an operation with that id.
    assert one({"resource": "Backups", "operation": "Purge Local"})[0]["operation"] != "PurgeLocal"
    assert one({"operation": "Delete Call Flow App", "Id": 5})[0]["resource"] == "CallFlowApps"
    assert one({"resource": "Call Flow Applications", "operation": "Delete Call Flow App", "Id": 5})[0]["Id"]


def test_a_number_stays_a_number_and_a_whole_number_an_id() -> None:
    by_number = {"__rl": True, "mode": "number", "value": "100"}
    assert one({"resource": "Users", "operation": "Get User", "Id": by_number})[0]["Id"] == by_number
    assert one(delete(Id=5.0))[0]["Id"]["value"] == "5"


def test_what_is_empty_in_a_json_body_is_meant() -> None:
    body = '{"Mobile": null, "FirstName": "", "LastName": "L"}'
    parameters, _ = one({"resource": "Users", "operation": "Update User", "Id": 5, "body": body})
    assert parameters["body"]["value"] == {
        "Mobile": "={{ null }}", "FirstName": '={{ "" }}', "LastName": "L",
    }  # fmt: skip


def test_query_options_are_found_in_any_case() -> None:
    options = {"$Filter": "Id eq 1", "$TOP": 5}
    parameters, _ = one({"resource": "Users", "operation": "List User", "options": options})
    assert parameters["options"] == {"$filter": "Id eq 1"}
    assert parameters["limit"] == 5


@pytest.mark.parametrize("connections", [None, [], {"Old 0": None}, {"Old 0": {"main": [[None], 5, None]}}])
def test_odd_connections_are_left_alone(connections: Any) -> None:
    flow = {**workflow({"resource": "Users", "operation": "List User"}), "connections": connections}
    assert json.loads(migrate(json.dumps(flow), CATALOG).text)["connections"] == connections


def test_half_an_emoji_stays_what_it_is() -> None:
    text = json.dumps(workflow(delete(), name="x \ud83d", notes="ä"), ensure_ascii=False)
    text = text.encode("utf-8", "backslashreplace").decode().replace("\\ud83d", "\\ud83d")
    done = migrate(text, CATALOG)
    assert done.turned == 1
    assert json.loads(done.text.encode().decode())["nodes"][0]["name"] == "x \ud83d"
    done.reports[0].node.encode()


def test_a_field_that_is_called_as_one_of_our_options_stays_a_field() -> None:
    parameters, _ = one(
        {"resource": "Receptionists", "operation": "Update Receptionist", "Id": "5", "Timeout": 30}
    )
    assert parameters["body"]["value"] == {"Timeout": 30}
    parameters, _ = one({"resource": "Services", "operation": "Restart", "options": '{"ServiceName": "x"}'})
    assert parameters["body"]["value"] == {"options": '{"ServiceName": "x"}'}


def test_request_options_are_kept_where_ours_has_them() -> None:
    asked = {"timeout": 5000, "batching": {"batch": {"batchSize": 1}}, "allowUnauthorizedCerts": True}
    parameters, notes = one(delete(requestOptions=asked))
    assert parameters["options"] == {"timeout": 5}
    assert len(notes) == 2
    assert "batching" in notes[1]


def test_a_tool_stays_a_tool() -> None:
    text = json.dumps(
        workflow(delete(toolDescription="Deletes", Id="={{ $fromAI('Id') }}"), type=f"{OLD}Tool")
    )
    [node] = json.loads(migrate(text, CATALOG).text)["nodes"]
    assert node["type"] == f"{OURS}Tool"
    assert node["parameters"]["toolDescription"] == "Deletes"
    assert node["parameters"]["Id"]["value"] == "={{ $fromAI('Id') }}"


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"resource": "Call Flow Apps"}, "names no operation"),
        (
            {"resource": "Call Flow Apps", "operation": "Delete Call Flow Ap"},
            "Did you mean 'DeleteCallFlowApp'",
        ),
        (delete(operation="={{ $json.op }}"), "expression"),
        (delete(Colour="red"), "Colour: DeleteCallFlowApp takes no such parameter"),
        (delete(options={"$filter": "Id eq 5"}), "$filter: DeleteCallFlowApp takes no $filter"),
        (
            {"resource": "Users", "operation": "Update User", "Id": 5, "Groups": "[1"},
            "Groups: it is not JSON",
        ),
        (
            {"resource": "Users", "operation": "Update User", "Id": 5, "Enabled": "maybe"},
            "Enabled: expected true",
        ),
        (
            {"resource": "Users", "operation": "Update User", "Id": 5, "body": "=[]"},
            "whole body as one expression",
        ),
        (
            {"resource": "Users", "operation": "Update User", "Id": 5, "body": '{"Nam": 1}'},
            "no body field 'Nam'",
        ),
        ({"resource": "Users", "operation": "List User", "options": {"$top": "many"}}, "$top: "),
        ({"resource": "Backups", "operation": "Recordings Purge Local"}, "there is no operation"),
        ({"resource": "Recordings", "operation": "Delete Call Flow App", "Id": 5}, "there is no operation"),
        ({"operation": "Delete", "Id": 5}, "names no resource"),
        (delete(Id=5, filters={"Id": 7}), "Id: which entry is meant stands outside of groups"),
        (delete(Id=5, id=7), "id: it is given twice"),
        (delete(Id={"__rl": True, "mode": "url", "value": "http://x/5"}), "Id: it is chosen by url"),
    ],
)
def test_what_ours_cannot_say_leaves_the_node_as_it_is(parameters: dict[str, Any], words: str) -> None:
    assert words in why_not(parameters)


def test_other_nodes_and_ours_are_left_alone() -> None:
    for type_ in ("n8n-nodes-base.httpRequest", OURS, "n8n-nodes-x.threecxTrigger"):
        text = json.dumps(workflow(delete(), type=type_))
        assert migrate(text, CATALOG).text == text
    named = json.dumps(workflow(delete(), type="n8n-nodes-mypbx.pbx"))
    assert migrate(named, CATALOG, from_types=("n8n-nodes-mypbx.pbx",)).turned == 1


@pytest.mark.parametrize("text", ["", "{", "5", '{"nodes": 5}', '{"nodes": [5]}', "[5]", "{}", "[" * 5000])
def test_what_is_no_workflow_is_refused_on_one_line(text: str) -> None:
    with pytest.raises(InputError) as caught:
        migrate(text, CATALOG)
    assert "\n" not in caught.value.one_line()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
nodes = st.dictionaries(st.text(), json_values, max_size=4)


@given(
    before=st.lists(nodes, max_size=3),
    after=st.lists(nodes, max_size=3),
    rest=st.dictionaries(st.text().filter(lambda name: name != "nodes"), json_values, max_size=4),
    indent=st.sampled_from([None, 0, 2, 4, "\t"]),
    ascii_only=st.booleans(),
    spaced=st.booleans(),
    listed=st.booleans(),
    crlf=st.booleans(),
)
def test_every_byte_outside_a_turned_node_stays(
    before: list[Any], after: list[Any], rest: dict[str, Any], indent: Any, ascii_only: bool, spaced: bool,
    listed: bool, crlf: bool,
) -> None:  # fmt: skip
    old = {**workflow(delete())["nodes"][0], "mark": "@@"}
    flow = {**rest, "nodes": [*before, old, *after]}
    separators = (" , ", " : ") if spaced else None
    text = json.dumps(
        [flow] if listed else flow, indent=indent, ensure_ascii=ascii_only, separators=separators
    )
    if crlf:
        text = text.replace("\n", "\r\n")
    text = f"\n{text}\n"
    done = migrate(text, CATALOG)
    assert done.turned == 1
    expected = copy.deepcopy(json.loads(text))
    result = json.loads(done.text)
    workflows = [(expected, result)] if not listed else list(zip(expected, result, strict=True))
    for one_before, one_after in workflows:
        turned = one_after["nodes"][len(before)]
        assert turned["type"] == OURS
        one_before["nodes"][len(before)] = turned
        assert one_after == one_before
    # What stands before and behind the node stands there still, to the byte.
    start = next(
        place for place in range(len(text)) if text[place:] and not done.text.startswith(text[: place + 1])
    )
    assert start >= text.index("@@") - len(json.dumps(old, indent=8)) - 400
    behind = text[text.rindex("@@") :].split("}", 1)[1]
    assert done.text.endswith(behind)


def literal(declared: Property) -> Any:
    """A value as a generated node holds it: lists as JSON text."""
    if declared.type.name in CATALOG.enums:
        return CATALOG.enums[declared.type.name].members[0]
    if CATALOG.is_schema(declared.type.name):
        return "[]" if declared.type.collection else "{}"
    value = BY_EDM_TYPE[declared.type.name]
    return json.dumps([value]) if declared.type.collection else value


def is_sampled(declared: Property) -> bool:
    return declared.type.name in BY_EDM_TYPE or CATALOG.is_schema(declared.type.name) or is_one_of(declared)


def is_one_of(declared: Property) -> bool:
    return declared.type.name in CATALOG.enums and not declared.type.collection


@pytest.mark.parametrize("operation", list(CATALOG.operations()), ids=lambda each: each.id)
def test_every_operation_asks_for_the_same_request_afterwards(operation: Operation) -> None:
    shape = operation.version()
    given = {each.name: BY_EDM_TYPE[each.type] for each in shape.parameters}
    fields = CATALOG.body_properties(shape, operation.releases[-1])
    known = {name: each for name, each in fields.items() if is_sampled(each) and name not in given}
    body = {name: literal(each) for name, each in known.items()}
    query = {"$select": "Id", "$skip": 3} if {"$select", "$skip"} <= set(shape.query) else {}
    words = "".join(f" {letter}" if letter.isupper() else letter for letter in operation.id).strip()
    old = workflow(
        {
            "resource": operation.resource,
            "operation": words,
            **given,
            **body,
            **({"options": query} if query else {}),
        }
    )
    done = migrate(json.dumps(old), CATALOG)
    assert not done.reports[0].problems
    assert dry_run(json.loads(done.text)) == dry_run(old)


def dry_run(document: dict[str, Any]) -> dict[str, Any]:
    """The request that a workflow's node asks for, but for its page size."""
    node = read_node(document, CATALOG)

    async def ask() -> Any:
        async with Executor(credential()) as executor:
            return await executor.run(node.operation, [{}], node.parameters, options=Options(dry_run=True))

    [result] = asyncio.run(ask()).results
    assert result.error is None, result.error.one_line()
    request = dict(result.request or {})
    parts = str(request["url"]).partition("?")
    return {
        **request,
        "url": parts[0],
        "query": sorted(
            each for each in parts[2].split("&") if not each.startswith(("$top=", "$count=", "$orderby="))
        ),
    }


def test_a_large_workflow_is_read_in_one_go() -> None:
    flow = workflow(*[delete()] * 300)
    random.Random(1).shuffle(flow["nodes"])  # noqa: S311 (an order, not a secret)
    assert migrate(json.dumps(flow), CATALOG).turned == 300
