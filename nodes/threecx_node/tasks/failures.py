"""Name the entity in the errors of a task, and suppress those about one that is gone."""

from __future__ import annotations

from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from ..errors import ResponseError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def naming(what: str) -> Iterator[None]:
    """Name the entity in the errors of requests about it: "user 100"."""
    try:
        yield
    except ResponseError as error:
        error.message = f"{what}: {error.message}"
        if error.http_code == HTTPStatus.NOT_FOUND:
            error.description = (
                f"{what} was deleted after it had been found. Name another one, or remove the item."
            )
        raise


@contextmanager
def suppress_gone() -> Iterator[None]:
    """Suppress the error of a request about an entity that is not there any more."""
    try:
        yield
    except ResponseError as error:
        if error.http_code != HTTPStatus.NOT_FOUND:
            raise
