"""Read and write times of day and durations: clock times (`08:00`), ISO 8601 durations (`PT8H`), and `8:00:0`."""

from __future__ import annotations

import re
from decimal import Decimal

SECONDS_A_DAY = 86_400

TIME_DESCRIPTION = "a time of day like 08:30 or PT8H30M"

_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)(?::([0-5]?\d(?:[.]\d{1,12})?))?", re.ASCII)
_DURATION = re.compile(
    r"P(?=[\dT])(?:(\d{1,9})D)?(?:T(?=\d)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:[.]\d{1,12})?)S)?)?",
    re.ASCII,
)
# The form that arguments of report functions have, such as `0:00:0`.
_SPAN = re.compile(r"\d{1,9}:\d{1,2}:\d{1,2}", re.ASCII)


def parse_clock(text: str) -> Decimal | None:
    """Return the seconds since midnight of `8:00`, `08:00` or `08:00:00.5`; 86400 for `24:00`; None for other texts."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    hours, minutes, seconds = match.groups(default="0")
    found = Decimal(int(hours) * 3600 + int(minutes) * 60) + Decimal(seconds)
    return found if found <= SECONDS_A_DAY else None


def parse_duration(text: str) -> Decimal | None:
    """Return the seconds of a duration such as `PT8H` or `P1DT2.5S`; None for other texts and for a negative one."""
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        return None
    days, hours, minutes, seconds = match.groups(default="0")
    return Decimal(int(days) * SECONDS_A_DAY + int(hours) * 3600 + int(minutes) * 60) + Decimal(seconds)


def parse_time(text: str) -> Decimal | None:
    """Return the seconds since midnight of a clock time or a duration of at most 24 hours; None for other texts."""
    found = parse_clock(text)
    if found is None:
        found = parse_duration(text)
    return found if found is not None and found <= SECONDS_A_DAY else None


def format_duration(seconds: Decimal) -> str:
    """Return `PT8H30M` for 30600, `PT0S` for 0."""
    hours, minutes, rest = _split(seconds)
    parts = [f"{hours}H" if hours else "", f"{minutes}M" if minutes else "", f"{rest}S" if rest else ""]
    return f"PT{''.join(parts) or '0S'}"


def format_time_of_day(seconds: Decimal) -> str:
    """Return `08:30:00` for 30600."""
    hours, minutes, rest = _split(seconds)
    return f"{hours:02}:{minutes:02}:{'0' if rest < 10 else ''}{rest}"


def format_span(text: str) -> str:
    """Return a duration or a clock time as `8:30:0`, and any other text as it is."""
    if _SPAN.fullmatch(text):
        return text
    found = parse_clock(text)
    if found is None:
        found = parse_duration(text)
    if found is None:
        return text
    hours, minutes, rest = _split(found)
    return f"{hours}:{minutes:02}:{int(rest)}"


def _split(seconds: Decimal) -> tuple[int, int, Decimal]:
    minutes, rest = divmod(seconds, 60)
    return int(minutes) // 60, int(minutes) % 60, rest
