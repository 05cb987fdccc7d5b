"""Recordings, transcriptions and messages in mailboxes, with a clock that the test turns."""

from __future__ import annotations

import io
import wave

import httpx
import pytest

from tests.simulator.pbx.records import CALLER, answer, hang_up, read_log
from threecx_node.simulator import Simulator

pytestmark = pytest.mark.usefixtures("turned_by_hand")


def test_a_recording_is_ready_later(pbx: Simulator, api: httpx.Client) -> None:
    pbx.calls.inbound(CALLER, to="103")
    answer(pbx, "103")
    pbx.calls.clock.advance(20)
    hang_up(pbx, "103")
    (row,) = read_log(api)
    assert (row["RecordingUrl"], row["Recordings"]) == ("", [])
    pbx.calls.clock.advance(9.9)
    assert pbx.state.count("Recordings") == 5
    pbx.calls.clock.advance(0.1)
    recording = api.get("Recordings?$orderby=Id desc&$top=1").json()["value"][0]
    assert (recording["CallType"], recording["ToDn"], recording["FromCallerNumber"]) == (
        "InboundExternal", "103", CALLER
    )  # fmt: skip
    assert (recording["CanBeTranscribed"], recording["IsTranscribed"], recording["Transcription"]) == (
        True,
        False,
        "",
    )
    for path in (
        f"DownloadRecording(recId={recording['Id']})",
        f"DownloadRecording(recId={recording['Id']})",
    ):
        file = api.get(f"Recordings/Pbx.{path}")
        assert file.headers["content-type"] == "audio/x-wav"
        with wave.open(io.BytesIO(file.content)) as sound:
            assert sound.getframerate() == 8000
    (row,) = read_log(api)
    assert (row["RecordingUrl"], row["Recordings"][0]["Id"]) == (recording["RecordingUrl"], recording["Id"])
    assert row["Transcription"] == ""
    pbx.calls.clock.advance(20)
    recording = api.get("Recordings?$orderby=Id desc&$top=1").json()["value"][0]
    assert recording["IsTranscribed"] is True
    assert (recording["Summary"], recording["SentimentScore"]) == ("A tone.", 4)
    assert "Ivy Stone" in recording["Transcription"]
    (row,) = read_log(api)
    assert row["Recordings"][0]["Transcription"] == row["Transcription"] == recording["Transcription"]


@pytest.mark.parametrize(
    ("settings", "internal", "external"),
    [({"ForbidRecording": True}, 0, 0), ({"RecordExternalCallsOnly": True}, 0, 1), ({}, 1, 1)],
)
def test_which_calls_are_recorded(
    pbx: Simulator, api: httpx.Client, settings: dict[str, bool], internal: int, external: int
) -> None:
    key = next(user["Id"] for user in pbx.state.entities("Users") if user["Number"] == "104")
    assert api.patch(f"Users({key})", json=settings).status_code == 204
    pbx.calls.make_call("103", "104")
    answer(pbx, "104")
    hang_up(pbx, "104")
    pbx.calls.clock.advance(60)
    assert pbx.state.count("Recordings") == 5 + internal
    pbx.calls.inbound(CALLER, to="104")
    answer(pbx, "104")
    hang_up(pbx, "104")
    pbx.calls.clock.advance(60)
    assert pbx.state.count("Recordings") == 5 + internal + external


def test_a_message_in_a_mailbox(pbx: Simulator, api: httpx.Client) -> None:
    used = api.get("VoicemailSettings").json()["UsedSpace"] or 0
    pbx.calls.voicemail(CALLER, "103").play()
    pbx.calls.clock.advance(120)
    rang, message = read_log(api)
    assert (rang["DestinationDn"], rang["Status"], rang["DestinationType"]) == ("103", "Unanswered", 0)
    assert (message["DestinationDn"], message["Status"], message["DestinationType"]) == ("103", "Answered", 5)
    assert message["DestinationDisplayName"] == "Voicemail"
    assert message["CallHistoryId"] == rang["CallHistoryId"]
    assert api.get("VoicemailSettings").json()["UsedSpace"] > used
    texts = [event["Message"] for event in pbx.state.entities("EventLogs")]
    assert any(text.startswith(f"Voicemail for 103 from {CALLER} Ivy Stone: ") for text in texts)
    # A message is not a recording of a call.
    assert pbx.state.count("Recordings") == 5


def test_a_reset_removes_what_is_planned(pbx: Simulator) -> None:
    pbx.calls.make_call("103", "104")
    answer(pbx, "104")
    hang_up(pbx, "104")
    pbx.calls.make_call("103", "104")
    pbx.state.reset()
    assert pbx.calls.calls() == []
    assert pbx.state.count("ActiveCalls") == 0
    assert pbx.state.count("CallHistoryView") == 40
    pbx.calls.clock.advance(3600)
    assert pbx.state.count("Recordings") == 5
