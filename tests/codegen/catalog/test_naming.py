"""Name resources and operations: the texts are correct English, unique, and not taken from 3CX's documents."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import OPERATIONS as NUMBER_OF_OPERATIONS
from tests.support import RELEASES, shared
from threecx_node.catalog import load_catalog
from threecx_node.catalog.load import SHIPPED
from threecx_node.codegen.catalog import naming, render
from threecx_node.codegen.catalog.openapi_file import Document, load_document
from threecx_node.codegen.catalog.read import read_document
from threecx_node.codegen.catalog.writer import add_own_documents, build_catalog

if TYPE_CHECKING:
    from collections.abc import Iterator

CATALOG = load_catalog()
OPERATIONS = [CATALOG.operation(name) for name in CATALOG.operation_ids]

# Words that keep their capital inside a sentence.
PROPER = {"Amazon", "Debian", "Google", "Microsoft", "Teams", "Workspace"}
CASED = {"OAuth", "OpenAI", "MyPhone", "IPs", "DNs", "MCUs", "SBCs"}


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    return [load_document(shared("spec", f"xapi-{release}.yaml")) for release in RELEASES]


@pytest.mark.parametrize(
    ("operation_id", "name", "action"),
    [
        ("DeleteCallFlowApp", "Delete", "Delete call flow app"),
        ("ListUser", "Get Many", "Get many users"),
        ("GetQueueByNumber", "Get by Number", "Get queue by number"),
        ("GetMailSettings", "Get", "Get mail settings"),
        ("UpdateMailSettings", "Update", "Update mail settings"),
        ("ListGroups", "Get Many Groups", "Get many groups of user"),
        ("ListMyGroupMembers", "Get Many Members", "Get many members of my group"),
        ("RebootPhone", "Reboot Phone", "Reboot phone"),
        ("MakeCall", "Make Call", "Make call"),
        ("RetreivePeersByNumbers", "Get Many by Numbers", "Get many peers by numbers"),
        ("GeCrmtTemplates", "Get Many", "Get many CRM templates"),
        ("DownloadAbandonedQueueCalls", "Download Report", "Download abandoned queue calls report"),
        ("ListBlocklistAddr", "Get Many", "Get many blocklist addresses"),
        ("DeleteBackups", "Delete", "Delete backup"),
        ("GetFaxByNumber", "Get by Number", "Get fax extension by number"),
        ("CreateFxs", "Create", "Create FXS gateway"),
        ("DeleteSbc", "Delete", "Delete SBC"),
        ("DeleteUser", "Delete", "Delete user"),
        ("ListCountry", "Get Many", "Get many countries"),
        ("GetE164Settings", "Get", "Get E.164 settings"),
    ],
)
def test_examples(operation_id: str, name: str, action: str) -> None:
    operation = CATALOG.operation(operation_id)
    assert (operation.name, operation.action) == (name, action)


def test_names_are_unique_in_a_resource() -> None:
    counted = Counter((each.resource, each.name.casefold()) for each in OPERATIONS)
    assert len(counted) == NUMBER_OF_OPERATIONS
    assert [key for key, times in counted.items() if times > 1] == []


def test_actions_are_unique() -> None:
    counted = Counter(each.action.casefold() for each in OPERATIONS)
    assert [action for action, times in counted.items() if times > 1] == []


def test_form_of_texts() -> None:
    for each in OPERATIONS:
        for text in filter(None, (each.name, each.action, each.description)):
            assert text == " ".join(text.split())
            assert not text.endswith((".", ",", ";", ":"))
            assert text[0].isupper()


def test_actions_are_in_sentence_case() -> None:
    for each in OPERATIONS:
        for word in each.action.split()[1:]:
            bare = re.sub(r"('s?)$", "", word)
            plain = bare == bare.lower() or bare.isupper() or bare in PROPER | CASED | {"E.164"}
            assert plain, (each.id, each.action)


def test_actions_have_no_articles() -> None:
    for each in OPERATIONS:
        assert not re.search(r"\b(a|an|the)\b", each.action), each.action


def test_no_word_is_repeated() -> None:
    for each in OPERATIONS:
        for text in (each.name, each.action):
            parts = text.casefold().split()
            assert all(left != right for left, right in pairwise(parts)), text


def test_resource_by_name() -> None:
    """Find a resource by the name in n8n's list, and by its id as a generated node shows it."""
    seen = set()
    for resource, texts in CATALOG.resources.items():
        assert CATALOG.resource_id(texts["name"]) == resource
        assert CATALOG.resource_id(resource) == resource
        seen.add(texts["name"].casefold())
    assert len(seen) == 134


def test_each_override_changes_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    overrides = naming.load_overrides()
    document = json.loads(SHIPPED.read_bytes())
    monkeypatch.setattr(
        naming, "load_overrides", lambda: {"resources": overrides["resources"], "operations": {}}
    )
    by_rule = naming.name_operations(document["operations"])
    for operation_id, texts in overrides["operations"].items():
        assert operation_id in by_rule, operation_id
        for key, text in texts.items():
            assert by_rule[operation_id].get(key) != text, (operation_id, key)
    monkeypatch.setattr(naming, "load_overrides", lambda: {"resources": {}, "operations": {}})
    plain = naming.name_resources(document["operations"])
    for resource, texts in overrides["resources"].items():
        for key, text in texts.items():
            assert plain[resource][key] != text, (resource, key)
    parameters = {
        each.name for operation in OPERATIONS for version in operation.versions for each in version.parameters
    }
    assert set(overrides["parameters"]) <= parameters


def test_operations_without_an_override() -> None:
    """A newer PBX's operations have no overrides."""

    def entry(kind: str, path: str) -> dict[str, Any]:
        return {"resource": "HuntBoxes", "kind": kind, "versions": [{"path": path}]}

    made = naming.name_operations(
        {
            "ListHuntBox": entry("list", "/HuntBoxes"),
            "GetHuntBox": entry("get", "/HuntBoxes({Id})"),
            "GetHuntBoxByNumber": entry("get", "/HuntBoxes(Number={Number})"),
            "CreateHuntBox": entry("create", "/HuntBoxes"),
            "ListHuntBoxAgents": entry("list", "/HuntBoxes({Id})/Agents"),
            "DeleteSipLine": entry("action", "/HuntBoxes({Id})/Pbx.DeleteSipLine"),
            "ResetUrls": entry("action", "/HuntBoxes/Pbx.ResetUrls"),
            "Freeze": entry("action", "/HuntBoxes({Id})/Pbx.Freeze"),
        }
    )
    assert {name: tuple(texts.values()) for name, texts in made.items()} == {
        "ListHuntBox": ("Get Many", "Get many hunt boxes"),
        "GetHuntBox": ("Get", "Get hunt box"),
        "GetHuntBoxByNumber": ("Get by Number", "Get hunt box by number"),
        "CreateHuntBox": ("Create", "Create hunt box"),
        "ListHuntBoxAgents": ("Get Many Agents", "Get many agents of hunt box"),
        "DeleteSipLine": ("Delete SIP Line", "Delete SIP line of hunt box"),
        "ResetUrls": ("Reset URLs", "Reset URLs"),
        "Freeze": ("Freeze", "Freeze hunt box"),
    }


@pytest.mark.slow
def test_no_text_is_from_3cx(documents: list[Document]) -> None:
    official = {text for each in documents for text in _texts(each.content)}
    assert len(official) > 500
    generated = {each.action for each in OPERATIONS} | {each.description for each in OPERATIONS}
    generated |= {each.get("description", "") for each in naming.load_overrides()["parameters"].values()}
    assert {_bare(text) for text in generated if text} & official == set()


@pytest.mark.slow
def test_committed_catalog_is_up_to_date(documents: list[Document]) -> None:
    facts = [read_document(each) for each in reversed(documents)]
    assert render(build_catalog(add_own_documents(facts))) == SHIPPED.read_bytes()


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("summary", "description") and isinstance(value, str):
                yield _bare(value)
            else:
                yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)


def _bare(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".")
