"""The entities of the Call Control API: documents as 3CX sends them, and of other shapes."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from threecx_node.callcontrol.entities import ActionResult, Device, Dn, Participant
from threecx_node.errors import UnusableResponseError

PARTICIPANT = {
    "id": 8106,
    "status": "Ringing",
    "dn": "150",
    "party_caller_name": None,
    "party_dn": "10000",
    "party_caller_id": "+4930123456",
    "party_did": "",
    "device_id": "sip:150@127.0.0.1:5063",
    "party_dn_type": "Wexternalline",
    "direct_control": True,
    "originated_by_dn": None,
    "originated_by_type": "None",
    "callid": 77,
    "legid": 2,
    "new_in_another_release": [1],
}


def test_a_participant_has_texts_and_keeps_unknown_fields() -> None:
    participant = Participant.from_json(PARTICIPANT)
    assert (participant.id, participant.dn, participant.call_id, participant.leg_id) == (8106, "150", 77, 2)
    assert participant.party_caller_name == participant.originated_by_dn == participant.referred_by_dn == ""
    assert participant.direct_control
    assert participant.other == {"new_in_another_release": [1]}
    assert Participant.from_json(participant.to_json()) == participant
    assert hash(participant) == hash(Participant.from_json(PARTICIPANT))


def test_a_dn_contains_devices_and_participants() -> None:
    device = {"dn": "150", "device_id": "sip:150@127.0.0.1:5063", "user_agent": "Yealink", "room": 1}
    dn = Dn.from_json(
        {"dn": "150", "type": "Wextension", "devices": [device], "participants": [PARTICIPANT], "x": 2}
    )
    assert dn.devices == (Device.from_json(device),)
    assert dn.participants[0].id == 8106
    assert dn.other == {"x": 2}
    assert Dn.from_json(dn.to_json()) == dn
    assert Dn.from_json({"dn": 150, "type": None, "devices": None}) == Dn(dn="150")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        *(("Success", "success"), ("failed", "failed"), ("REJECTED", "rejected"), ("Later", "unknown")),
        *((1, "success"), (-1, "failed"), (0, "rejected"), (7, "unknown"), (None, "success")),
    ],
)
def test_the_final_status_is_a_text_or_a_number(given: str | int | None, expected: str) -> None:
    result = ActionResult.from_json(
        {"finalstatus": given, "reason": "Busy", "reasontext": "busy", "result": None}
    )
    assert (result.final_status, result.reason, result.reason_text) == (expected, "Busy", "busy")
    assert result.participant is None


def test_an_action_result_contains_the_participant() -> None:
    result = ActionResult.from_json({"finalstatus": "Success", "result": PARTICIPANT, "x": 1})
    assert result.participant == Participant.from_json(PARTICIPANT)
    assert result.other == {"x": 1}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (None, "the PBX answered 200 with a participant that is not a JSON object"),
        ([PARTICIPANT], "the PBX answered 200 with a participant that is not a JSON object"),
        ({"dn": "150"}, "the PBX answered 200 with a participant without id"),
        ({"id": "x", "dn": "150"}, "the PBX answered 200 with a participant whose id has the type str"),
        ({"id": True}, "the PBX answered 200 with a participant whose id has the type bool"),
        ({"id": 1, "status": []}, "the PBX answered 200 with a participant whose status has the type list"),
        ({"id": 1, "callid": 1.5}, "the PBX answered 200 with a participant whose callid has the type float"),
    ],
)  # fmt: skip
def test_another_shape_is_an_error_that_names_the_field(document: Any, message: str) -> None:
    with pytest.raises(UnusableResponseError) as caught:
        Participant.from_json(document)
    assert caught.value.message == message
    assert caught.value.code == "unusable_response"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=50)
@given(JSON | st.fixed_dictionaries({}, optional=dict.fromkeys([*PARTICIPANT, "devices", "result"], JSON)))
def test_no_document_raises_anything_else(document: Any) -> None:
    for entity in (Participant, Device, Dn, ActionResult):
        with suppress(UnusableResponseError):
            entity.from_json(document)
