"""JavaScript's undefined: the one value that says "there is nothing here", unlike null."""

from __future__ import annotations

from typing import Final, final


@final
class UndefinedType:
    """Has one instance, UNDEFINED: falsy, and itself through copy and pickle."""

    __slots__ = ()
    _instance: UndefinedType | None = None

    def __new__(cls) -> UndefinedType:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __repr__(self) -> str:
        return "undefined"

    def __bool__(self) -> bool:
        return False

    def __reduce__(self) -> str:
        return "UNDEFINED"


UNDEFINED: Final = UndefinedType()
