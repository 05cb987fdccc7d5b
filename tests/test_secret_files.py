"""Files with secrets that another user could read, change or replace, or that are not files: refused with the fix."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import run
from threecx_node.errors import ConfigurationError
from threecx_node.secret_files import MAX_BYTES, MAX_CA_BYTES, check_ca_file, read_secret_file

pytestmark = pytest.mark.skipif(os.name != "posix", reason="owners and modes are those of POSIX")
OTHER_USER = 12_345
IS_ROOT = os.name == "posix" and os.geteuid() == 0


def make(path: Path, content: bytes = b"secret", mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def refused(path: Path) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        read_secret_file(path)
    assert str(path) in caught.value.message
    assert caught.value.description
    return caught.value


def fix(error: ConfigurationError) -> None:
    """Carry the advice out."""
    command = error.description.removeprefix("Run: ").replace("sudo ", "")
    subprocess.run(shlex.split(command), check=True, timeout=10)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644, 0o777])
def test_a_file_of_an_open_mode(tmp_path: Path, mode: int) -> None:
    path = make(tmp_path / "a key", mode=mode)
    fix(refused(path))
    assert read_secret_file(path) == "secret"


@pytest.mark.parametrize("at", ["folder", "folder/inner"])
def test_a_file_in_a_folder_that_all_can_write(tmp_path: Path, at: str) -> None:
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    path = make(tmp_path / at / "key")
    (tmp_path / "folder").chmod(0o777)
    error = refused(path)
    assert f"every user can write to the folder {tmp_path / 'folder'}" in error.message
    # As /tmp: only the owner can replace the file.
    (tmp_path / "folder").chmod(0o1777)
    assert read_secret_file(path) == "secret"
    (tmp_path / "folder").chmod(0o777)
    fix(error)
    assert read_secret_file(path) == "secret"


def test_a_link_is_judged_by_its_own_folder_and_by_its_target(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    inside, outside = make(tmp_path / "open" / "key"), make(tmp_path / "key")
    (tmp_path / "to-open").symlink_to(inside)
    (tmp_path / "open" / "to-key").symlink_to(outside)
    (tmp_path / "good").symlink_to(outside)
    refused(tmp_path / "to-open")
    refused(tmp_path / "open" / "to-key")
    assert read_secret_file(tmp_path / "good") == "secret"
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    refused(tmp_path / "circle")


@pytest.mark.skipif(not IS_ROOT, reason="only root can give a file to another user")
def test_a_file_of_another_user(tmp_path: Path) -> None:
    path = make(tmp_path / "key")
    os.chown(path, OTHER_USER, -1)
    error = refused(path)
    assert f"belongs to another user (uid {OTHER_USER})" in error.message
    fix(error)
    assert read_secret_file(path) == "secret"


def test_a_file_of_another_user_as_the_system_reports_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same without root: the process is another user than the file's."""
    path = make(tmp_path / "key")
    monkeypatch.setattr(os, "geteuid", lambda: OTHER_USER)
    owner = path.stat().st_uid
    if owner == 0:
        # Files of root are trusted.
        assert read_secret_file(path) == "secret"
    else:
        assert f"belongs to another user (uid {owner})" in refused(path).message


def test_things_that_are_not_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert "is a named pipe" in refused(tmp_path / "pipe").message
    assert "is a folder" in refused(tmp_path).message
    for device in ("/dev/zero", "/dev/null"):
        assert "is a device" in refused(Path(device)).message
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        refused(tmp_path / "socket")
    assert "larger than 256 KB" in refused(make(tmp_path / "huge", b"x" * (MAX_BYTES + 1))).message
    assert "is not UTF-8" in refused(make(tmp_path / "bytes", b"\xff\xfe")).message


def test_files_that_a_container_engine_mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make(tmp_path / "key", mode=0o444)
    refused(path)
    monkeypatch.setattr("threecx_node.secret_files._MOUNTED", (str(tmp_path),))
    assert read_secret_file(path) == "secret"
    path.chmod(0o446)
    refused(path)


@pytest.mark.parametrize("make_bad", [os.mkfifo, lambda path: make(path, b"x" * (MAX_CA_BYTES + 1))])
def test_certificate_authorities(tmp_path: Path, make_bad: Callable[[Path], object]) -> None:
    path = tmp_path / "ca.pem"
    make_bad(path)
    with pytest.raises(ConfigurationError):
        check_ca_file(path)
    path.unlink()
    check_ca_file(path)
    check_ca_file(make(path, mode=0o644))
    path.chmod(0o646)
    with pytest.raises(ConfigurationError, match="can be changed by every user"):
        check_ca_file(path)


@pytest.mark.slow
def test_every_command_uses_the_same_checks(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    pipe, key = str(tmp_path / "pipe"), make(tmp_path / "key", mode=0o644)
    pbx = ("--base-url", "https://127.0.0.1:1", "--client-id", "900")
    for arguments in (
        ("execute", "ListUser", *pbx, "--client-secret-file", pipe),
        ("check", *pbx, "--client-secret-file", pipe),
        ("check", *pbx, "--client-secret-file", str(make(tmp_path / "good")), "--ca-file", pipe),
        ("serve", "--key-file", pipe, "--port", "0"),
        ("serve", "--without-key", "--port", "0", "--profiles", pipe),
    ):
        ran = run(*arguments)
        assert (ran.code, ran.err.count("\n")) == (2, 1), ran.err
        assert f"{pipe} is a named pipe" in ran.err
    # A key that others can read is a warning on the command line.
    ran = run("check", *pbx, "--client-secret-file", str(key))
    assert ran.code == 3
    warning, refusal = ran.err.splitlines()
    assert (
        warning == f"threecx: warning: {key} contains secrets and can be read by others. Run: chmod 600 {key}"
    )
    assert "refused the connection" in refusal


@pytest.mark.slow
@pytest.mark.parametrize("key", ["k" * 40, "ab" * 20, "1234567890" * 4, "aaaaaaaaaaaaaaab"])
def test_keys_that_can_be_guessed(tmp_path: Path, key: str) -> None:
    path = make(tmp_path / "key", key.encode())
    ran = run("serve", "--key-file", str(path), "--port", "0")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "can be guessed" in ran.err
    assert "urandom" in ran.err
    assert key not in ran.err
