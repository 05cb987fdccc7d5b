"""Create the objects of the catalog from its document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from threecx_credentials.fields import BASE_PATH

from .models import OperationVersion, Parameter, Property, ReturnKind, Returns, TypeRef, Upload


def create_version(raw: Mapping[str, Any], releases: tuple[str, ...]) -> OperationVersion:
    """Return a version of an operation, which by default has `releases`."""
    body = raw.get("body")
    returned = raw.get("returns", {})
    kind: ReturnKind = next(iter(returned), "nothing")
    upload = raw.get("upload")
    return OperationVersion(
        method=raw["method"],
        path=raw["path"],
        parameters=tuple(_create_parameter(name, value) for name, value in raw.get("parameters", {}).items()),
        query=tuple(raw.get("query", ())),
        if_match=raw.get("ifMatch", False),
        body={name: create_property(name, value) for name, value in body["properties"].items()}
        if isinstance(body, Mapping)
        else body,
        returns=Returns(kind, returned.get(kind, "")),
        releases=tuple(raw.get("releases", releases)),
        base_path=raw.get("base", BASE_PATH),
        upload=Upload(upload["name"], upload.get("mediaType", ""), upload.get("maxBytes"))
        if upload
        else None,
    )


def _create_parameter(name: str, raw: str | Mapping[str, Any]) -> Parameter:
    if isinstance(raw, str):
        return Parameter(name, raw)
    return Parameter(
        name,
        raw["type"],
        raw.get("maxLength"),
        raw.get("optional", False),
        raw.get("default"),
        raw.get("choices", {}),
    )


def create_property(name: str, raw: str | Mapping[str, Any]) -> Property:
    """Return a property of a schema or of a body."""
    if isinstance(raw, str):
        return Property(name, TypeRef.parse(raw))
    releases = raw.get("releases")
    return Property(
        name,
        TypeRef.parse(raw["type"]),
        navigation=raw.get("navigation", False),
        max_length=raw.get("maxLength"),
        releases=tuple(releases) if releases else None,
        earlier={
            release: TypeRef.parse(text)
            for text, earlier in raw.get("earlier", {}).items()
            for release in earlier
        },
    )
