"""Read the file of an upload from the parameters of one item, or from the binary data of its input item."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, ParameterError
from ..messages import FileContent
from ..options import DEFAULT_MAX_BODY_BYTES
from ..values.coerce import describe
from ..values.undefined import is_missing

if TYPE_CHECKING:
    from ..catalog import Upload

FILE_NAME = "fileName"
BINARY_PROPERTY = "binaryPropertyName"
DEFAULT_BINARY_PROPERTY = "data"
_WAYS = "Give @FILE on the command line, a pathlib.Path in Python, an object with fileName and data (Base64) in JSON."


def read_file(
    name: str, given: Mapping[str, Any], binary: Mapping[str, Any], max_bytes: int | None
) -> FileContent | None:
    """Return the file of the parameter `name`, None where there is none.

    `given` contains the parameters that are about the file: itself, `fileName` (a name instead of the file's own) and
    `binaryPropertyName`, which selects one of the item's binary data where the parameter itself is not given. A file
    that is larger than `max_bytes` is not read. Raises ParameterError.
    """
    value = given.get(name)
    limit = max_bytes or DEFAULT_MAX_BODY_BYTES
    if is_missing(value):
        value = _select_binary(given.get(BINARY_PROPERTY), binary)
        if value is None:
            return None
    new_name = given.get(FILE_NAME)
    if not is_missing(new_name) and not isinstance(new_name, str):
        raise ParameterError(
            f"{FILE_NAME}: expected a text, got {describe(new_name)}",
            field=FILE_NAME,
            description="Give a file name.",
        )
    file = _to_file(name, value, limit)
    return file if is_missing(new_name) else FileContent(str(new_name).strip(), file.content, file.media_type)


def load_shared_file(upload: Upload | None, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return parameters that all items share, with a file instead of its path, so that it is read once.

    Raises InputError where it cannot be read.
    """
    if upload is None or not isinstance(path := parameters.get(upload.name), os.PathLike):
        return parameters
    try:
        file = read_path(upload.name, Path(path), upload.max_bytes or DEFAULT_MAX_BODY_BYTES)
    except ParameterError as error:
        raise InputError(error.message, description=error.description, field=error.field) from error
    return {**parameters, upload.name: file}


def _refuse_size(name: str, file: str, limit: int) -> ParameterError:
    """Return the error of a file that is too large; `name` is the parameter's, `limit` in bytes."""
    return ParameterError(
        f"{name}: {file or 'the file'} is larger than the limit of {limit} bytes",
        field=name,
        description="Shorten the file; nothing was sent for it.",
    )


def _select_binary(wanted: Any, binary: Mapping[str, Any]) -> Any:
    chosen = DEFAULT_BINARY_PROPERTY if is_missing(wanted) else wanted
    if isinstance(chosen, str) and chosen in binary:
        return binary[chosen]
    if is_missing(wanted):
        return None
    known = ", ".join(binary) or "none"
    raise ParameterError(
        f"the item has no binary data {describe(chosen)}",
        field=BINARY_PROPERTY,
        description=f"Choose from its binary fields: {known}.",
    )


def _to_file(name: str, value: Any, limit: int) -> FileContent:
    if isinstance(value, FileContent):
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return FileContent("", bytes(value))
    if isinstance(value, os.PathLike):
        return read_path(name, Path(value), limit)
    if isinstance(value, Mapping):
        return _decode(name, value, limit)
    raise ParameterError(f"{name}: expected a file, got {describe(value)}", field=name, description=_WAYS)


def read_path(name: str, path: Path, limit: int) -> FileContent:
    """Return the file at `path`, of which at most `limit` bytes are read. Raises ParameterError."""
    try:
        with path.open("rb") as opened:
            content = opened.read(limit + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ParameterError(
            f"{name}: cannot read {path}: {reason}", field=name, description="Give the path of a file."
        ) from error
    if len(content) > limit:
        raise _refuse_size(name, path.name, limit)
    return FileContent(path.name, content)


def _decode(name: str, value: Mapping[str, Any], limit: int) -> FileContent:
    """Return the file of `{"fileName", "mimeType", "data"}`; data is Base64, or bytes in Python."""
    file_name, media_type, data = value.get("fileName"), value.get("mimeType"), value.get("data")
    for field, text in (("fileName", file_name), ("mimeType", media_type)):
        if not is_missing(text) and not isinstance(text, str):
            raise ParameterError(
                f"{name}.{field}: expected a text, got {describe(text)}", field=name, description=_WAYS
            )
    if isinstance(data, (bytes, bytearray, memoryview)):
        content = bytes(data)
    elif isinstance(data, str):
        if len(data) > (limit + 3) * 4 // 3 + 4:
            raise _refuse_size(name, str(file_name or ""), limit)
        try:
            content = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ParameterError(
                f"{name}.data is not Base64", field=name, description="Give the bytes of the file in Base64."
            ) from error
    else:
        raise ParameterError(
            f"{name}.data: expected Base64, got {describe(data)}", field=name, description=_WAYS
        )
    return FileContent(str(file_name or "").strip(), content, str(media_type or ""))
