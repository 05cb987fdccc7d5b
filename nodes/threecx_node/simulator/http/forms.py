"""Read the file of a multipart body."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import create_form_parser

from ..odata.errors import MALFORMED_BODY, REQUIRED, ErrorDetail, ODataError
from .asgi import MAX_BODY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from python_multipart.multipart import Field, File

_MULTIPART = b"multipart/form-data"
_MAX_PARTS = 32


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file that a client sent: its name, and its bytes."""

    name: str
    content: bytes = field(repr=False)


def read_uploaded_file(headers: Mapping[bytes, bytes], body: bytes, part: str) -> UploadedFile:
    """Return the file in the part of a multipart body that has this name.

    Raises ODataError: 415 for a body of another type, 400 for one that cannot be read or lacks the file.
    """
    media_type = headers.get(b"content-type", b"")
    if media_type.split(b";")[0].strip().lower() != _MULTIPART:
        raise ODataError(415, "The body must be multipart/form-data.")
    files: dict[str, UploadedFile] = {}
    parts = 0

    def count() -> None:
        nonlocal parts
        parts += 1
        if parts > _MAX_PARTS:
            raise ODataError(400, f"{MALFORMED_BODY}\n\nThe body has more than {_MAX_PARTS} parts.")

    def on_field(_field: Field) -> None:
        count()

    def on_file(file: File) -> None:
        count()
        file.file_object.seek(0)
        name = (file.file_name or b"").decode("utf-8", "replace")
        files[(file.field_name or b"").decode("utf-8", "replace")] = UploadedFile(
            name, file.file_object.read()
        )
        file.close()

    try:
        # Files stay in memory: the size of a body is limited.
        config = {"MAX_MEMORY_FILE_SIZE": MAX_BODY, "MAX_BODY_SIZE": MAX_BODY}
        parser = create_form_parser({"Content-Type": media_type}, on_field, on_file, config=config)
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise ODataError(400, f"{MALFORMED_BODY}\n\nThe multipart body cannot be read.") from error
    if part not in files:
        raise ODataError.of(400, ErrorDetail(part, REQUIRED))
    return files[part]
