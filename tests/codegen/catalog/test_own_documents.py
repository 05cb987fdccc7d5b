"""Documents of this package's own beside 3CX's: operations, uploads, and base paths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from threecx_node.catalog import load_catalog
from threecx_node.catalog.catalog import Catalog
from threecx_node.codegen.catalog import writer
from threecx_node.codegen.catalog.openapi_file import Document
from threecx_node.codegen.catalog.read import ReleaseFacts, read_document
from threecx_node.errors import InputError
from threecx_node.execution.dry_run import describe_item
from threecx_node.execution.plan import PlannedItem
from threecx_node.messages import RequestValues
from threecx_node.request.build import RequestBuilder

RESPONSE = {"responses": {"204": {"description": "Done"}}}


def facts(release: str, paths: dict[str, Any], server: str = "/xapi/v1") -> ReleaseFacts:
    content = {"servers": [{"url": server}], "paths": paths, "components": {}}
    return read_document(Document(content, release, f"{release}.yaml"))


def operation(name: str, **more: Any) -> dict[str, Any]:
    return {"operationId": name, "tags": ["Calls"], **RESPONSE, **more}


def test_uploads_are_in_every_release() -> None:
    catalog = load_catalog()
    prompt = catalog.operation("UploadPrompt")
    assert prompt.releases == catalog.releases
    [version] = prompt.versions
    assert version.upload is not None
    assert (version.upload.name, version.upload.media_type, version.upload.max_bytes) == (
        "file",
        "audio/wav",
        10**7,
    )
    assert version.body is None


def test_an_operation_of_3cx_takes_precedence() -> None:
    by_id = facts("20.0.11", {"/Other": {"post": operation("UploadPrompt")}})
    by_request = facts("20.0.12", {"/CustomPrompts": {"post": operation("PostPrompt")}})
    [first, second] = writer.add_own_documents([by_id, by_request])
    assert first.operations["UploadPrompt"]["version"]["path"] == "/Other"
    assert "UploadPrompt" not in second.operations


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(writer, "OWN_DOCUMENTS", tmp_path)
    return tmp_path


def test_an_own_document_has_a_base_path(own_folder: Path) -> None:
    call = {
        "/{dn}/makecall": {
            "post": operation(
                "MakeDnCall",
                parameters=[{"name": "dn", "in": "path", "schema": {"type": "string"}}],
            )
        }
    }
    document = {"servers": [{"url": "https://pbx.example/callcontrol/"}], "paths": call, "components": {}}
    (own_folder / "callcontrol.yaml").write_text(yaml.safe_dump(document))
    pbx = facts("20.0.10", {"/Users": {"post": operation("CreateOne")}})
    catalog = Catalog(writer.build_catalog(writer.add_own_documents([pbx])))
    assert catalog.operation("CreateOne").version().base_path == "/xapi/v1"
    found = catalog.operation("MakeDnCall")
    assert found.version().base_path == "/callcontrol"
    request = RequestBuilder(catalog, found).build(RequestValues({"dn": "100"}))
    assert request.url("https://pbx") == "https://pbx/callcontrol/100/makecall"
    shown = describe_item(PlannedItem(0, request), "https://pbx")
    assert shown["url"] == "https://pbx/callcontrol/100/makecall"


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"file": {"type": "string"}},
        {"file": {"type": "string", "format": "binary"}, "name": {"type": "string"}},
    ],
)
def test_a_multipart_body_has_one_file(properties: dict[str, Any]) -> None:
    content = {"multipart/form-data": {"schema": {"type": "object", "properties": properties}}}
    with pytest.raises(InputError, match="must have one part, which is a file"):
        facts("20.0.11", {"/A": {"post": operation("A", requestBody={"content": content})}})
