"""The committed descriptor: complete, small, in step with the catalog, and worded as n8n's lint wants."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from threecx_node.catalog import load_catalog
from threecx_node.codegen.descriptor.build import build, render
from threecx_node.descriptor import load_definition, properties_of
from threecx_node.descriptor.load import shipped_path
from threecx_node.descriptor.models import NodeProperty, shown_operations
from threecx_node.descriptor.validate import problems

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
CATALOG = load_catalog()
DEFINITION = load_definition()
OPERATIONS = [CATALOG.operation(name) for name in CATALOG.operation_ids]
OFFERED = {
    name: {each["name"]: each for each in properties_of(DEFINITION, name)} for name in CATALOG.operation_ids
}
DOCUMENTED = ("$filter", "$orderby", "$search", "$select", "$expand", "$skip")


def every_property() -> Iterator[NodeProperty]:
    for each in DEFINITION["properties"]:
        yield each
        if each["type"] == "collection":
            yield from each["options"]


def every_choice() -> Iterator[dict[str, Any]]:
    for each in DEFINITION["properties"]:
        if each["type"] == "options":
            yield from each["options"]


def options_of(operation_id: str) -> set[str]:
    return {each["name"] for each in OFFERED[operation_id]["options"]["options"]}


# In step


def test_regenerating_changes_no_byte(tmp_path: Path) -> None:
    target = tmp_path / "made.json"
    done = subprocess.run(
        [sys.executable, "-m", "threecx_node.codegen.descriptor", str(target)],
        cwd=ROOT,
        env={"PYTHONPATH": "nodes:credentials", "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert target.read_bytes() == (ROOT / "node_definition.json").read_bytes()
    assert render(build(CATALOG)) == target.read_bytes()


def test_the_generator_refuses_what_it_does_not_know() -> None:
    command = [sys.executable, "-m", "threecx_node.codegen.descriptor", "--nonsense"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={"PYTHONPATH": "nodes:credentials"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("usage:")


def test_a_checkout_reads_its_own_file() -> None:
    assert shipped_path() == ROOT / "node_definition.json"


def test_it_is_small() -> None:
    assert shipped_path().stat().st_size <= 220 * 1024
    assert len(list(every_property())) <= 260


def test_it_loads_in_milliseconds_and_without_the_importer() -> None:
    code = (
        "import sys, time\n"
        "from threecx_node.descriptor import load_definition\n"
        "begin = time.perf_counter(); load_definition(); took = time.perf_counter() - begin\n"
        "heavy = [n for n in sys.modules if n.startswith(('threecx_node.codegen', 'jsonschema', 'yaml'))"
        " or n.startswith('threecx_node.codegen')]\n"
        "print(took, heavy)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PYTHONPATH": "nodes:credentials"},
        capture_output=True,
        text=True,
        check=True,
    )
    took, heavy = done.stdout.split(" ", 1)
    assert heavy.strip() == "[]"
    # Some milliseconds where this was written, several times that on a busy machine.
    assert float(took) < 0.25


def test_building_is_quick() -> None:
    begin = time.perf_counter()
    build(CATALOG)
    assert time.perf_counter() - begin < 2


def test_it_fits_its_schema() -> None:
    assert list(problems(DEFINITION)) == []


# Complete


def test_every_operation_is_offered_once_under_its_resource() -> None:
    offered = Counter(
        (choice["value"], each["displayOptions"]["show"]["resource"][0])
        for each in DEFINITION["properties"]
        if each["name"] == "operation"
        for choice in each["options"]
    )
    assert len(offered) == 624
    assert offered == Counter((each.id, each.resource) for each in OPERATIONS)


def test_counts_of_the_newest_release() -> None:
    newest = [each for each in OPERATIONS if CATALOG.newest in each.releases]
    assert (len(newest), len(OPERATIONS) - len(newest)) == (601, 23)


def test_operations_of_some_releases_say_which() -> None:
    described = {
        choice["value"]: choice.get("description", "") for choice in every_choice() if "action" in choice
    }
    for each in OPERATIONS:
        told = re.search(r"(?i)\b(only in|in) 3CX (\d+\.\d+\.\d+)", described[each.id])
        assert bool(told) == (each.releases != CATALOG.releases), each.id
        if told:
            assert told[2] == each.releases[0]
            assert (told[1].lower() == "only in") == (CATALOG.newest not in each.releases)


def test_every_delete_takes_its_key_and_if_match() -> None:
    deletes = [each for each in OPERATIONS if each.kind == "delete"]
    assert len(deletes) == 34
    for each in deletes:
        assert OFFERED[each.id]["If-Match"]["displayName"] == "If Match"
        assert "required" not in OFFERED[each.id]["If-Match"]
        (key,) = each.versions[-1].parameters
        assert OFFERED[each.id][key.name]["required"] is True
    with_it = {name for name, offered in OFFERED.items() if "If-Match" in offered}
    assert with_it == {each.id for each in deletes}


def test_every_path_parameter_of_every_shape_is_offered() -> None:
    checked = 0
    for each in OPERATIONS:
        folded = {name.casefold() for name in OFFERED[each.id]}
        for parameter in each.versions[-1].parameters:
            assert parameter.name in OFFERED[each.id], (each.id, parameter.name)
            checked += 1
        for shape in each.versions:
            assert {parameter.name.casefold() for parameter in shape.parameters} <= folded, each.id
    assert checked > 490


def test_parameters_of_older_releases_are_never_required() -> None:
    for each in OPERATIONS:
        newest = {parameter.name.casefold() for parameter in each.versions[-1].parameters}
        for shape in each.versions[:-1]:
            for parameter in shape.parameters:
                if parameter.name.casefold() not in newest:
                    field = OFFERED[each.id][parameter.name]
                    assert "required" not in field
                    assert re.search(r"(?i)only in 3CX", field["description"])


def test_defaults_of_parameters_of_older_releases_say_nothing() -> None:
    # A number field would say 0, and the newest release takes no such parameter.
    assert [OFFERED["GetLogs"][name]["default"] for name in ("top", "skip", "search")] == ["", "", ""]


def test_types_follow_the_api() -> None:
    fitting = {
        "String": {"string", "resourceLocator"},
        "Guid": {"string", "resourceLocator"},
        "Int32": {"number", "resourceLocator", "string"},
        "Boolean": {"boolean"},
        "DateTimeOffset": {"dateTime"},
    }
    for each in OPERATIONS:
        for parameter in each.versions[-1].parameters:
            field = OFFERED[each.id][parameter.name]
            assert field["type"] in fitting[parameter.type], (each.id, parameter)
            if parameter.type == "Int32" and field["type"] == "string":
                # Only IDs: an empty number would be sent as 0.
                assert field["displayName"].endswith("ID")


def test_keys_of_sets_that_can_be_listed_are_chosen_from_a_list() -> None:
    listed = {shape.path for each in OPERATIONS if each.kind == "list" for shape in each.versions}
    numbered = {each.resource for each in OPERATIONS if re.search(r"\(Number=\{", each.versions[-1].path)}
    assert len(numbered) == 8
    checked = 0
    for each in OPERATIONS:
        keyed = re.match(r"^/(\w+)\(\{(\w+)\}\)", each.versions[-1].path)
        if not keyed:
            continue
        field = OFFERED[each.id][keyed[2]]
        assert (field["type"] == "resourceLocator") == (f"/{keyed[1]}" in listed), each.id
        if field["type"] == "resourceLocator":
            modes = [mode["name"] for mode in field["modes"]]
            assert modes == ["list", "id"] + ["number"] * (each.resource in numbered)
            assert field["default"] == {"mode": "list", "value": ""}
            checked += 1
    assert checked > 120


@pytest.mark.parametrize(
    ("operation_id", "good", "bad"),
    [
        ("DeleteCallFlowApp", ["12", " 12 ", "-1"], ["", "12a", "1.5", "12345678901"]),
        (
            "DeleteOAuthClient",
            ["0f8fad5b-d9cb-469f-a165-70867728950e"],
            ["12", "0f8fad5bd9cb469fa16570867728950e"],
        ),
    ],
)
def test_a_key_typed_in_is_checked(operation_id: str, good: list[str], bad: list[str]) -> None:
    by_id = next(mode for mode in OFFERED[operation_id]["Id"]["modes"] if mode["name"] == "id")
    pattern = re.compile(by_id["validation"][0]["properties"]["regex"])
    assert all(pattern.search(text) for text in good)
    assert not any(pattern.search(text) for text in bad)


def test_exactly_the_operations_with_a_body_show_it() -> None:
    assert {name for name, offered in OFFERED.items() if "body" in offered} == {
        each.id for each in OPERATIONS if each.versions[-1].body is not None
    }


def test_lists_have_return_all_and_limit() -> None:
    lists = {
        each.id
        for each in OPERATIONS
        if each.versions[-1].returns.kind == "collection" and "$top" in each.versions[-1].query
    }
    assert {each.id for each in OPERATIONS if each.kind == "list"} <= lists
    assert {name for name, offered in OFFERED.items() if "returnAll" in offered} == lists
    for name in lists:
        limit = OFFERED[name]["limit"]
        assert (limit["default"], limit["typeOptions"]["minValue"]) == (50, 1)
        assert limit["displayOptions"]["show"]["returnAll"] == [False]


def test_options_offer_only_what_the_operation_takes() -> None:
    for each in OPERATIONS:
        query = each.versions[-1].query
        offered = options_of(each.id)
        assert {"concurrency", "dryRun", "timeout"} <= offered
        assert {name for name in offered if name.startswith("$")} - {"$top"} == set(DOCUMENTED) & set(
            query
        ), each.id
        assert ("$top" in offered) == ("$top" in query and each.versions[-1].returns.kind == "file")


def test_files_have_a_field_to_go_to() -> None:
    files = {each.id for each in OPERATIONS if each.versions[-1].returns.kind == "file"}
    assert len(files) == 46
    assert {name for name, offered in OFFERED.items() if "binaryProperty" in offered} == files


def test_big_answers_can_be_simplified_and_small_ones_not() -> None:
    for name in ("ListUser", "GetUser", "GetCallLogData", "ListRecording"):
        assert "simplify" in OFFERED[name]
    for name in ("DeleteUser", "GetMailSettings", "ListCodecs", "DownloadCallLog", "GetNotificationSettings"):
        assert "simplify" not in OFFERED[name]


def test_names_of_a_generated_node_are_still_there() -> None:
    app = OFFERED["DeleteCallFlowApp"]
    assert (app["Id"]["displayName"], app["If-Match"]["displayName"]) == ("ID", "If Match")
    resource = next(each for each in DEFINITION["properties"] if each["name"] == "resource")
    assert {"name": "Call Flow Apps", "value": "CallFlowApps"} in resource["options"]
    assert "$filter" in options_of("ListCallFlowApp")


def test_from_stands_before_to() -> None:
    places = {each["name"]: place for place, each in enumerate(DEFINITION["properties"])}
    for first, then in (("periodFrom", "periodTo"), ("startDt", "endDt"), ("startDate", "endDate")):
        assert places[first] < places[then]


def test_parameters_stand_in_the_order_of_the_path() -> None:
    """The paths contradict each other, so not all can be followed; those of one report can."""
    for each in ("GetCallLogData", "DownloadCallLog", "GetStatisticSlaData", "GetDNPropertyByName"):
        wanted = [parameter.name for parameter in CATALOG.operation(each).versions[-1].parameters]
        assert [name for name in OFFERED[each] if name in wanted] == wanted


# Worded


def test_choices_are_sorted_by_name() -> None:
    for each in every_property():
        if each["type"] == "options":
            names = [choice["name"].casefold() for choice in each["options"]]
            assert names == sorted(names), each
        if each["type"] == "collection":
            names = [option["displayName"] for option in each["options"]]
            assert names == sorted(names)


def test_defaults_are_among_their_options() -> None:
    for each in every_property():
        if each["type"] == "options":
            assert each["default"] in {choice["value"] for choice in each["options"]}


@pytest.mark.parametrize(
    ("resource", "operation_id"),
    [
        ("Users", "ListUser"),
        ("MyUser", "GetMyUser"),
        ("Defs", "GetDefs"),
        ("MailSettings", "GetMailSettings"),
        ("ReportAuditLog", "GetAuditLogData"),
        ("DNProperties", "GetDNPropertyByName"),
        ("CrmTemplates", "GeCrmtTemplates"),
    ],
)
def test_a_resource_begins_with_its_likeliest_harmless_operation(resource: str, operation_id: str) -> None:
    defaults = {
        each["displayOptions"]["show"]["resource"][0]: each["default"]
        for each in DEFINITION["properties"]
        if each["name"] == "operation"
    }
    assert defaults[resource] == operation_id
    for name in defaults.values():
        first = CATALOG.operation(name)
        assert first.kind not in ("delete", "update")
        assert first.kind != "action" or first.versions[-1].body is not None, name


def test_display_names_are_titles() -> None:
    small = {
        "a",
        "an",
        "and",
        "as",
        "at",
        "by",
        "for",
        "if",
        "in",
        "of",
        "on",
        "or",
        "per",
        "the",
        "to",
        "up",
        "with",
    }
    for text in [each["displayName"] for each in every_property()] + [
        choice["name"] for choice in every_choice()
    ]:
        parts = text.split()
        for place, part in enumerate(parts):
            inner = 0 < place < len(parts) - 1
            if inner and part.lower() in small:
                assert part == part.lower(), text
            else:
                assert part.strip("(")[0].isupper() or part[0].isdigit(), text
        assert not re.search(r"\b(Id|Ids|Url|Json|Api|Dn|Crm|Sip)\b", text), text


def test_descriptions_follow_the_rules() -> None:
    for each in every_property():
        described = each.get("description", "")
        assert described != each["displayName"]
        assert described == described.strip()
        if each["type"] == "boolean":
            assert described.startswith("Whether ")
        if each["type"] == "multiOptions":
            assert each["displayName"].endswith("Names or IDs")
            assert described.endswith('<a href="https://docs.n8n.io/code/expressions/">expression</a>.')
        else:
            assert not described.endswith(".")
            assert ". " not in described.replace("e.g. ", "")
    for choice in every_choice():
        assert not choice.get("description", "").endswith(".")
        assert choice.get("description") != choice["name"]


def test_displayed_operations_exist() -> None:
    known = set(CATALOG.operation_ids)
    for each in every_property():
        assert set(shown_operations(each) or ()) <= known


def test_it_says_that_it_is_generated() -> None:
    first = json.loads((ROOT / "node_definition.json").read_bytes())
    assert next(iter(first)) == "generator"
    assert first["generator"].startswith("GENERATED ")


def test_the_credentials_form_hides_what_is_secret_and_fits_the_credential() -> None:
    [form] = load_definition()["credentialTypes"]
    [use] = load_definition()["credentials"]
    assert form["name"] == use["name"] == "threeCxApi"
    fields = {each["name"]: each for each in form["properties"]}
    direct = ["baseUrl", "clientId", "clientSecret", "verifyTls"]
    assert list(fields) == ["connection", "profile", *direct, "executorUrl", "executorKey"]
    # A credential that was saved before there was a choice is one with an address.
    assert fields["connection"]["default"] == "direct"
    for name in fields:
        shown = fields[name].get("displayOptions", {}).get("show", {}).get("connection")
        assert shown == {"profile": ["profile"]}.get(name, ["direct"] if name in direct else None)
    for name, each in fields.items():
        is_secret = name in ("clientSecret", "executorKey")
        assert each.get("typeOptions", {}).get("password", False) is is_secret
        assert not is_secret or each["default"] == ""


def test_where_a_number_would_do_an_id_is_told_apart_from_it() -> None:
    locators = [each for each in DEFINITION["properties"] if each["type"] == "resourceLocator"]
    modes = [{mode["name"]: mode for mode in each["modes"]} for each in locators]
    assert any("number" in each for each in modes)
    assert ["hint" in each["id"] for each in modes] == ["number" in each for each in modes]
