"""Texts that YAML 1.1 would take for something else."""

from __future__ import annotations

from pathlib import Path

from threecx_node.catalog import load_catalog
from threecx_node.codegen.catalog.openapi_file import load_document
from threecx_node.codegen.catalog.read import read_document

DOCUMENT = """
openapi: 3.0.4
info: {title: x, version: v1}
paths: {}
components:
  schemas:
    Pbx.HttpResponse:
      title: HttpResponse
      enum:
        - No
        - Yes
        - Off
        - on
      type: string
"""


def test_no_is_a_text(tmp_path: Path) -> None:
    path = tmp_path / "xapi-20.0.1.yaml"
    path.write_text(DOCUMENT)
    assert read_document(load_document(path)).enums["Pbx.HttpResponse"]["members"] == [
        "No",
        "Yes",
        "Off",
        "on",
    ]


def test_every_member_of_the_shipped_catalog_is_a_text() -> None:
    for enum in load_catalog().enums.values():
        assert all(isinstance(member, str) for member in enum.members), enum
