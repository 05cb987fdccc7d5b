"""Numbers to call, as people write them."""

from __future__ import annotations

from typing import Any

import pytest

from threecx_node.values.call_inputs import read_destination
from threecx_node.values.coerce import CoercionError


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("101", "101"),
        (101, "101"),
        (" 101\n", "101"),
        ("*60", "*60"),
        ("#9", "#9"),
        ("ada2", "ada2"),
        ("+49 30 1234-567", "+49301234567"),
        ("(030) 123 45 67", "0301234567"),
        ("(+49) 30 1234567", "+49301234567"),
        ("+1 (415) 555-0100", "+14155550100"),
        ("415.555.0100", "4155550100"),
        ("01.42.68.53.00", "0142685300"),
        ("030/1234567", "0301234567"),
        ("030 / 123 45 67", "0301234567"),
        ("(030)/1234567", "0301234567"),
        ("+49 30/1234567", "+49301234567"),
        ("0049 30 1234567-89", "004930123456789"),
        ("\u202a+49\u00a030\u202f1234\u2011567\u202c", "+49301234567"),
        ("030 1234 \u2013 567", "0301234567"),
        ("tel:+49-30-1234-567", "+49301234567"),
        ("TEL:+49301234567", "+49301234567"),
        ("*21 101", "*21101"),
        ("1 0 1", "101"),
        ("\uff0b\uff14\uff19 \uff13\uff10", "+4930"),
    ],
)
def test_separators_are_left_out(written: Any, number: str) -> None:
    assert read_destination(written) == number


@pytest.mark.parametrize(
    ("written", "example"),
    [
        # The zero is not dialled from abroad, but for some countries it is.
        ("+49 (0)30 1234-567", "+49301234567"),
        ("+49( 0 )301234567", "+49301234567"),
        ("0049 (0)30 1234567", "0049301234567"),
        ("101.0", ""),
        ("101 / 102", ""),
        ("030/123/456", ""),
        ("030 1234567 / 0171 2345678", ""),
        ("030 1234567 ext. 12", ""),
        ("Ada Lovelace", ""),
        ("front-desk", ""),
        ("101, 102", ""),
        ("101\n102", ""),
        ("101;102", ""),
        ("10+1", ""),
        ("+", ""),
        ("-", ""),
        ("()", ""),
        ("tel:", ""),
        ("tel:ada", ""),
        ("sip:101@pbx", ""),
        ("\u0661\u0660\u0661", ""),
        ("1" * 65, ""),
        ("1 " * 18, ""),
    ],
)
def test_what_may_be_another_number_is_refused(written: Any, example: str) -> None:
    with pytest.raises(CoercionError) as caught:
        read_destination(written)
    expected = f"a number such as {example} (digits" if example else "a number (digits"
    assert str(caught.value).startswith(f"expected {expected}")
