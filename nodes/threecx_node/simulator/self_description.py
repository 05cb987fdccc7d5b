"""What describes the API itself: the service document at its root, and `$metadata`."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import orjson

from .metadata import csdl
from .refusals import Refusal
from .wire import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .model import Model

XML_TYPE = b"application/xml; charset=utf-8"


def _service(model: Model, method: str, base: str) -> Answer:
    _check_method(method)
    value = [{"name": name, "kind": "EntitySet", "url": name} for name in model.sets]
    value += [{"name": name, "kind": "Singleton", "url": name} for name in model.singletons]
    return Answer(200, orjson.dumps({"@odata.context": f"{base}/$metadata", "value": value}))


def _metadata(model: Model, method: str, _base: str) -> Answer:
    _check_method(method)
    return Answer(200, _csdl(model), media_type=XML_TYPE)


@lru_cache(maxsize=16)
def _csdl(model: Model) -> bytes:
    return csdl(model)


def _check_method(method: str) -> None:
    if method != "GET":
        raise Refusal(405, f"The path takes GET, not {method[:20]}.", headers={"allow": "GET"})


# By the path below the API's root.
DOCUMENTS: Mapping[str, Callable[[Model, str, str], Answer]] = {
    "": _service,
    "/": _service,
    "/$metadata": _metadata,
}
