"""Paths of the Call Control API."""

from __future__ import annotations

import pytest

from threecx_node.simulator.callcontrol.paths import Kind, Target, parse_path
from threecx_node.simulator.odata.errors import ODataError, PathNotFoundError


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/callcontrol", Target(Kind.ALL)),
        ("/callcontrol/", Target(Kind.ALL)),
        ("/callcontrol/ws", Target(Kind.SOCKET)),
        ("/callcontrol/150", Target(Kind.DN, "150")),
        ("/callcontrol/150/", Target(Kind.DN, "150")),
        ("/callcontrol/%2A30", Target(Kind.DN, "*30")),
        ("/callcontrol/150/devices", Target(Kind.DEVICES, "150")),
        (
            "/callcontrol/150/devices/sip%3A150%40127.0.0.1%3A5063%3Brinstance%3D1%2F2",
            Target(Kind.DEVICE, "150", "sip:150@127.0.0.1:5063;rinstance=1/2"),
        ),
        ("/callcontrol/150/devices/a%20b/makecall", Target(Kind.MAKE_CALL, "150", "a b")),
        ("/callcontrol/150/makecall", Target(Kind.MAKE_CALL, "150")),
        ("/callcontrol/150/participants", Target(Kind.PARTICIPANTS, "150")),
        ("/callcontrol/150/participants/8106", Target(Kind.PARTICIPANT, "150", participant_id=8106)),
        ("/callcontrol/150/Participants/8106/Drop", Target(Kind.ACTION, "150", participant_id=8106, action="drop")),
        ("/callcontrol/150/participants/8106/stream", Target(Kind.STREAM, "150", participant_id=8106)),
    ],
)  # fmt: skip
def test_a_path_names_a_resource(path: str, target: Target) -> None:
    assert parse_path(path) == target


@pytest.mark.parametrize(
    "path",
    [
        "", "/", "/callcontrols", "/xapi/v1", "/callcontrol//", "/callcontrol/150//participants",
        "/callcontrol/150/calls", "/callcontrol/150/participants/x", "/callcontrol/150/participants/-1",
        "/callcontrol/150/participants/12345678901", "/callcontrol/150/participants/1/hold",
        "/callcontrol/150/participants/1/drop/now", "/callcontrol/150/devices/a/makecall/x", "/callcontrol/ws/150/x",
    ],
)  # fmt: skip
def test_other_paths_do_not_exist(path: str) -> None:
    with pytest.raises(PathNotFoundError):
        parse_path(path)


def test_other_methods_are_refused() -> None:
    with pytest.raises(ODataError) as caught:
        parse_path("/callcontrol/150/participants/1/drop").check_method("GET")
    assert (caught.value.status, caught.value.headers) == (405, {"allow": "POST"})
