"""An HTTP response as the stages after the transport see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, read whole: status, headers (a mapping that knows no case) and body."""

    status: int
    headers: Mapping[str, str]
    content: bytes
