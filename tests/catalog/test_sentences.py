"""Every operation has a sentence that says more than its name."""

from __future__ import annotations

from collections import Counter

import pytest

from threecx_node.catalog import load_catalog
from threecx_node.catalog.sentences import summarize_operation

CATALOG = load_catalog()
SENTENCES = {each.id: summarize_operation(CATALOG, each) for each in CATALOG.operations()}


def test_every_operation_has_one() -> None:
    for name, sentence in SENTENCES.items():
        operation = CATALOG.operation(name)
        assert 10 <= len(sentence) <= 140, name
        assert not sentence.endswith("."), name
        assert sentence.casefold() not in (operation.action.casefold(), operation.name.casefold()), name


def test_functions_and_actions_have_one_by_hand() -> None:
    """A rule could only repeat their names."""
    missing = [
        each.id
        for each in CATALOG.operations()
        if each.kind in ("function", "action") and not each.description and each.name != "Download Report"
    ]
    assert missing == []


def test_only_rules_repeat_a_sentence() -> None:
    """Two releases may have an operation for the same."""
    repeated = Counter(
        each.description
        for each in CATALOG.operations()
        if each.description and "template" not in each.description
    )
    assert [sentence for sentence, count in repeated.items() if count > 2] == []


@pytest.mark.parametrize(
    ("operation", "sentence"),
    [
        ("ListUser", "One item per user: Number, Display Name and more"),
        ("GetUser", "The user with this ID: Number, Display Name and more"),
        ("ListGroups", "One item each: Number, Name and more"),
        ("CreateUser", "Adds a new user; Number must be set"),
        ("UpdateUser", "Changes only the fields that are set"),
        ("DeleteUser", "Removes the user permanently"),
        ("DownloadCallLog", "The rows of Get Report as a file"),
        ("ListCallHistoryView", "No new calls since 3CX 20.0.6; use Get Report of Report Call Log Data"),
        ("GetMyUser", "Your user: Number, Display Name and more"),
        ("GetParticipant", "The participant with this DN and Participant ID: ID, Status and more"),
        ("GetDnDevice", "The device with this DN and Device ID: DN, Device ID and more"),
    ],
)
def test_sentence(operation: str, sentence: str) -> None:
    assert SENTENCES[operation] == sentence
