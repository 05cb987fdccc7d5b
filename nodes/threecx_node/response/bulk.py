"""Find the failures in the response of a bulk action, which has status 200 even where every entry failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..advice import PARTIAL_FAILURE
from ..errors import PartialFailureError
from ..values.error_body import LONGEST_MESSAGE, read_text
from ..values.json import dumps, loads

if TYPE_CHECKING:
    from ..catalog import Operation

# A failed entry has its own words in this field; the others say which entry it is.
_ERROR = "Error"
_STATUS = "Status"
_MOST_NAMED = 50


def check_failures(operation: Operation, results: list[Any], body: bytes | None) -> None:
    """Raise PartialFailureError where entries of an action failed; `body` is that of the request."""
    if operation.kind != "action":
        return
    failures = [each for each in results if isinstance(each, Mapping) and each.get(_ERROR)]
    if not failures:
        return
    failed, total = len({_name(each) or str(index) for index, each in enumerate(failures)}), _count_sent(body)
    if total is None and len(results) > len(failures):
        total = len(results)
    named = "; ".join(_describe(each) for each in failures[:_MOST_NAMED])
    count = f"{failed} of {total} failed" if total is not None and failed <= total else f"{failed} failed"
    message = f"{operation.id}: {count}: {named}"
    raise PartialFailureError(
        message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]}…",
        description=_advise(failed, total),
        failures=failures,
        http_code=200,
    )


def _advise(failed: int, total: int | None) -> str:
    if total is None or failed > total:
        return PARTIAL_FAILURE["unknown"]
    if failed == total:
        return PARTIAL_FAILURE["all"]
    rest = total - failed
    return PARTIAL_FAILURE["some"].format(rest=f"other {rest} were" if rest > 1 else "other one was")


def _count_sent(body: bytes | None) -> int | None:
    """Return the number of different entries in a request body, None where it does not have just one list."""
    try:
        lists = _find_lists(loads(body)) if body else []
    except ValueError:
        return None
    if len(lists) != 1:
        return None
    return len({dumps(each) for each in lists[0]})


def _find_lists(value: Any, depth: int = 0) -> list[list[Any]]:
    if isinstance(value, list):
        return [value]
    if not isinstance(value, Mapping) or depth > 2:
        return []
    return [found for each in value.values() for found in _find_lists(each, depth + 1)]


def _describe(failure: Mapping[str, Any]) -> str:
    error = failure[_ERROR]
    words = read_text(error) or (error if isinstance(error, str) else dumps(error).decode())
    name = _name(failure)
    return f"{name}: {words}" if name else words


def _name(failure: Mapping[str, Any]) -> str:
    """Return the values that say which entry failed."""
    return " ".join(str(value) for name, value in failure.items() if name not in (_ERROR, _STATUS) and value)
