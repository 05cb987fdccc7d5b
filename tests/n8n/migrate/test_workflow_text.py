"""Migrate the text of workflows: everything but the migrated nodes stays as it is."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.n8n.migrate.generated import CATALOG, NEW, delete, workflow
from threecx_node.errors import InputError
from threecx_node.n8n.migrate import migrate


@pytest.mark.parametrize("connections", [None, [], {"Old 0": None}, {"Old 0": {"main": [[None], 5, None]}}])
def test_odd_connections(connections: Any) -> None:
    flow = {**workflow({"resource": "Users", "operation": "List User"}), "connections": connections}
    assert json.loads(migrate(json.dumps(flow), CATALOG).text)["connections"] == connections


def test_lone_surrogate() -> None:
    text = json.dumps(workflow(delete(), name="x \ud83d", notes="ä"), ensure_ascii=False)
    text = text.encode("utf-8", "backslashreplace").decode().replace("\\ud83d", "\\ud83d")
    done = migrate(text, CATALOG)
    assert done.replaced == 1
    assert json.loads(done.text.encode().decode())["nodes"][0]["name"] == "x \ud83d"
    done.reports[0].node.encode()


def test_other_nodes() -> None:
    for type_ in ("n8n-nodes-base.httpRequest", NEW, "n8n-nodes-x.threecxTrigger"):
        text = json.dumps(workflow(delete(), type=type_))
        assert migrate(text, CATALOG).text == text
    named = json.dumps(workflow(delete(), type="n8n-nodes-mypbx.pbx"))
    assert migrate(named, CATALOG, from_types=("n8n-nodes-mypbx.pbx",)).replaced == 1


@pytest.mark.parametrize("text", ["", "{", "5", '{"nodes": 5}', '{"nodes": [5]}', "[5]", "{}", "[" * 5000])
def test_not_a_workflow(text: str) -> None:
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
def test_every_byte_outside_a_node_stays(
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
    assert done.replaced == 1
    expected = copy.deepcopy(json.loads(text))
    result = json.loads(done.text)
    workflows = [(expected, result)] if not listed else list(zip(expected, result, strict=True))
    for one_before, one_after in workflows:
        new = one_after["nodes"][len(before)]
        assert new["type"] == NEW
        one_before["nodes"][len(before)] = new
        assert one_after == one_before
    # The text before and after the node is the same, to the byte.
    start = next(
        place for place in range(len(text)) if text[place:] and not done.text.startswith(text[: place + 1])
    )
    assert start >= text.index("@@") - len(json.dumps(old, indent=8)) - 400
    behind = text[text.rindex("@@") :].split("}", 1)[1]
    assert done.text.endswith(behind)


def test_large_workflow() -> None:
    flow = workflow(*[delete()] * 300)
    random.Random(1).shuffle(flow["nodes"])  # noqa: S311 (an order, not a secret)
    assert migrate(json.dumps(flow), CATALOG).replaced == 300
