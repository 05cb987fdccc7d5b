"""Text that others wrote is shown without controlling a terminal or a log, and JSON stays the same value."""

from __future__ import annotations

import json
import logging
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threecx_node.cli.output import write_json, write_line, write_results
from threecx_node.cli.streams import print_line, say
from threecx_node.errors import BadItemsError, BodyError, ParameterError
from threecx_node.execution.results import Result
from threecx_node.log_lines import make_formatter
from threecx_node.values.json import dumps
from threecx_node.values.safe_text import escape_control, escape_json

ATTACK = "\x1b]0;owned\x07\x1b[2J\x9b31m\x7f\r\nthreecx: forged\u2028\u202egpj.exe\u2066\u200b\ud800"
SHOWN = r"\x1b]0;owned\x07\x1b[2J\x9b31m\x7f\r\nthreecx: forged\u2028\u202egpj.exe\u2066\u200b\ud800"


def is_harmless(text: str) -> bool:
    """Return whether no character controls anything but the line breaks."""
    return not {unicodedata.category(each) for each in text.replace("\n", "")} & {
        "Cc",
        "Zl",
        "Zp",
        "Cs",
    } and not (set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c") & set(text))


def test_control_characters_are_shown_as_escapes() -> None:
    assert escape_control(ATTACK) == SHOWN


@pytest.mark.parametrize("text", ["", "Jörg", "日本語", "👩‍💻 ✂️", "a\u00a0b", "क्‍ष"])
def test_other_text_stays(text: str) -> None:
    assert escape_control(text) == text
    assert json.loads(escape_json(dumps(text))) == text
    assert escape_json(dumps(text)) == dumps(text)


@given(st.text())
def test_no_text_controls_a_terminal(text: str) -> None:
    assert is_harmless(escape_control(text))
    assert "\n" not in escape_control(text)


@given(
    st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_json_stays_the_same_value(value: Any) -> None:
    written = escape_json(dumps(value))
    assert json.loads(written) == value
    assert is_harmless(written.decode("utf-8"))


def test_an_error_is_one_harmless_line() -> None:
    errors = [BodyError(ATTACK, description=ATTACK, item_index=n) for n in range(2)]
    for error in (*errors, BadItemsError(errors, 2), ParameterError(ATTACK)):
        assert is_harmless(error.one_line())
        assert "\n" not in error.one_line()


def test_no_output_of_a_command_controls_the_terminal(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    item = {"json": {"Name": ATTACK, ATTACK: 5, "list": [ATTACK]}, "pairedItem": {"item": 0}}
    failed = Result(1, error=BodyError(ATTACK, field=ATTACK, code=ATTACK))
    results = [Result(0, items=[item]), failed, Result(2, request={"url": ATTACK})]
    write_results(results)
    write_json([each.to_json() for each in results])
    write_line(results[0].to_json())
    print_line(ATTACK)
    say(ATTACK)
    output = capfdbinary.readouterr()
    for stream in output:
        assert is_harmless(stream.decode("utf-8"))
    assert json.loads(output.out.splitlines()[-2])["items"][0]["json"]["Name"] == ATTACK
    assert output.err.decode() == f"{SHOWN}\n"


@pytest.mark.parametrize("is_json", [False, True])
def test_no_log_line_is_forged(is_json: bool) -> None:
    record = logging.LogRecord("threecx.service", logging.INFO, "x.py", 1, "a name: %s", (ATTACK,), None)
    line = make_formatter(is_json=is_json).format(record)
    assert is_harmless(line)
    assert "\n" not in line
    shown = json.loads(line)["message"] if is_json else line
    assert shown.endswith(ATTACK if is_json else SHOWN)
