"""Wrong options, profiles and key files of `threecx serve`: each is one line, with advice that works."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import run
from tests.service.conftest import start
from threecx_node.errors import ConfigurationError
from threecx_node.secret_files import read_secret_file
from threecx_node.service.profiles import load_profiles

BASE_URL, CLIENT, SECRET = 'base_url = "https://pbx.example"', 'client_id = "900"', 'client_secret = "x"'


def refused(tmp_path: Path, *lines: str) -> str:
    """The error of loading a file with these lines, on one line."""
    path = tmp_path / "profiles.toml"
    path.write_text("\n".join(lines))
    path.chmod(0o600)
    with pytest.raises(ConfigurationError) as caught:
        load_profiles(path)
    assert caught.value.description
    return caught.value.one_line()


def test_entries_without_a_table(tmp_path: Path) -> None:
    said = refused(tmp_path, BASE_URL, CLIENT, SECRET)
    assert "base_url does not belong to a profile" in said
    assert "[office]" in said
    assert "[base_url]" not in said


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ((CLIENT, SECRET), "profile office has no base_url"),
        (("base_url = ''", CLIENT, SECRET), "profile office has no base_url"),
        ((BASE_URL, SECRET), "profile office has no client_id"),
        ((BASE_URL, CLIENT), "profile office has neither client_secret_file nor client_secret"),
        ((BASE_URL, CLIENT, SECRET, 'client_secret_file = "key"'), "both client_secret and client_secret_file"),
        (('base_url = "ftp://pbx.example"', CLIENT, SECRET), "profile office, base_url: "),
        ((BASE_URL, r'client_id = "9\u0001"', SECRET), "profile office, client_id: "),
        ((BASE_URL, CLIENT, 'client_secret_file = "nokey"'), "nokey: No such file or directory"),
        ((BASE_URL, CLIENT, 'client_secret_file = "empty"'), "empty is empty"),
        ((BASE_URL, CLIENT, SECRET, 'ca_file = "noca.pem"'), "noca.pem: No such file or directory"),
        ((BASE_URL, CLIENT, SECRET, 'ca_file = "empty"'), "empty: it is not a PEM file"),
    ],
)  # fmt: skip
def test_wrong_profiles(tmp_path: Path, lines: tuple[str, ...], words: str) -> None:
    (tmp_path / "empty").touch(0o600)
    assert words in refused(tmp_path, "[office]", *lines)


def test_secret_or_secret_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("of the file\n")
    (tmp_path / "key").chmod(0o600)
    path = tmp_path / "profiles.toml"
    path.write_text(
        f'[a]\n{BASE_URL}\n{CLIENT}\n{SECRET}\n[b]\n{BASE_URL}\n{CLIENT}\nclient_secret_file = "key"\n'
    )
    path.chmod(0o600)
    secrets = {name: each.client_secret.reveal() for name, each in load_profiles(path).items()}
    assert secrets == {"a": "x", "b": "of the file"}


def test_missing_profiles(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file") as caught:
        load_profiles(tmp_path / "none.toml")
    assert "[office]" in caught.value.description


def test_folder_instead_of_a_file(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with pytest.raises(ConfigurationError, match="is a folder") as caught:
        read_secret_file(tmp_path)
    assert "chmod" not in caught.value.one_line()


def test_chmod_advice_works(tmp_path: Path) -> None:
    path = tmp_path / "a key"
    path.touch(0o644)
    with pytest.raises(ConfigurationError) as caught:
        read_secret_file(path)
    subprocess.run(shlex.split(caught.value.description.removeprefix("Run: ")), check=True, timeout=10)
    read_secret_file(path)


@pytest.mark.skipif(os.name != "posix", reason="the remedy is for a POSIX shell")
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file or directory"),
        (b"", "is empty"),
        (b"k" * 15, "fewer than 16 characters"),
        ("schlüssel-mit-umlauten".encode(), "not allowed in an HTTP header"),
        (b"\xff" * 32, "cannot read"),
    ],
)
def test_unusable_key_file(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "my key"
    if content is not None:
        path.write_bytes(content)
        path.chmod(0o600)
    ran = run("serve", "--key-file", str(path), "--port", "0")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert words in ran.err
    # The advice works as it is written.
    remedy = ran.err.partition("Create one: ")[2]
    subprocess.run(["sh", "-c", remedy], check=True, timeout=10)
    assert path.stat().st_mode & 0o077 == 0
    with start("--key-file", str(path), "--port", "0") as process:
        assert process.stderr is not None
        assert "listens on" in process.stderr.readline()
        process.terminate()
        process.communicate(timeout=20)


def test_short_key_in_the_environment() -> None:
    ran = run("serve", "--port", "0", env={"THREECX_SERVICE_KEY": "short"})
    assert ran.code == 2
    assert "THREECX_SERVICE_KEY contains a key of fewer than 16 characters" in ran.err
    assert "urandom" in ran.err
    assert "short " not in ran.err


def test_pipe_of_the_shell_is_allowed() -> None:
    # As a shell puts in for `<(command)`.
    reading, writing = os.pipe()
    os.write(writing, b"secret")
    os.close(writing)
    assert read_secret_file(Path(f"/dev/fd/{reading}")) == "secret"
    os.close(reading)


def test_port_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = run("serve", "--without-key", "--port", str(port))
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert f"port {port}: Address already in use. Choose another port" in ran.err


def test_systemd_credentials_may_show_the_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = tmp_path / "key"
    key.write_text("x")
    key.chmod(0o440)
    with pytest.raises(ConfigurationError):
        read_secret_file(key)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    read_secret_file(key)
    key.chmod(0o444)
    with pytest.raises(ConfigurationError):
        read_secret_file(key)


def test_profile_entry_of_the_wrong_type(tmp_path: Path) -> None:
    path = tmp_path / "profiles.toml"
    path.write_text(
        '[office]\nbase_url = "https://pbx.example"\nclient_id = "900"\nclient_secret = "x"\nca_file = 5\n'
    )
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match="office: ca_file must be a string"):
        load_profiles(path)
