"""Upload files from the command line: `-p file=@FILE`, and the binary data of items."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from tests.cli.conftest import Threecx, run
from tests.sounds import telephone_wav
from threecx_node.simulator import Simulator

UPLOAD = ("execute", "UploadPrompt")


def test_a_prompt_is_uploaded_from_a_file(threecx: Threecx, pbx: Simulator, tmp_path: Path) -> None:
    (tmp_path / "greeting.wav").write_bytes(telephone_wav())
    ran = threecx(*UPLOAD, "-p", f"file=@{tmp_path / 'greeting.wav'}")
    assert ran.json == [{"items": [{"json": {"value": "greeting.wav"}, "pairedItem": {"item": 0}}]}]
    other = threecx(*UPLOAD, "-p", f"File=@{tmp_path / 'greeting.wav'}", "-p", "fileName=Other.wav")
    assert other.json[0]["items"][0]["json"] == {"value": "Other.wav"}
    names = {each["Filename"] for each in pbx.state.entities("CustomPrompts")}
    assert {"greeting.wav", "Other.wav"} <= names


def test_a_prompt_is_uploaded_from_items(threecx: Threecx, tmp_path: Path) -> None:
    data = base64.b64encode(telephone_wav()).decode()
    binary = {"data": {"fileName": "night.wav", "mimeType": "audio/wav", "data": data}}
    (tmp_path / "items.json").write_text(json.dumps([{"json": {"n": 1}, "binary": binary}]))
    ran = threecx(*UPLOAD, "--items", str(tmp_path / "items.json"))
    assert ran.json[0]["items"][0]["json"] == {"value": "night.wav"}
    # A node as n8n copies it names the binary field.
    parameters = {"resource": "CustomPrompts", "operation": "UploadPrompt"}
    node = {"parameters": parameters, "type": "n8n-nodes-threecx.threeCx"}
    (tmp_path / "node.json").write_text(json.dumps(node))
    ran = threecx("execute", "--node", str(tmp_path / "node.json"), "--items", str(tmp_path / "items.json"))
    assert ran.json[0]["items"][0]["json"] == {"value": "night.wav"}


def test_a_wrong_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "song.wav").write_bytes(b"ID3" + b"x" * 100)
    ran = run(*UPLOAD, "-p", f"file=@{tmp_path / 'song.wav'}", "--dry-run")
    assert ran.code == 1
    assert "item 0: file: song.wav is not a WAV file, but MP3" in ran.err
    for given, says in (
        ("file=song.wav", "-p file=@song.wav"),
        ("file=@nowhere.wav", "cannot read nowhere.wav"),
    ):
        ran = run(*UPLOAD, "-p", given, "--dry-run")
        assert ran.code == 2
        assert says in ran.err
        assert len(ran.err.splitlines()) == 1


def test_a_dry_run_of_a_file_shows_its_size(tmp_path: Path) -> None:
    (tmp_path / "greeting.wav").write_bytes(telephone_wav(100))
    ran = run(*UPLOAD, "-p", f"file=@{tmp_path / 'greeting.wav'}", "--dry-run")
    assert ran.json[0]["request"]["body"] == {
        "file": {"fileName": "greeting.wav", "mimeType": "audio/wav", "fileSize": 244}
    }


def test_an_at_sign_is_a_text_elsewhere() -> None:
    ran = run("execute", "UpdateUser", "-p", "Id=5", "-p", "FirstName=@ada", "--dry-run")
    assert ran.json[0]["request"]["body"] == {"FirstName": "@ada"}
