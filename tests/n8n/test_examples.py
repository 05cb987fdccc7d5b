"""The example workflows can be imported as they are: plain values, sticky notes, and nothing that is of one PBX."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.prose import check_source
from tests.support import ROOT
from threecx_node.descriptor import load_definition

EXAMPLES = sorted((ROOT / "examples" / "workflows").glob("*.json"))
NAMES = [each.stem for each in EXAMPLES]
PACKAGE = "n8n-nodes-threecx."


def load(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def workflow(name: str) -> dict[str, Any]:
    return load(ROOT / "examples" / "workflows" / f"{name}.json")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_can_be_imported_anywhere(path: Path) -> None:
    found = load(path)
    names = [each["name"] for each in found["nodes"]]
    assert len(set(names)) == len(names)
    linked = {*found["connections"]}
    for each in found["connections"].values():
        linked |= {link["node"] for output in each["main"] for link in output}
    assert linked <= set(names)
    text = path.read_text(encoding="utf-8")
    assert '"credentials"' not in text
    hosts = re.findall(r"https?://([\w.-]+)", text)
    assert all(host.endswith("example.com") for host in hosts)
    assert all(host.endswith("example.com") for host in re.findall(r"[\w.]+@([\w.]+)", text))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_parameter_is_of_the_chosen_operation(path: Path) -> None:
    for node in load(path)["nodes"]:
        if not node["type"].startswith(PACKAGE):
            continue
        definition = load_definition(node=node["type"].removeprefix(PACKAGE))
        operation = node["parameters"].get("operation")
        shown = {
            each["name"]
            for each in definition["properties"]
            if not (wanted := each.get("displayOptions", {}).get("show", {}).get("operation"))
            or operation in wanted
        }
        assert set(node["parameters"]) <= shown


@pytest.mark.parametrize("name", NAMES)
def test_examples_need_no_code_and_no_odata(name: str) -> None:
    nodes = workflow(name)["nodes"]
    types = {each["type"] for each in nodes}
    assert any(each.startswith(f"{PACKAGE}threeCxPhoneSystem") or each.endswith("Trigger") for each in types)
    assert f"{PACKAGE}threeCx" not in types
    assert not types & {"n8n-nodes-base.code", "n8n-nodes-base.function"}
    text = json.dumps([each["parameters"] for each in nodes])
    assert not re.search(r"\$filter|\$select|\$expand|jsonBody|JSON\.|\bmap\(", text)


@pytest.mark.parametrize(("name", "fields"), [("onboard-user", 5), ("sync-contacts", 4)])
def test_mappers_show_only_the_fields_with_a_value(name: str, fields: int) -> None:
    [body] = [each["parameters"]["body"] for each in workflow(name)["nodes"] if "body" in each["parameters"]]
    # n8n shows the fields that the stored schema lacks.
    shown = {each["id"] for each in body["schema"] if not each["removed"]}
    assert shown == set(body["value"])
    assert len(shown) == fields


@pytest.mark.parametrize("name", NAMES)
def test_sticky_notes_say_what_to_set(name: str) -> None:
    notes = [
        each["parameters"]["content"]
        for each in workflow(name)["nodes"]
        if each["type"].endswith(".stickyNote")
    ]
    assert notes[0].startswith("## ")
    assert "Choose your **3CX API** credential" in notes[0]
    assert [each for each in notes[1:] if each.startswith(("### Change this", "### Effects"))]
    assert check_source("note.md", "\n\n".join(notes)) == []


def test_the_documentation_lists_all_examples() -> None:
    for page in ("docs/examples.md", "nodes/README.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        listed = set(re.findall(r"examples/workflows/([\w-]+)\.json", text))
        assert listed == set(NAMES), page
