"""Validate a descriptor that a user changed: each error names its place."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from threecx_node.descriptor import load_definition, load_descriptor
from threecx_node.descriptor.load import ENVIRONMENT
from threecx_node.descriptor.validate import find_problems, load_schema, validate
from threecx_node.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Document = dict[str, Any]


# The schema takes half a second for all operations of all nodes: those of these resources are enough.
RESOURCES = {"CallFlowApps", "Users"}


@pytest.fixture(scope="module")
def small_document() -> Document:
    """Return a valid descriptor with a few operations."""
    document: Document = copy.deepcopy(dict(load_descriptor()))
    document["nodes"] = [each for each in document["nodes"] if each["name"] != "threeCxPhoneSystem"]
    node = node_of(document)
    resource = named(document, "resource")
    resource["options"] = [each for each in resource["options"] if each["value"] in RESOURCES]
    lists = [each for each in node["properties"] if shows(each, "resource") & RESOURCES]
    known = {choice["value"] for each in lists for choice in each["options"]}
    others = [each for each in node["properties"] if each is not resource and not shows(each, "resource")]
    node["properties"] = [resource, *lists, *keep_shown(others, "operation", known)]
    options = named(document, "options")
    options["options"] = keep_shown(options["options"], "/operation", known)
    assert list(find_problems(document)) == []
    return document


def shows(each: Document, name: str) -> set[str]:
    return set(each.get("displayOptions", {}).get("show", {}).get(name, ()))


def keep_shown(properties: list[Document], name: str, known: set[str]) -> list[Document]:
    """Return the properties for these operations, and those for all."""
    kept = []
    for each in properties:
        if shown := shows(each, name):
            each["displayOptions"]["show"][name] = sorted(shown & known)
        if not shown or shown & known:
            kept.append(each)
    return kept


@pytest.fixture
def document(small_document: Document) -> Document:
    return copy.deepcopy(small_document)


def node_of(document: Document, name: str = "threeCx") -> Document:
    found: Document = next(each for each in document["nodes"] if each["name"] == name)
    return found


def named(document: Document, name: str) -> Document:
    found: Document = next(each for each in node_of(document)["properties"] if each["name"] == name)
    return found


def option(document: Document, name: str) -> Document:
    found: Document = next(each for each in named(document, "options")["options"] if each["name"] == name)
    return found


def _repeat_an_operation(document: Document) -> None:
    lists = [each for each in node_of(document)["properties"] if each["name"] == "operation"]
    lists[1]["options"].append(lists[0]["options"][0])


def _offer_a_parameter_twice(document: Document) -> None:
    node_of(document)["properties"].append(copy.deepcopy(named(document, "If-Match")))


def _forget_a_resource(document: Document) -> None:
    resource = named(document, "resource")
    resource["options"] = [each for each in resource["options"] if each["value"] != "CallFlowApps"]


CHANGES: list[tuple[Callable[[Document], object], str]] = [
    (lambda d: node_of(d).pop("credentials"), "credentials"),
    (lambda d: node_of(d).pop("hints"), "threeCx: 'hints' is a required property"),
    (
        lambda d: node_of(d, "threeCxPhoneSystemTrigger").update(inputs=["main"]),
        "threeCxPhoneSystemTrigger > inputs",
    ),
    (lambda d: node_of(d, "threeCxPhoneSystemTrigger").update(name="threeCx"), "threeCx > name"),
    (lambda d: d.update(nodes=[]), "nodes"),
    (lambda d: d["credentialTypes"][0].pop("properties"), "properties"),
    (lambda d: d.update(surprise=1), "surprise"),
    (lambda d: node_of(d).update(usableAsTool="yes"), "usableAsTool"),
    (lambda d: named(d, "If-Match").update(type="text"), "If-Match > type: 'text' is not one of"),
    (lambda d: named(d, "If-Match").update(default=None), "If-Match > default"),
    (lambda d: named(d, "If-Match").update(colour="red"), "colour"),
    (lambda d: named(d, "If-Match").pop("displayName"), "displayName"),
    (lambda d: named(d, "returnAll").update(default="false"), "returnAll > default"),
    (lambda d: named(d, "returnAll").update(description="Returns all"), "returnAll > description"),
    (lambda d: named(d, "limit").update(default="50"), "limit > default"),
    (lambda d: named(d, "Id").pop("modes"), "modes"),
    (lambda d: named(d, "Id")["modes"][0].pop("typeOptions"), "typeOptions"),
    (lambda d: named(d, "Id")["modes"][0].update(name="url"), "'url' is not one of"),
    (lambda d: named(d, "body").pop("typeOptions"), "typeOptions"),
    (lambda d: named(d, "resource").pop("noDataExpression"), "noDataExpression"),
    (lambda d: named(d, "resource")["options"][0].pop("value"), "value"),
    (lambda d: named(d, "operation")["options"][0].pop("action"), "action"),
    (lambda d: named(d, "operation").pop("displayOptions"), "displayOptions"),
    (lambda d: named(d, "operation").update(default="Nothing"), "default 'Nothing' is not among its options"),
    (lambda d: option(d, "$select").pop("typeOptions"), "typeOptions"),
    (lambda d: option(d, "$filter").update(type="collection"), "options"),
    (lambda d: option(d, "$filter")["displayOptions"]["show"].update({"/operation": ["Nope"]}), "'Nope'"),
    (
        lambda d: named(d, "If-Match")["displayOptions"]["show"]["operation"].append("DeleteEverything"),
        "DeleteEverything",
    ),
    (lambda d: named(d, "If-Match")["displayOptions"]["show"].update(kind=["delete"]), "kind"),
    (lambda d: node_of(d)["properties"].extend([named(d, "limit")] * 300), "is too long"),
    (
        lambda d: node_of(d, "threeCxPhoneSystemTrigger")["properties"].append(
            node_of(d, "threeCxPhoneSystemTrigger")["properties"][0]
        ),
        "events is offered 2 times",
    ),
    (_repeat_an_operation, "is offered 2 times"),
    (_offer_a_parameter_twice, "If-Match is offered 2 times for"),
    (_forget_a_resource, "resource CallFlowApps is unknown"),
]


def test_schema_is_valid() -> None:
    Draft202012Validator.check_schema(load_schema())


@pytest.mark.parametrize(("change", "words"), CHANGES)
def test_invalid_descriptor(
    document: Document, change: Callable[[Document], object], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(document)
    problems = list(find_problems(document))
    assert words in "\n".join(problems)
    # The schema is applied once.
    monkeypatch.setattr("threecx_node.descriptor.validate.find_problems", lambda _: iter(problems))
    with pytest.raises(ConfigurationError) as caught:
        validate(document, "mine.json")
    assert caught.value.message.startswith("mine.json: ")
    assert len(caught.value.one_line()) < 400


def test_error_names_the_place(document: Document) -> None:
    node_of(document)["properties"][0]["type"] = "colour"
    with pytest.raises(ConfigurationError, match=r"mine\.json: nodes > threeCx > properties > .* 'colour'"):
        validate(document, "mine.json")


@pytest.mark.parametrize("content", [b"[]", b"{}", b'"text"', b"null"])
def test_another_document(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mine.json"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError):
        load_definition(path)


def test_document_of_one_node(tmp_path: Path) -> None:
    path = tmp_path / "earlier.json"
    path.write_bytes(orjson.dumps(load_definition()))
    with pytest.raises(ConfigurationError, match="describes one node, as in an earlier release"):
        load_definition(path)


def test_unknown_node() -> None:
    with pytest.raises(ConfigurationError, match="has no node 'threeCy'"):
        load_definition(node="threeCy")


def test_unreadable_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot read the descriptor"):
        load_definition(tmp_path / "none.json")
    broken = tmp_path / "broken.json"
    broken.write_bytes(b'{"name": ')
    with pytest.raises(ConfigurationError, match="is not valid JSON"):
        load_definition(broken)


def test_descriptor_from_the_environment(
    tmp_path: Path, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    node_of(document)["description"] = "Work with our phone system"
    path = tmp_path / "changed.json"
    path.write_bytes(orjson.dumps(document))
    monkeypatch.setenv(ENVIRONMENT, str(path))
    assert load_definition()["description"] == "Work with our phone system"
    named(document, "limit")["type"] = "integer"
    worse = tmp_path / "worse.json"
    worse.write_bytes(orjson.dumps(document))
    monkeypatch.setenv(ENVIRONMENT, str(worse))
    with pytest.raises(ConfigurationError, match="limit > type"):
        load_definition()
