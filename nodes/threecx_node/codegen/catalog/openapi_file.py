"""Load an OpenAPI document of the XAPI, in YAML or JSON, from a file or from bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from threecx_credentials.fields import BASE_PATH

from ...errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# The newest document of 3CX has 1.2 MB; reading 1 MB takes about a second.
MAX_BYTES = 10 * 1024 * 1024
# Those of 3CX have 15 levels.
_MAX_DEPTH = 100
_REMEDY = "Give the document of a 3CX PBX, which it serves at /xapi/v1/swagger.yaml."
_RELEASE = re.compile(r"\d+\.\d+\.\d+")


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document, the release that it describes, and the name of its source for messages."""

    content: Mapping[str, Any]
    release: str
    source: str

    @property
    def base_path(self) -> str:
        """Return the path of the first server's URL, which comes before all paths of the document."""
        servers = self.content.get("servers") or [{}]
        return urlsplit(str(servers[0].get("url", ""))).path.rstrip("/") or BASE_PATH


def find_release(text: str) -> str | None:
    """Return the release in a version or a file's name, "20.0.10" of "20.0.10.1621"; None where there is none."""
    match = _RELEASE.search(text)
    return match[0] if match else None


def load_document(path: Path, release: str | None = None) -> Document:
    """Return the document at `path`; its release is part of the file's name unless it is given.

    Raises InputError where the file is missing, too large, not YAML or JSON, not OpenAPI or has no release in its name.
    """
    found = release or find_release(path.name)
    if found is None:
        raise InputError(
            f"the name {path.name} does not contain a release",
            description="Rename the file, for example to xapi-20.0.10.yaml, or give it as 20.0.10=FILE.",
        )
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    return parse_document(data, found, path.name)


def parse_document(data: bytes, release: str, source: str) -> Document:
    """Return the document in `data`; `source` names it in errors. Raises InputError where it is not OpenAPI."""
    import yaml

    if len(data) > MAX_BYTES:
        raise InputError(
            f"{source} is larger than the limit of {MAX_BYTES // 2**20} MB",
            description="The document of a PBX has about 1 MB.",
        )
    try:
        _refuse_traps(data, source)
        content = yaml.load(data, Loader=_create_loader())  # noqa: S506 (a subclass of a safe loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = f"is not valid YAML or JSON{place}: {getattr(error, 'problem', None) or error}"
        raise InputError(f"{source} {problem}", description=_REMEDY) from error
    except ValueError as error:
        # A date or a number that does not exist.
        problem = f"contains a value that cannot be read: {error}"
        raise InputError(f"{source} {problem}", description=_REMEDY) from error
    if not isinstance(content, dict) or not all(
        isinstance(content.get(name), dict) for name in ("paths", "components")
    ):
        problem = "is not an OpenAPI document: it has no paths or no components"
        raise InputError(f"{source} {problem}", description=_REMEDY)
    return Document(content, release, source)


def _refuse_traps(data: bytes, source: str) -> None:
    """Raise InputError for aliases, a few of which make a document without end, and for endless nesting.

    The parser in C would exhaust the stack, which ends the process. Its events come one by one.
    """
    import yaml

    depth = 0
    for event in yaml.parse(data, Loader=_create_loader()):
        if isinstance(event, yaml.AliasEvent):
            problem = "contains YAML aliases, which documents of 3CX do not use"
            raise InputError(f"{source} {problem}", description=_REMEDY)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _MAX_DEPTH:
                raise InputError(f"{source} is nested too deeply", description=_REMEDY)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


@lru_cache(maxsize=1)
def _create_loader() -> Any:
    """Return a safe loader that reads `No` as a text, as OpenAPI means it; YAML 1.1 reads it as false."""
    import yaml

    # The implementation in C is faster; it exists where libyaml is installed.
    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    bool_tag = "tag:yaml.org,2002:bool"
    loader: Any = type("Loader", (base,), {})
    loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != bool_tag]
        for first, resolvers in base.yaml_implicit_resolvers.items()
    }
    loader.add_implicit_resolver(
        bool_tag, re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), list("tTfF")
    )
    return loader
