"""A client that is written into the file of profiles is one that the service can read."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from threecx_credentials import Credential, Secret
from threecx_node.errors import ConfigurationError
from threecx_node.service.profile_writer import ProfileWriter, find_reserved
from threecx_node.service.profiles import load_profiles

PBX = Credential.of("https://pbx.example:5001", "900", "batch-key", verify_tls=False)


def write(path: Path, name: str = "events", client_id: str = "901", key: str = "k3y") -> ProfileWriter:
    writer = ProfileWriter(path, name, PBX)
    writer.prepare(client_id)
    writer.save(Secret(key))
    return writer


def test_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "profiles.toml"
    writer = write(path)
    [(name, found)] = load_profiles(path).items()
    assert (name, found.client_id, found.client_secret.reveal()) == ("events", "901", "k3y")
    assert (found.base_url, found.verify_tls) == (PBX.base_url, False)
    assert writer.client_id == "901"
    modes = {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}
    assert modes == {0o600}
    assert {each.name for each in path.parent.iterdir()} == {"profiles.toml", "events.key"}


def test_other_profiles_and_comments_stay(tmp_path: Path) -> None:
    path = tmp_path / "profiles.toml"
    path.write_text('# mine\n[office]\nbase_url = "https://a"\nclient_id = "1"\nclient_secret = "x"')
    path.chmod(0o600)
    write(path)
    assert set(load_profiles(path)) == {"office", "events"}
    assert path.read_text().startswith('# mine\n[office]\nbase_url = "https://a"\n')


def test_a_new_key_changes_the_key_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "profiles.toml"
    write(path)
    before = path.read_bytes()
    write(path, key="other")
    assert path.read_bytes() == before
    assert load_profiles(path)["events"].client_secret.reveal() == "other"


def test_odd_texts_are_quoted(tmp_path: Path) -> None:
    path = tmp_path / "profiles.toml"
    write(path, client_id='9"0\\1 ü')
    assert load_profiles(path)["events"].client_id == '9"0\\1 ü'


def test_what_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    path = tmp_path / "profiles.toml"
    write(path)
    with pytest.raises(ConfigurationError, match="is of client 901"):
        ProfileWriter(path, "events", PBX).prepare("902")
    for name in ("a b", "", "../x", "a.b", "a]"):
        with pytest.raises(ConfigurationError, match="cannot be the name"):
            ProfileWriter(path, name, PBX)
    (tmp_path / "other.key").write_text("someone's")
    with pytest.raises(ConfigurationError, match=r"other\.key exists"):
        ProfileWriter(path, "other", PBX).prepare("902")
    (tmp_path / "events.key").rename(tmp_path / "moved.key")
    path.write_text(path.read_text().replace("events.key", "moved.key"))
    with pytest.raises(ConfigurationError, match=r"is not in events\.key"):
        ProfileWriter(path, "events", PBX).prepare("901")
    path.write_text("[broken")
    with pytest.raises(ConfigurationError, match="not valid TOML"):
        ProfileWriter(path, "events", PBX)


def test_a_link_leads_to_the_file_that_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    path = tmp_path / "profiles.toml"
    path.symlink_to(tmp_path / "real" / "file.toml")
    write(path)
    assert path.is_symlink()
    assert "[events]" in (tmp_path / "real" / "file.toml").read_text()


def test_clients_of_other_profiles_are_reserved(tmp_path: Path) -> None:
    path = tmp_path / "profiles.toml"
    assert find_reserved(path, None, PBX) == {}
    write(path, name="office", client_id="905")
    write(path)
    assert find_reserved(path, "events", PBX) == {"905": "the profile office"}
    other = Credential.of("https://other.example", "900", "x")
    assert find_reserved(path, None, other) == {}
