"""Names of files: safe to save on any system, with the name that the server gave beside them."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import FakePbx, run
from threecx_node.response.file_name import read_file_name, read_given_name
from threecx_node.values.safe_text import make_safe_name

NAMES = {
    "a name": ("Jörg [1].wav", "Jörg [1].wav"),
    "escape sequences": ("a\x1b[31m\x9b0m.wav", "a_[31m_0m.wav"),
    "line breaks": ("a\r\nb\u2028c.wav", "a__b_c.wav"),
    "directions": ("\u202eabc\u2066.wav", "_abc_.wav"),
    "a device": ("CON", "_CON"),
    "a device with an ending": ("nul.wav", "_nul.wav"),
    "a device with two endings": ("com1.tar.gz", "_com1.tar.gz"),
    "a device and a blank": ("LPT9 .txt", "_LPT9 .txt"),
    "a device of Windows with a small number": ("COM¹.txt", "_COM¹.txt"),
    "not a device": ("CONTACTS.csv", "CONTACTS.csv"),
    "an option": ("-rf.wav", "_rf.wav"),
    "options": ("--.-x.wav", "_x.wav"),
    "a hidden file": (".bashrc", "_bashrc"),
    "dots and blanks at the end": ("a.wav. . ", "a.wav"),
    "a path": ("/etc/passwd", "passwd"),
    "a path of Windows": ("..\\..\\x.dll", "x.dll"),
    "both slashes": ("a/b\\c.wav", "c.wav"),
    "a drive": ("C:x.wav", "C_x.wav"),
    "a stream": ("x.wav:y", "x.wav_y"),
    "letters that Windows reserves": ("a<b>|c?*.wav", "a_b__c__.wav"),
    "a lone surrogate": ("a\ud800.wav", "a_.wav"),
    "nothing": ("", ""),
    "dots": ("...", ""),
    "dashes": ("--", ""),
}


@pytest.mark.parametrize(("given_name", "name"), NAMES.values(), ids=NAMES)
def test_a_name_is_safe_to_save(given_name: str, name: str) -> None:
    assert make_safe_name(given_name) == name


@pytest.mark.parametrize("letter", ["x", "ü", "☎", "😀"])
def test_a_name_of_8000_letters_is_cut_and_keeps_its_ending(letter: str) -> None:
    name = make_safe_name(f"{letter * 8000}.wav")
    assert len(name) <= 200
    assert len(name.encode()) <= 240
    assert name.endswith(f"{letter}.wav")


@given(st.text(st.characters() | st.sampled_from("./\\-: \x00\x1b\u202e\ud800CONul"), max_size=300))
def test_every_name_is_safe(text: str) -> None:
    name = make_safe_name(text)
    assert make_safe_name(name) == name
    assert not set("/\\<>:|?*\x00") & set(name)
    assert not {unicodedata.category(each) for each in name} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert not name.startswith((".", "-", " "))
    assert not name.endswith((".", " "))
    assert len(name.encode()) <= 240


CHARSETS = [
    "idna",
    "punycode",
    "undefined",
    "utf-16",
    "utf-7",
    "rot13",
    "hex",
    "zip",
    "base64",
    "mbcs",
    "x" * 300,
    "\x00",
    "",
]


@pytest.mark.parametrize("charset", CHARSETS)
def test_any_charset_gives_a_name(charset: str) -> None:
    name = read_file_name(f"attachment; filename*={charset}''{quote('ä')}a.wav")
    assert isinstance(name, str)
    assert isinstance(read_file_name(f'attachment; filename="=?{charset}?Q?a=FF?=.wav"'), str)


HEADERS = st.lists(
    st.sampled_from(
        [
            "attachment",
            "filename",
            "*",
            "*0*",
            "*x*",
            "*" + "9" * 5000,
            "=",
            ";",
            '"',
            "\\",
            "''",
            "utf-8'",
            "%",
            "%ff",
            "=?",
        ]
    )
    | st.text(max_size=8),
    max_size=30,
)


@given(HEADERS)
def test_any_header_gives_a_name(parts: list[str]) -> None:
    header = "".join(parts)
    assert isinstance(read_given_name(header), str)
    assert make_safe_name(read_given_name(header)) == read_file_name(header)


@pytest.mark.parametrize(
    "text", [";" * 60_000, '";' * 30_000, "a=b;" * 15_000, "\\" * 60_000, '"\\' * 30_000]
)
def test_a_hostile_header_takes_no_time(text: str) -> None:
    """A parser that looks at the whole rest for each part would take minutes."""
    assert isinstance(read_file_name(f"attachment; filename={text}"), str)


def test_a_result_has_the_name_of_the_server_beside_the_safe_one() -> None:
    headers = {
        "content-type": "audio/x-wav",
        "content-disposition": "attachment; filename*=UTF-8''..%2FCON.wav%1B",
    }
    pbx = FakePbx(lambda _: httpx.Response(200, content=b"RIFF", headers=headers))
    [result] = run(pbx, "DownloadRecording", [{}], {"recId": 12}).results
    [item] = result.items or ()
    assert item["json"]["fileName"] == item["binary"]["data"]["fileName"] == "_CON.wav_"
    assert item["json"]["originalFileName"] == item["binary"]["data"]["originalFileName"] == "../CON.wav\x1b"


def test_a_safe_name_is_all_that_a_result_has() -> None:
    headers = {"content-type": "audio/x-wav", "content-disposition": "attachment; filename=a.wav"}
    pbx = FakePbx(lambda _: httpx.Response(200, content=b"RIFF", headers=headers))
    [result] = run(pbx, "DownloadRecording", [{}], {"recId": 12}).results
    assert "originalFileName" not in (result.items or ())[0]["json"]


@pytest.mark.parametrize(
    "name", ["CON.wav", "-x.wav", "a:b.wav", "a\u202e.wav", "../a.wav", ".a.wav", "a\x1b.wav", "a.wav\ud800"]
)
def test_an_upload_with_such_a_name_is_refused(name: str) -> None:
    pbx = FakePbx(lambda _: httpx.Response(204))
    [result] = run(pbx, "UploadPrompt", [{}], {"file": {"fileName": name, "data": b"RIFF"}}).results
    assert pbx.requests == []
    assert result.error is not None
    assert result.error.code == "parameter"
    assert result.error.one_line().isprintable()
