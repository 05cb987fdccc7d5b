"""Messages from outside, and the time of the latest one."""

from __future__ import annotations

import httpx
import pytest

from threecx_node.errors import ConfigurationError
from threecx_node.simulator import Simulator

pytestmark = pytest.mark.usefixtures("turned_by_hand")


def test_a_text_message_to_a_queue(pbx: Simulator, api: httpx.Client) -> None:
    before = pbx.state.count("ChatMessagesHistoryView")
    first = pbx.receive_chat("Where is my parcel?", sender="+12025550114", to="800", name="Ivy Stone")
    pbx.calls.clock.advance(5)
    assert pbx.receive_chat("Hello?", sender="+12025550114", to="800") == first
    assert pbx.receive_chat("Hello?", sender="+12025550114", to="801") == first + 1
    assert pbx.state.count("ChatMessagesHistoryView") == before + 3
    chat = pbx.state.entities("ChatHistoryView")[-3]
    assert (chat["ParticipantPhone"], chat["ProviderType"], chat["QueueNumber"]) == (
        "+12025550114",
        "SMS",
        "800",
    )
    assert (chat["ChatName"], chat["IsExternal"]) == ("Ivy Stone", True)
    message = pbx.state.entities("ChatMessagesHistoryView")[-1]
    (latest,) = api.get("LastCdrAndChatMessageTimestamp").json()["value"]
    assert latest["LastChatMessageTimeSent"] == message["TimeSent"] > chat["TimeSent"]


def test_a_visitor_of_the_website(pbx: Simulator) -> None:
    pbx.receive_chat("Is anyone there?", sender="Visitor 7", to="101")
    chat = pbx.state.entities("ChatHistoryView")[-1]
    assert (chat["ProviderType"], chat["ParticipantPhone"], chat["QueueNumber"]) == ("LiveChat", "", "")


@pytest.mark.parametrize(
    ("text", "sender", "to"),
    [
        ("", "+1", "800"),
        ("x", "", "800"),
        ("x" * 5000, "+1", "800"),
        ("x", "+1", "999"),
        ("x", "+1", "10000"),
    ],
)
def test_messages_that_cannot_be_received(pbx: Simulator, text: str, sender: str, to: str) -> None:
    before = pbx.state.count("ChatHistoryView")
    with pytest.raises(ConfigurationError, match="cannot be received"):
        pbx.receive_chat(text, sender=sender, to=to)
    assert pbx.state.count("ChatHistoryView") == before


def test_the_control_api() -> None:
    with Simulator(control=True) as pbx, httpx.Client(base_url=pbx.base_url) as client:
        path = "/_simulator/chats"
        sent = client.post(path, json={"text": "Hi", "sender": "+12025550114", "to": "800"})
        assert sent.json() == {"conversation": 7}
        assert pbx.state.entities("ChatHistoryView")[-1]["Message"] == "Hi"
        for body in (b"", b"[]", b'{"text": 1}', b'{"txt": "x"}', b"{}", b'{"text": "x", "sender": "+1"}'):
            assert client.post(path, content=body).status_code == 400
