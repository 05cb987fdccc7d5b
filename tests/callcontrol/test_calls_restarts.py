"""Calls after a restart of the PBX, which may give the IDs of calls and legs again."""

from __future__ import annotations

import pytest

from tests.callcontrol.leg_changes import TRUNK, Listener, leg, remove, update


@pytest.fixture
def listener() -> Listener:
    return Listener()


def test_the_pbx_restarts_and_uses_a_number_again(listener: Listener) -> None:
    listener.play(update(leg("100", 7, "Ringing", **TRUNK)), remove("100", 7, 3))
    listener.wait(5)
    again = update(leg("100", 7, "Ringing", **TRUNK), 6, losses=1)
    assert listener.play(again, remove("100", 7, 8)) == ["started 100", "ringing 100"]
    assert listener.wait(10) == ["missed 100", "ended 100"]


def test_the_pbx_restarts_during_a_call(listener: Listener) -> None:
    listener.play(update(leg("100", 7, "Ringing", **TRUNK)))
    listener.play(remove("100", 7, 3, inferred=True, losses=1))
    assert listener.wait(5) == ["missed 100", "ended 100"]
    # The leg that was there is there again, or another one has its IDs.
    assert listener.play(update(leg("100", 7, "Ringing", **TRUNK), 6, losses=1)) == []
    other = leg("100", 7, "Ringing", **{**TRUNK, "party_caller_id": "+4930999"})
    assert listener.play(update(other, 7, losses=1)) == []
    listener.play(remove("100", 7, 8, losses=1))
    assert listener.play(update(other, 9, losses=2)) == ["started 100", "ringing 100"]


def test_another_leg_with_the_ids_of_one_before_a_restart(listener: Listener) -> None:
    listener.play(update(leg("100", 7, "Ringing", **TRUNK)), remove("100", 7, 3, inferred=True, losses=1))
    listener.wait(5)
    other = leg("100", 7, "Ringing", **{**TRUNK, "party_caller_id": "+4930999"})
    assert listener.play(update(other, 6, losses=1)) == ["started 100", "ringing 100"]


def test_a_late_leg_after_a_loss_does_not_begin_a_call(listener: Listener) -> None:
    listener.play(update(leg("100", 7, "Connected", **TRUNK)), remove("100", 7, 3))
    listener.wait(5)
    assert listener.play(update(leg("101", 8, "Connected", **TRUNK), 6, losses=1)) == []
