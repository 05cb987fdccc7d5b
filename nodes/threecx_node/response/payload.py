"""The content of a successful response."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ..values.record import record

if TYPE_CHECKING:
    from ..messages import BodyFile, HttpResponse


@dataclass(frozen=True, slots=True)
class File:
    """A downloaded file; `name` is safe to save, `given_name` is the server's.

    `stored` has its bytes in place of `content` where that was asked for.
    """

    content: bytes
    media_type: str
    name: str
    given_name: str = field(default="", compare=False)
    stored: BodyFile | None = None


@record
class Payload:
    """The content of a successful response: an entity, a list of entities or values, a value, a file, or nothing.

    `document` is the JSON of `response` as it came.
    `count` and `next_link` are those of a list: the number of all its entities, and the URL of the next page.
    """

    kind: Literal["entity", "collection", "value", "file", "nothing"]
    value: Any = None
    count: int | None = None
    response: HttpResponse | None = field(default=None, compare=False, repr=False)
    document: Any = field(default=None, compare=False, repr=False)
    next_link: str | None = None
