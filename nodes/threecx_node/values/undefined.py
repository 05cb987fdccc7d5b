"""JavaScript's undefined: a missing value, unlike null."""

from __future__ import annotations

from typing import Any, Final, final


@final
class Undefined:
    """The type of `UNDEFINED`: one object, also after copying and pickling, and falsy."""

    _only: Undefined | None = None

    def __new__(cls) -> Undefined:
        """Return the one object; it is created on first use."""
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __repr__(self) -> str:
        return "undefined"

    def __bool__(self) -> bool:
        return False

    def __copy__(self) -> Undefined:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Undefined:
        del memo
        return self

    def __reduce__(self) -> str:
        return "UNDEFINED"


UNDEFINED: Final = Undefined()


def is_missing(value: Any) -> bool:
    """Return whether a value says nothing: null, undefined, or a text that is empty or only whitespace."""
    return value is None or value is UNDEFINED or (isinstance(value, str) and not value.strip())
