"""`$metadata` and the service document: well-formed, and complete compared with the catalog."""

from __future__ import annotations

from collections import Counter
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from tests.support import ADDED_OPERATIONS, RELEASES, document
from threecx_node.catalog import load_catalog
from threecx_node.simulator import Simulator

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"


def schema_of(release: str) -> ET.Element:
    with Simulator(release=release, seed="empty") as pbx:
        headers = {"authorization": f"Bearer {pbx.token()}"}
        answer = httpx.get(f"{pbx.base_url}/xapi/v1/$metadata", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/xml; charset=utf-8"
    root = ET.fromstring(answer.content)  # noqa: S314 - our own
    assert root.get("Version") == "4.0"
    found = root.find(f".//{EDM}Schema")
    assert found is not None
    return found


def names(schema: ET.Element, tag: str) -> list[str]:
    return [element.attrib["Name"] for element in schema.iter(f"{EDM}{tag}")]


@pytest.mark.parametrize("release", RELEASES)
def test_counts_match_the_catalog(release: str) -> None:
    catalog, schema = load_catalog(), schema_of(release)
    # As in 3CX's own document, the operations that this package adds are not in it.
    listed = [each for each in catalog.operations(release=release) if each.id not in ADDED_OPERATIONS]
    kinds = Counter(operation.kind for operation in listed)
    assert len(names(schema, "Function")) == kinds["function"]
    assert len(names(schema, "Action")) == kinds["action"]
    types = {f"Pbx.{name}" for tag in ("EntityType", "ComplexType") for name in names(schema, tag)}
    assert {name for name in catalog.schemas_in(release) if name.startswith("Pbx.")} <= types
    enums = {f"Pbx.{name}" for name in names(schema, "EnumType")}
    assert enums == {n for n, e in catalog.enums.items() if e.members_in(release) and n.startswith("Pbx.")}
    heads = {each.version(release).path[1:].split("/")[0].split("(")[0] for each in listed}
    unbound = set(names(schema, "FunctionImport")) | set(names(schema, "ActionImport"))
    assert set(names(schema, "EntitySet")) | set(names(schema, "Singleton")) | unbound == heads


def test_used_names_are_declared() -> None:
    schema = schema_of("20.0.10")
    declared = {
        f"Pbx.{name}" for tag in ("EntityType", "ComplexType", "EnumType") for name in names(schema, tag)
    }
    assert len(declared) == sum(len(names(schema, tag)) for tag in ("EntityType", "ComplexType", "EnumType"))
    for element in schema.iter():
        used = element.get("Type") or element.get("EntityType")
        if used:
            plain = used.removeprefix("Collection(").removesuffix(")")
            assert plain in declared or plain.startswith("Edm."), used
    sets = set(names(schema, "EntitySet"))
    for binding in schema.iter(f"{EDM}NavigationPropertyBinding"):
        assert binding.attrib["Target"] in sets
    entity_types = {f"Pbx.{name}" for name in names(schema, "EntityType")}
    for element in schema.iter(f"{EDM}NavigationProperty"):
        assert element.attrib["Type"].removeprefix("Collection(").removesuffix(")") in entity_types
    for kind in schema.iter(f"{EDM}EntityType"):
        key = kind.find(f"{EDM}Key/{EDM}PropertyRef")
        if key is not None:
            assert key.attrib["Name"] in {each.attrib["Name"] for each in kind.iter(f"{EDM}Property")}


def test_the_user() -> None:
    schema = schema_of("20.0.10")
    user = next(each for each in schema.iter(f"{EDM}EntityType") if each.attrib["Name"] == "User")
    assert [each.attrib for each in user.iterfind(f"{EDM}Key/{EDM}PropertyRef")] == [{"Name": "Id"}]
    properties = {each.attrib["Name"]: each.attrib for each in user.iter(f"{EDM}Property")}
    assert properties["FirstName"]["Type"] == "Edm.String"
    assert properties["Hours"]["Type"] == "Pbx.Schedule"
    navigation = {each.attrib["Name"]: each.attrib["Type"] for each in user.iter(f"{EDM}NavigationProperty")}
    assert navigation["Groups"] == "Collection(Pbx.UserGroup)"
    batch = next(each for each in schema.iter(f"{EDM}Action") if each.attrib["Name"] == "BatchDelete")
    assert [each.attrib["Type"] for each in batch.iter(f"{EDM}Parameter")] == [
        "Collection(Pbx.User)",
        "Collection(Edm.Int32)",
    ]
    [returned] = batch.iterfind(f"{EDM}ReturnType")
    assert returned.attrib["Type"] == "Collection(Pbx.UserDeleteError)"
    answers = next(
        each for each in schema.iter(f"{EDM}EnumType") if each.attrib["Name"] == "AuthenticationType"
    )
    assert [each.attrib["Name"] for each in answers] == ["No", "Basic", "Scenario"]


@pytest.mark.parametrize("release", ["20.0.4", "20.0.10"])
def test_properties_match_the_official_document(release: str) -> None:
    official: dict[str, Any] = document(release)["components"]["schemas"]
    schema = schema_of(release)
    compared = 0
    for kind in (*schema.iter(f"{EDM}EntityType"), *schema.iter(f"{EDM}ComplexType")):
        described = official.get(f"Pbx.{kind.attrib['Name']}", {})
        if "properties" not in described or "allOf" in described:
            continue
        ours = {
            each.attrib["Name"]
            for tag in ("Property", "NavigationProperty")
            for each in kind.iter(f"{EDM}{tag}")
        }
        assert ours == described["properties"].keys(), kind.attrib["Name"]
        compared += 1
    assert compared > 200


def test_the_service_document(api: httpx.Client) -> None:
    for path in ("", "/"):
        answer = api.get(str(api.base_url).rstrip("/") + path)
        assert answer.status_code == 200
        assert answer.json()["@odata.context"].endswith("/xapi/v1/$metadata")
        kinds = {each["url"]: each["kind"] for each in answer.json()["value"]}
        assert (kinds["Users"], kinds["SystemStatus"]) == ("EntitySet", "Singleton")
    assert api.get("%24metadata").headers["content-type"].startswith("application/xml")
    answer = api.post("$metadata")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


def test_both_need_a_login(anyone: httpx.Client) -> None:
    for path in ("/xapi/v1", "/xapi/v1/", "/xapi/v1/$metadata"):
        assert anyone.get(path).status_code == 401
