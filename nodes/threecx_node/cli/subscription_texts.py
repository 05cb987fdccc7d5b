"""Subscriptions, their deliveries and tests as text in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .output import write_table
from .streams import print_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def write_list(found: Sequence[Mapping[str, Any]]) -> None:
    """Print the subscriptions, a paragraph for each."""
    if not found:
        print_line(
            "The executor has no subscriptions. Add one with: threecx subscriptions add URL --events NAMES"
        )
        return
    for number, each in enumerate(found):
        if number:
            print_line("")
        print_subscription(each)


def print_subscription(found: Mapping[str, Any]) -> None:
    """Print one subscription, a line for each of its parts."""
    for name, value in _list_parts(found):
        print_line(f"{name:<12}{value}")
    for problem in found.get("problems", ()):
        print_line(f"{'problem':<12}{describe_problem(problem)}")
    if secret := found.get("secret"):
        print_line(f"{'secret':<12}{secret}")
        print_line("The executor shows the secret only this once: store it where the webhooks are verified.")


def write_deliveries(deliveries: Sequence[Mapping[str, Any]]) -> None:
    """Write the table of the newest deliveries, and the problems that they had."""
    if not deliveries:
        print_line("Nothing has been sent yet.")
        return
    write_table(
        ["time", "event", "result", "attempts", "status"],
        (
            [
                each.get("time", ""),
                each.get("event", ""),
                each.get("result", ""),
                str(each.get("attempts", "")),
                str(each.get("statusCode", "")),
            ]
            for each in deliveries
        ),
    )
    # The same problem often repeats: it is said once.
    for problem in dict.fromkeys(each["problem"] for each in deliveries if each.get("problem")):
        print_line(f"{'problem':<12}{problem}")


def describe_test(result: Mapping[str, Any]) -> str:
    """Return what became of a test event as one line."""
    status = f" (status {result['statusCode']})" if result.get("statusCode") else ""
    if result.get("delivered"):
        return f"the test event was accepted{status}"
    parts = [str(result.get("problem") or "the test event was not accepted").rstrip(".")]
    if advice := result.get("advice"):
        parts.append(str(advice))
    return f"not delivered{status}: {'. '.join(parts)}"


def describe_problem(problem: Mapping[str, Any]) -> str:
    """Return what keeps events from coming as one line."""
    events = ", ".join(problem.get("events", ()))
    text = f"{events}: {problem.get('message', '')}".rstrip(".")
    return f"{text}. {problem['advice']}" if problem.get("advice") else text


def describe_pbx(found: Mapping[str, Any]) -> str:
    """Return the PBX of a subscription: its profile, or its address and client."""
    pbx = found.get("pbx", {})
    if pbx.get("profile"):
        return f"profile {pbx['profile']}"
    return f"{pbx.get('baseUrl', '')} (client {pbx.get('clientId', '')})"


def _list_parts(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "id", found.get("id", "")
    yield "state", _describe_state(found)
    yield "events", ", ".join(found.get("events", ()))
    if chosen := found.get("filter"):
        yield "filter", ", ".join(f"{name} {_describe_value(value)}" for name, value in chosen.items())
    yield "pbx", describe_pbx(found)
    yield "url", found.get("url", "")
    if found.get("description"):
        yield "description", found["description"]
    yield "created", found.get("createdAt", "")
    counts = _counts(found)
    yield (
        "deliveries",
        ", ".join(f"{counts.get(name, 0)} {name}" for name in ("delivered", "pending", "failed")),
    )


def _describe_state(found: Mapping[str, Any]) -> str:
    state = str(found.get("state", ""))
    return f"{state}: {found['stateReason']}" if found.get("stateReason") else state


def _describe_value(value: Any) -> str:
    return " or ".join(str(each) for each in value) if isinstance(value, list) else str(value)


def _counts(found: Mapping[str, Any]) -> Mapping[str, Any]:
    counts = found.get("deliveries")
    return counts if isinstance(counts, dict) else {}
