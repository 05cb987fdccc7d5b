"""Judge what a client may do, by the responses of its PBX. No function here sends anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..values.json import loads
from .findings import Finding, make_ok, make_problem, make_unchecked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..messages import HttpResponse
    from .findings import CheckName

_SOON = timedelta(days=14)
_LICENCE = "Enterprise or AI with at least 8 simultaneous calls"
_LEAST_CALLS = 8
_SHOWN = 10
NO_CONFIGURATION = "this client has no right to the Configuration API"


@dataclass(frozen=True, slots=True)
class Principal:
    """The rights of the client as the PBX has stored them, for clients that may read them."""

    has_call_control: bool
    monitored: tuple[str, ...]


def read_list(response: HttpResponse) -> list[dict[str, Any]] | None:
    """Return the objects of a list, as both APIs return it; None for any other body."""
    try:
        document = loads(response.content)
    except ValueError:
        return None
    if isinstance(document, dict):
        document = document.get("value")
    return [each for each in document if isinstance(each, dict)] if isinstance(document, list) else None


def read_object(response: HttpResponse) -> dict[str, Any] | None:
    """Return the object of a response with status 200; None for any other response."""
    try:
        document = loads(response.content) if response.status == 200 else None
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def read_principal(response: HttpResponse, client_id: str) -> Principal | None:
    """Return the client's own entry in a list of service principals."""
    rows = read_list(response) if response.status == 200 else None
    row = next((each for each in rows or () if str(each.get("Number")) == client_id), None)
    if row is None:
        return None
    peers = row.get("Peers") or ()
    numbers = tuple(str(each["Number"]) for each in peers if isinstance(each, dict) and each.get("Number"))
    return Principal(bool(row.get("CallControlEnabled")), numbers)


def judge_role(health: int, role: str, may: Mapping[str, bool]) -> Finding:
    """Judge the role, by the data that can be read; `health` is the status of the health check."""
    if health == 403 and may.get("callControl"):
        return make_ok("role", "Call Control only; the Configuration API refuses this client")
    if health == 403:
        return make_problem(
            "role",
            "this client may use neither the Configuration API nor Call Control",
            "Tick one of them for the client in Admin > Integrations > API.",
        )
    if not 200 <= health < 300:
        return _judge_status("role", "the Configuration API cannot be read", health)
    readable = " and ".join(name for name, allowed in _name_data(may) if allowed)
    refused = " or ".join(name for name, allowed in _name_data(may) if not allowed)
    if not may.get("users"):
        return make_problem(
            "role",
            f"{role}: may not read {refused}",
            "Give the client the role System Administrator or System Owner, in a department that is not System Wide.",
        )
    if refused:
        return make_ok("role", f"{role}: may read {readable}, but not {refused}, which needs System Owner")
    return make_ok("role", f"{role}: may read {readable}")


def _name_data(may: Mapping[str, bool]) -> Sequence[tuple[str, bool]]:
    return [("users", bool(may.get("users"))), ("the call history", bool(may.get("callHistory")))]


def judge_call_control(status: int, client_id: str, principal: Principal | None) -> Finding:
    """Judge the right to use Call Control; `status` is that of GET /callcontrol."""
    if 200 <= status < 300:
        return make_ok("callControl", f"client {client_id} may use Call Control")
    if status == 404:
        return make_problem(
            "callControl",
            "the PBX has no Call Control API (404)",
            f"Check the licence ({_LICENCE}) and that the API is enabled on this PBX.",
        )
    if status != 403:
        return _judge_status("callControl", "cannot be used", status)
    if principal is not None and principal.has_call_control:
        return make_problem(
            "callControl",
            f"client {client_id} has the right to Call Control, but the PBX refuses it (403)",
            f"Check the licence: Call Control needs {_LICENCE}.",
        )
    return make_problem(
        "callControl",
        f"client {client_id} may not use Call Control (403)",
        "To listen to calls, create a client of its own: threecx setup-events. Or tick Call Control in Admin > "
        "Integrations > API.",
    )


def judge_monitored(dns: list[dict[str, Any]], client_id: str) -> Finding:
    """Judge which DNs the client monitors, by the list of GET /callcontrol."""
    numbers = [str(each.get("dn") or "") for each in dns]
    others = [each for each in numbers if each and each != client_id]
    if not others:
        return make_problem(
            "monitored",
            "this client monitors no extension, so it sees only its own calls",
            f"Choose them: threecx setup-events --number {client_id} --extensions 100,101 (with a client that may "
            "change the configuration), or in Admin > Integrations > API.",
        )
    more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
    return make_ok("monitored", f"{_count(len(others), 'DN')}: {', '.join(others[:_SHOWN])}{more}")


def judge_licence(response: HttpResponse, *, may_use_call_control: bool) -> Finding:
    """Judge the licence, by the singleton LicenseStatus."""
    if response.status == 403:
        return make_unchecked("licence", "this client may not read it")
    licence = read_object(response)
    if licence is None:
        return _judge_status("licence", "cannot be read", response.status)
    product, calls = str(licence.get("ProductCode") or "unknown"), licence.get("MaxSimCalls")
    renew = "Renew it, in the Admin console of 3CX."
    if licence.get("LicenseActive") is False:
        return make_problem("licence", f"{product} is not active", renew)
    end = _read_time(licence.get("ExpirationDate"))
    if end is not None and end <= datetime.now(UTC) + _SOON:
        word = "has expired on" if end <= datetime.now(UTC) else "expires on"
        return make_problem("licence", f"{product} {word} {end:%Y-%m-%d}", renew)
    text = f"{product}, {calls} simultaneous calls" if isinstance(calls, int) else product
    is_small = isinstance(calls, int) and 0 < calls < _LEAST_CALLS
    is_other = not any(each in product.upper() for each in ("ENT", "AI"))
    if (is_small or is_other) and not may_use_call_control:
        return make_problem(
            "licence", f"{text}: may not include the APIs", f"Both APIs of 3CX need {_LICENCE}."
        )
    return make_ok("licence", f"{text}, active")


def judge_recordings(status: int) -> Finding:
    """Judge the right to recordings, which 3CX grants apart from the call history."""
    if 200 <= status < 300:
        return make_ok("recordings", "may be read")
    if status == 403:
        return make_problem(
            "recordings",
            "may not be read (403)",
            "Give the client the role System Owner, and the right to recordings, which is apart from the call history.",
        )
    return _judge_status("recordings", "cannot be read", status)


def judge_release(version: str | None, oldest: str, newer: str) -> Finding:
    """Judge the release; `newer` says what to do about a PBX that is newer than the catalog, empty where it is not."""
    if not version:
        return make_unchecked("release", "the PBX does not report its release")
    if newer:
        return make_problem("release", f"3CX {version}", newer)
    if _numbers(version) < _numbers(oldest):
        return make_problem(
            "release",
            f"3CX {version} is older than the catalog, which begins at {oldest}",
            "Update 3CX; some operations and fields do not exist there.",
        )
    return make_ok("release", f"3CX {version}, known to the catalog")


def judge_clock(difference: float | None) -> Finding:
    """Judge the clocks: `difference` is how many seconds that of the PBX is ahead, None where it is not known."""
    if difference is None:
        return make_unchecked("clock", "the PBX sends no Date header")
    size = abs(difference)
    if size <= 5:
        return make_ok("clock", "the same as on this machine, within 5 seconds")
    text = f"that of the PBX is {_describe_seconds(size)} {'ahead of' if difference > 0 else 'behind'} this machine's"
    if size <= 60:
        return make_ok("clock", text)
    return make_problem(
        "clock", text, "Set both clocks by NTP: times in filters and events are those of the clock."
    )


def judge_token(client_id: str, *, was_stale: bool, lost: int, watched: float) -> Finding:
    """Judge whether another program requests tokens.

    `was_stale`: the stored token had ended; `lost` tokens ended within the `watched` seconds.
    """
    own = "Give each program a client of its own: 3CX ends the token of a client when it issues the next one."
    if lost:
        return make_problem(
            "token",
            f"the access token ended {_count(lost, 'time')} while it was used: another program logs in as {client_id}",
            own,
        )
    if was_stale:
        return make_problem(
            "token",
            f"the stored access token had ended early: another program logged in as {client_id}, or 3CX was restarted",
            f"Run this again. If it says the same: {own[0].lower()}{own[1:]}",
        )
    how_long = f"for {watched:.0f} seconds" if watched >= 1 else "while this command ran"
    return make_ok("token", f"no other program logged in as {client_id} {how_long}")


def _judge_status(name: CheckName, what: str, status: int) -> Finding:
    """Return the problem of a response with an unexpected status; 0 is a response that 3CX does not send."""
    reason = f"status {status}" if status else "a response that is not one of 3CX"
    return make_problem(name, f"{what}: {reason}", "See the event log of 3CX, and try again in a minute.")


def _read_time(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if found is None or found.year < 2000:
        # 3CX writes the year 1 for "never".
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _describe_seconds(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(each) for each in version.split(".")[:3] if each.isdecimal())


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
