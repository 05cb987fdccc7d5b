"""The one walk over a body, judged by JSON Schema: both accept the same bodies, and what is sent is valid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.request.body_schema import validator_for
from threecx_node.catalog import load_catalog
from threecx_node.errors import BodyError
from threecx_node.request.body import BodyEncoder
from threecx_node.values.json import loads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from threecx_node.catalog import Operation, Property

CATALOG = load_catalog()
OPERATIONS = tuple(
    each for each in CATALOG.operations() if any(version.body is not None for version in each.versions)
)
# Values of every JSON type, among them those at the edges of the EDM types.
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, 255, 256, -1, 2**31, 2**63, 5.0, 0.5, -1.5]),
    st.text(max_size=8),
    st.sampled_from(
        [
            "2026-01-31",
            "2026-01-31T08:00:00Z",
            "PT1H",
            "08:30:00",
            "6f9619ff-8b86-d011-b42d-00c04fc964ff",
            "INF",
            "true",
            "42",
        ]
    ),
)


def encoder(operation: Operation, release: str) -> BodyEncoder:
    version = operation.version(release)
    return BodyEncoder(CATALOG, operation.id, CATALOG.body_properties(version, release), release, 10**7)


def encode(operation: Operation, release: str, body: Any) -> Any:
    try:
        return loads(encoder(operation, release).encode(body))
    except BodyError as error:
        return error


def values(declared: Property, release: str, depth: int) -> st.SearchStrategy[Any]:
    """Values that a field accepts or nearly accepts."""
    type_ref = declared.type_in(release)
    if CATALOG.is_schema(type_ref.name):
        single = st.none() | bodies(CATALOG.properties_in(type_ref.name, release), release, depth + 1)
    elif enum := CATALOG.enums.get(type_ref.name):
        members = st.sampled_from(enum.members or ("",))
        single = st.one_of(members, st.lists(members, max_size=3).map(", ".join), SCALARS)
    else:
        single = SCALARS
    return (
        st.lists(single, max_size=2) | single
        if type_ref.collection
        else single | st.lists(single, max_size=1)
    )


def bodies(declared: Mapping[str, Property], release: str, depth: int = 0) -> st.SearchStrategy[Any]:
    if depth > 2 or not declared:
        return st.just({})
    names = st.lists(st.sampled_from(sorted(declared)), max_size=3, unique=True)
    return names.flatmap(
        lambda chosen: st.fixed_dictionaries(
            {name: values(declared[name], release, depth) for name in chosen},
            optional={"@odata.type": SCALARS, "Nonsense": SCALARS} if depth else {"@odata.type": SCALARS},
        )
    )


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_walk_and_schema_agree(data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(OPERATIONS))
    release = data.draw(st.sampled_from(operation.releases))
    version = operation.version(release)
    if version.body is None:
        return
    judge = validator_for(CATALOG, operation.id, version.body, release)
    body = data.draw(bodies(CATALOG.body_properties(version, release), release))
    sent = encode(operation, release, body)
    if isinstance(sent, BodyError):
        # Nothing is refused that is valid as it is.
        assert sent.field
        assert not judge.is_valid(body), sent.message
    else:
        assert judge.is_valid(sent), next(iter(judge.iter_errors(sent))).message


@pytest.mark.parametrize("value", [256, "256", "five", "", None, True, [1]])
def test_a_byte(value: Any) -> None:
    schema = next(
        (name, each)
        for name in CATALOG.schema_names
        for each in CATALOG.properties(name).values()
        if str(each.type) == "Byte" and not each.type.nullable and not each.type.collection
    )
    declared = {schema[1].name: schema[1]}
    with pytest.raises(BodyError, match=schema[1].name):
        BodyEncoder(CATALOG, "Test", declared, None, 100).encode({schema[1].name: value})
