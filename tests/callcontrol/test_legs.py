"""The known participants: any order of messages, fetches and snapshots leads to the truth."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from threecx_node.callcontrol import legs as legs_module
from threecx_node.callcontrol.backlog import Backlog, merge
from threecx_node.callcontrol.changes import LegChange
from threecx_node.callcontrol.entities import Participant
from threecx_node.callcontrol.legs import Legs, Outcome
from threecx_node.callcontrol.snapshot import Snapshot, read_snapshot
from threecx_node.callcontrol.wire import Key, SocketEvent

NOW = datetime(2026, 3, 1, tzinfo=UTC)
KEYS = [("100", 1), ("100", 2), ("101", 3)]
A, B, _ = KEYS


def make_legs() -> Legs:
    return Legs(lambda: NOW)


def participant(key: Key, status: str = "Ringing") -> Participant:
    return Participant(id=key[1], dn=key[0], status=status)


def upsert(key: Key) -> SocketEvent:
    return SocketEvent("upsert", key)


def remove(key: Key) -> SocketEvent:
    return SocketEvent("remove", key)


def fetch(legs: Legs, key: Key, outcome: Participant | Outcome) -> list[LegChange]:
    assert legs.take_fetch() == key
    return legs.finish(key, outcome)


class PbxAndListener(RuleBasedStateMachine):
    """A PBX whose messages, responses and snapshots are late in any way that the wire allows."""

    def __init__(self) -> None:
        super().__init__()
        self.legs = make_legs()
        self.truth: dict[Key, Participant] = {}
        self.messages: deque[SocketEvent | Snapshot] = deque()
        # Fetches under way, with the state that the PBX has answered, where it has.
        self.fetches: dict[Key, Participant | Outcome | None] = {}
        self.is_snapshot_requested = False
        self.is_connected = True
        self.count = 0
        self.seen: dict[Key, Participant] = {}
        self.newest: dict[Key, int] = {}

    def take(self, changes: list[LegChange]) -> None:
        for change in changes:
            key = (change.dn, change.participant_id)
            assert change.previous == self.seen.get(key), "changes of a participant form a chain"
            if change.kind == "removed":
                assert change.participant is not None
                assert self.seen.pop(key) == change.participant
            else:
                assert change.participant is not None
                assert change.participant != change.previous, "no change, no event"
                number = int(change.participant.status[1:])
                assert number >= self.newest.get(key, 0), "no state comes back"
                self.newest[key] = number
                self.seen[key] = change.participant

    def send(self, message: SocketEvent | Snapshot) -> None:
        if self.is_connected:
            self.messages.append(message)

    @rule(key=st.sampled_from(KEYS))
    def change_a_participant(self, key: Key) -> None:
        self.count += 1
        self.truth[key] = participant(key, f"s{self.count}")
        self.send(upsert(key))

    @rule(key=st.sampled_from(KEYS))
    def repeat_a_message(self, key: Key) -> None:
        self.send(upsert(key))

    @rule(key=st.sampled_from(KEYS))
    def remove_a_participant(self, key: Key) -> None:
        if self.truth.pop(key, None) is not None:
            self.send(remove(key))

    @rule()
    def begin_a_fetch(self) -> None:
        if (key := self.legs.take_fetch()) is not None:
            assert key not in self.fetches, "one request per participant"
            self.fetches[key] = None

    @precondition(lambda self: self.fetches)
    @rule(data=st.data())
    def answer_a_fetch(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.fetches)))
        if self.fetches[key] is None:
            self.fetches[key] = self.truth.get(key, Outcome.GONE)

    @precondition(lambda self: any(each is not None for each in self.fetches.values()))
    @rule(data=st.data(), fails=st.integers(0, 9))
    def receive_an_answer(self, data: st.DataObject, fails: int) -> None:
        key = data.draw(st.sampled_from(sorted(k for k, each in self.fetches.items() if each is not None)))
        outcome = self.fetches.pop(key)
        assert outcome is not None
        self.take(self.legs.finish(key, Outcome.FAILED if not fails else outcome))

    @precondition(lambda self: self.messages)
    @rule()
    def receive_a_message(self) -> None:
        message = self.messages.popleft()
        if isinstance(message, SocketEvent):
            self.take(self.legs.apply(message))
        elif self.is_snapshot_requested:
            self.is_snapshot_requested = False
            self.take(self.legs.end_snapshot(message))

    @precondition(lambda self: self.is_connected and not self.is_snapshot_requested)
    @rule()
    def request_a_snapshot(self) -> None:
        self.ask_for_a_snapshot(after_loss=False)

    def ask_for_a_snapshot(self, *, after_loss: bool) -> None:
        self.legs.begin_snapshot(after_loss=after_loss)
        self.is_snapshot_requested = True
        # The PBX answers at some later time: then it is in its place among the messages.
        self.send(Snapshot(participants=dict(self.truth)))

    @precondition(lambda self: self.is_connected)
    @rule()
    def lose_the_connection(self) -> None:
        self.is_connected = False
        self.messages.clear()
        if self.is_snapshot_requested:
            self.is_snapshot_requested = False
            self.legs.cancel_snapshot()

    @precondition(lambda self: not self.is_connected)
    @rule()
    def connect_again(self) -> None:
        self.is_connected = True
        self.ask_for_a_snapshot(after_loss=True)

    @invariant()
    def waiting_is_bounded(self) -> None:
        assert self.legs.pending <= len(KEYS)

    def teardown(self) -> None:
        """When nothing happens any more, the listener knows what there is."""
        if not self.is_connected:
            self.connect_again()
        for _ in range(20):
            while self.messages:
                self.receive_a_message()
            self.begin_a_fetch()
            for key in list(self.fetches):
                answered = self.fetches.pop(key)
                now = self.truth.get(key, Outcome.GONE)
                self.take(self.legs.finish(key, now if answered is None else answered))
            if self.legs.is_snapshot_due and not self.is_snapshot_requested:
                self.request_a_snapshot()
        assert not self.legs.pending
        assert self.seen == self.truth
        assert self.legs.known == len(self.truth)


TestPbxAndListener = PbxAndListener.TestCase
TestPbxAndListener.settings = settings(max_examples=60, stateful_step_count=40)


def test_a_removal_of_a_waiting_participant_is_reported_at_once() -> None:
    legs = make_legs()
    legs.apply(upsert(A))
    assert [each.kind for each in fetch(legs, A, participant(A))] == ["updated"]
    legs.apply(upsert(A))
    assert [each.kind for each in legs.apply(remove(A))] == ["removed"]
    assert legs.take_fetch() is None
    assert legs.apply(remove(A)) == []


def test_a_leg_that_ends_during_its_first_fetch_is_not_lost() -> None:
    legs = make_legs()
    legs.apply(upsert(A))
    assert legs.take_fetch() == A
    assert legs.apply(remove(A)) == []
    changes = legs.finish(A, participant(A, "Connected"))
    assert [(each.kind, each.inferred) for each in changes] == [("updated", False), ("removed", False)]


def test_an_answer_from_before_a_lost_connection_is_not_enough() -> None:
    legs = make_legs()
    legs.apply(upsert(A))
    assert legs.take_fetch() == A
    legs.begin_snapshot(after_loss=True)
    legs.end_snapshot(Snapshot(participants={A: participant(A, "Connected")}))
    assert [each.participant for each in legs.finish(A, participant(A, "Ringing"))] == [participant(A)]
    assert [each.participant for each in fetch(legs, A, participant(A, "Connected"))] == [
        participant(A, "Connected")
    ]


def test_open_fetches_delay_the_time_that_is_settled() -> None:
    now = NOW
    legs = Legs(lambda: now)
    legs.apply(upsert(A))
    now += timedelta(seconds=1)
    legs.apply(upsert(B))
    assert legs.get_settled_until() == NOW
    fetch(legs, A, participant(A))
    assert legs.get_settled_until() == now
    now += timedelta(seconds=1)
    fetch(legs, B, Outcome.FAILED)
    assert legs.get_settled_until() == now - timedelta(seconds=1)
    legs.begin_snapshot()
    legs.end_snapshot(Snapshot())
    assert legs.get_settled_until() == now


def test_a_late_snapshot_does_not_bring_back_a_participant() -> None:
    legs = make_legs()
    legs.apply(upsert(A))
    fetch(legs, A, participant(A))
    legs.apply(remove(A))
    late = Snapshot(participants={A: participant(A), B: participant(B)}, dn_types={"100": "Wextension"})
    legs.begin_snapshot()
    changes = legs.end_snapshot(late)
    assert [(each.participant_id, each.inferred, each.dn_type) for each in changes] == [
        (2, True, "Wextension")
    ]


def test_a_flood_of_participants_is_forgotten_for_a_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(legs_module, "MOST_LANES", 10)
    legs = make_legs()
    for number in range(11):
        legs.apply(upsert(("100", number)))
    assert legs.is_snapshot_due
    assert legs.pending == 0


def test_unreadable_parts_of_a_snapshot_remove_nothing() -> None:
    found = read_snapshot(
        [
            {"dn": "100", "type": "Wextension", "participants": [{"id": 1, "dn": []}, {"id": 2}]},
            {"dn": "101", "type": None, "participants": [{}]},
            {"dn": 102, "participants": None},
        ]
    )
    assert found.participants == {("100", 2): Participant(id=2, dn="100")}
    assert found.may_have(A)
    assert found.may_have(("101", 77))
    assert not found.may_have(("100", 3))
    assert found.dn_types == {"100": "Wextension", "101": "", "102": ""}


def change(number: int, status: str, kind: str = "updated", digits: str = "") -> LegChange:
    return LegChange(
        kind=kind,  # type: ignore[arg-type]  # one of the kinds
        dn="100",
        participant_id=number,
        participant=participant(("100", number), status),
        previous=None,
        at=NOW,
        inferred=False,
        digits=digits,
    )


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["updated", "removed", "dtmf"]), st.booleans())))
def test_the_backlog_keeps_the_last_state_and_every_end(steps: list[tuple[int, str, bool]]) -> None:
    backlog = Backlog(merge_from=3, full_from=100)
    given_changes: list[LegChange] = []
    taken: list[LegChange] = []
    for index, (number, kind, is_taken) in enumerate(steps):
        each = change(number, f"s{index}", kind, digits="7" if kind == "dtmf" else "")
        given_changes.append(each)
        backlog.put([each])
        if is_taken and (oldest := backlog.take_now()) is not None:
            taken.append(oldest)
    while (oldest := backlog.take_now()) is not None:
        taken.append(oldest)
    for number in (1, 2, 3):
        before = [each for each in given_changes if each.participant_id == number]
        after = [each for each in taken if each.participant_id == number]
        assert after[-1:] == before[-1:] or after[-1].kind == "dtmf"
        assert [each.at for each in after if each.kind == "removed"] == [
            each.at for each in before if each.kind == "removed"
        ]
        assert "".join(each.digits for each in after) == "".join(each.digits for each in before)
    assert len(taken) + backlog.merged == len(given_changes)


def test_a_backlog_is_bounded_by_the_number_of_participants() -> None:
    backlog = Backlog(merge_from=5, full_from=20)
    for index in range(10_000):
        backlog.put([change(index % 10, f"s{index}")])
    assert len(backlog) <= 15
    assert not backlog.is_full
    position = backlog.position
    assert not backlog.was_taken(position)
    while backlog.take_now() is not None:
        pass
    assert backlog.was_taken(position)


def test_changes_merge_to_what_happened_in_all() -> None:
    first, second = change(1, "Ringing"), replace(change(1, "Connected"), inferred=True)
    merged = merge(first, replace(second, previous=first.participant))
    assert merged is not None
    assert (merged.previous, merged.participant) == (None, second.participant)
    assert not merged.inferred
    assert merge(first, change(1, "", "removed")) is None
