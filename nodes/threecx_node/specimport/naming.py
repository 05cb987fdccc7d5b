"""Texts for people, made from names by rules."""

from __future__ import annotations
import re
from typing import Any


def words(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)


def resources(operations: dict[str, Any]) -> dict[str, dict[str, str]]:
    names = sorted({entry["resource"] for entry in operations.values()})
    return {name: {"name": words(name), "singular": words(name).lower().removesuffix("s")} for name in names}


def operations(merged: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {name: {"name": words(name), "action": words(name)} for name in merged}
