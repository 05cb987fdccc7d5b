"""Load an OpenAPI document of the XAPI from a file, in YAML or JSON."""

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


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document, the release that it describes, and the name of its file for messages."""

    content: Mapping[str, Any]
    release: str
    source: str

    @property
    def base_path(self) -> str:
        """Return the path of the first server's URL, which comes before all paths of the document."""
        servers = self.content.get("servers") or [{}]
        return urlsplit(str(servers[0].get("url", ""))).path.rstrip("/") or BASE_PATH


def load_document(path: Path, release: str | None = None) -> Document:
    """Return the document at `path`; its release is part of the file's name unless it is given.

    Raises InputError where the file is missing, is not YAML or JSON, is not OpenAPI or has no release in its name.
    """
    import yaml

    found = release or next(iter(re.findall(r"\d+\.\d+\.\d+", path.name)), None)
    if found is None:
        raise InputError(
            f"the name {path.name} does not contain a release",
            description="Rename the file, for example to xapi-20.0.10.yaml, or give it as 20.0.10=FILE.",
        )
    try:
        content = yaml.load(path.read_bytes(), Loader=_create_loader())  # noqa: S506 (a subclass of a safe loader)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InputError(
            f"{path.name} is not valid YAML or JSON{place}: {getattr(error, 'problem', error)}"
        ) from error
    if not isinstance(content, dict) or "paths" not in content or "components" not in content:
        raise InputError(f"{path.name} is not an OpenAPI document: it has no paths or no components")
    return Document(content, found, path.name)


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
