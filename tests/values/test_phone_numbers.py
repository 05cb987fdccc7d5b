"""Numbers are compared however they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threecx_node.values.phone_numbers import normalize_number, parse_pattern

DIGITS = st.text("0123456789", min_size=1, max_size=15)
# A number with a country code, which never begins with zero.
COUNTRY = st.tuples(st.sampled_from("123456789"), st.text("0123456789", min_size=3, max_size=14)).map("".join)
SEPARATORS = st.sampled_from(["", " ", "-", ".", "/", "\u00a0", " - ", "\u2011"])


@st.composite
def written(draw: st.DrawFn, digits: str) -> str:
    """The digits with separators between, before and after them."""
    return "".join(f"{draw(SEPARATORS)}{digit}" for digit in digits) + draw(SEPARATORS)


@pytest.mark.parametrize(
    ("number", "normal"),
    [
        ("+49 (0)30 555-01.00", "+49305550100"),
        ("0049 30 / 5550100", "+49305550100"),
        (" 030 5550100 ", "0305550100"),
        ("(030) 5550100", "0305550100"),
        ("+1 (030) 5550100", "+10305550100"),
        ("100", "100"),
        ("", ""),
        ("anonymous", "anonymous"),
        ("\uff0b\uff14\uff19 \uff08\uff10\uff09\uff13\uff10\u300012", "+493012"),
        ("+49\u200b30\u00a055\u221201\u202c", "+49305501"),
        ("\ufefftel:+49-30-12", "+493012"),
    ],
)
def test_the_normal_form(number: str, normal: str) -> None:
    assert normalize_number(number) == normal


@given(st.data(), COUNTRY)
def test_plus_and_00_are_the_same_however_written(data: st.DataObject, digits: str) -> None:
    pattern = data.draw(st.sampled_from(["+", "00"])) + data.draw(written(digits))
    number = data.draw(st.sampled_from(["+", "00"])) + data.draw(written(digits))
    parsed = parse_pattern(pattern)
    assert parsed is not None
    assert parsed.matches(number)
    assert not parsed.matches(f"{number}1")
    assert not parsed.matches(digits)


@given(st.data(), COUNTRY)
def test_wildcards_are_prefix_suffix_and_part(data: st.DataObject, digits: str) -> None:
    number = "+" + data.draw(written(digits))
    start = data.draw(st.integers(0, len(digits) - 1))
    end = data.draw(st.integers(start + 1, len(digits)))
    part = data.draw(written(digits[start:end]))
    other = data.draw(st.sampled_from("0123456789"))
    for text, is_found in (
        (f"+{digits[:end]}*", True),
        (f"00 {digits[:end]} *", True),
        (f"*{digits[start:]}", True),
        (f"*{part}*", True),
        (f"+{digits[:end]}{other}*", digits.startswith(digits[:end] + other)),
        (f"*{other}{digits[start:]}", digits.endswith(other + digits[start:])),
        (f"*{part}{other}*", digits[start:end] + other in digits),
    ):
        pattern = parse_pattern(text)
        assert pattern is not None
        assert pattern.matches(number) == is_found, text


@given(DIGITS.filter(lambda digits: digits != "00"))
def test_a_number_is_its_own_pattern(digits: str) -> None:
    pattern = parse_pattern(digits)
    assert pattern is not None
    assert pattern.matches(digits)
    assert not pattern.matches("")


@given(st.text("0123456789+*()-/. #aZ\u0660\u00b2", max_size=12))
def test_a_pattern_has_a_digit_and_finds_itself(text: str) -> None:
    pattern = parse_pattern(text)
    if pattern is not None:
        assert any(digit in pattern.text for digit in "0123456789")
        assert pattern.is_open_start or pattern.matches(text.removesuffix("*"))


@pytest.mark.parametrize("text", ["", "*", "**", "+", "+*", "4*9", "Ada Lovelace", "+49+30", "49;30", "***1"])
def test_other_texts_are_not_patterns(text: str) -> None:
    assert parse_pattern(text) is None
