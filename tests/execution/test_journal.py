"""The journal of a batch: what it records, when, and what a resumed run makes of it."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.execution.journals import DELETE, done, identity, ids, lines, run, sent, start, write_lines
from tests.support import FakePbx, deleting, odata_error
from threecx_node import Options
from threecx_node.errors import JournalError
from threecx_node.execution.journal import BatchIdentity
from threecx_node.execution.journal_file import FileJournal


def test_each_change_is_recorded_before_and_after_it_is_sent(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    seen: list[list[str]] = []

    def answer(_: httpx.Request) -> httpx.Response:
        seen.append([json.dumps(each) for each in lines(path) if each.get("before") == 0])
        return httpx.Response(204)

    batch = run(FakePbx(answer), FileJournal.create(path, identity(ids(1))), ids(1))
    assert batch.exit_code == 0
    assert seen == [[json.dumps(sent(0))]]
    header, *records, end = lines(path)
    assert (header["threecx_journal"], header["operation"], header["count"]) == (1, DELETE, 1)
    assert records == [sent(0), done(0)]
    assert "end" in end
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "s3cr3t" not in path.read_text()


def test_reads_have_no_record_before_they_are_sent(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    pbx = FakePbx(lambda _: httpx.Response(200, json={"Id": 5}))
    mine = identity([{}], "GetUser", {"Id": 5})
    run(pbx, FileJournal.create(path, mine), [{}], "GetUser", {"Id": 5})
    assert [next(iter(each)) for each in lines(path)[1:]] == ["after", "end"]


def test_a_resumed_run_sends_exactly_what_remains(tmp_path: Path) -> None:
    path, items = tmp_path / "journal", ids(5)
    failed = {"after": 2, "status": "failed", "result": {"error": {"message": "no"}}}
    start(path, items, sent(0), done(0), sent(2), failed, sent(3), done(3))
    pbx = deleting()
    batch = run(pbx, FileJournal.resume(path, identity(items)), items)
    assert sorted(pbx.targets) == [f"DELETE /CallFlowApps({index})" for index in (1, 2, 4)]
    assert batch.exit_code == 0
    assert [each.items[0]["json"]["Id"] for each in batch.results if each.items] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("is_gone", [True, False])
def test_an_ambiguous_delete_is_looked_up_first(tmp_path: Path, is_gone: bool) -> None:
    path, items = tmp_path / "journal", ids(3)
    start(path, items, sent(2))

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE":
            return httpx.Response(204)
        return odata_error(404, "not found") if is_gone else httpx.Response(200, json={"Id": 2})

    pbx = FakePbx(answer)
    batch = run(pbx, FileJournal.resume(path, identity(items)), items, options=Options(concurrency=1))
    look_up = ["GET /CallFlowApps(2)?$select=Id"]
    again = [] if is_gone else ["DELETE /CallFlowApps(2)"]
    assert pbx.targets == [*look_up, *again, "DELETE /CallFlowApps(0)", "DELETE /CallFlowApps(1)"]
    assert batch.exit_code == 0
    assert batch.results[2].items


def test_an_ambiguous_create_is_reported_and_not_sent_again(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    items: list[dict[str, Any]] = [{}, {}]
    parameters = {"body": {"FirstName": "Ada", "PhoneNumber": "1"}}
    mine = identity(items, "CreateContact", parameters)
    FileJournal.create(path, mine).close()
    write_lines(path, {"before": 0, "method": "POST", "target": "/Contacts"})
    pbx = FakePbx(lambda _: httpx.Response(201, json={"Id": 7}))
    batch = run(pbx, FileJournal.resume(path, mine), items, "CreateContact", parameters)
    assert pbx.targets == ["POST /Contacts"]
    error = batch.results[0].error
    assert error is not None
    assert error.outcome_unknown
    assert error.request == {"method": "POST", "url": "https://pbx.example/xapi/v1/Contacts"}
    assert batch.results[1].items
    opened = FileJournal.resume(path, mine)
    assert opened.is_complete
    again = run(pbx, opened, items, "CreateContact", parameters)
    assert pbx.targets == ["POST /Contacts"]
    assert again.exit_code == 1


def test_a_finished_journal_sends_nothing(tmp_path: Path) -> None:
    path, items = tmp_path / "journal", ids(3)
    first = run(deleting(), FileJournal.create(path, identity(items)), items)
    before = path.read_bytes()
    pbx = deleting()
    opened = FileJournal.resume(path, identity(items))
    assert opened.is_complete
    again = run(pbx, opened, items)
    assert pbx.requests == []
    assert pbx.logins == 0
    assert [each.to_json() for each in again.results] == [each.to_json() for each in first.results]
    assert path.read_bytes() == before


def test_a_list_keeps_its_pages(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    rows = [{"Id": number} for number in range(230)]

    def answer(request: httpx.Request) -> httpx.Response:
        skip = int(request.url.params.get("$skip", 0))
        return httpx.Response(200, json={"@odata.count": 230, "value": rows[skip : skip + 100]})

    parameters = {"returnAll": True}
    mine = identity([{}], "ListContact", parameters)
    first = run(FakePbx(answer), FileJournal.create(path, mine), [{}], "ListContact", parameters)
    pbx = FakePbx(answer)
    again = run(pbx, FileJournal.resume(path, mine), [{}], "ListContact", parameters)
    assert pbx.requests == []
    assert again.results[0].items == first.results[0].items
    assert len(again.results[0].items or ()) == 230


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (identity(ids(4)), "the number of items is 4, and it was 3"),
        (identity([{"Id": 0}, {"Id": 1}, {"Id": 9}]), "the input items have changed"),
        (identity(ids(3), "DeleteContact"), "the operation is DeleteContact"),
        (identity(ids(3), parameters={"Id": "=1"}), "the parameters have changed"),
        (identity(ids(3), options=Options(release="20.0.4")), "the options"),
    ],
)
def test_a_changed_input_is_refused(tmp_path: Path, changed: BatchIdentity, said: str) -> None:
    start(tmp_path / "journal", ids(3), sent(0))
    with pytest.raises(JournalError, match="that of another batch") as refused:
        FileJournal.resume(tmp_path / "journal", changed)
    assert said in refused.value.message


def test_items_written_in_another_order_of_fields_are_the_same() -> None:
    assert identity([{"Id": 1, "Name": "x"}]) == identity([{"Name": "x", "Id": 1}])


def test_a_changed_file_is_a_changed_input(tmp_path: Path) -> None:
    file = tmp_path / "closed.wav"
    file.write_bytes(b"one")
    first = identity([{}], "UploadPrompt", {"file": file})
    file.write_bytes(b"two")
    assert (
        identity([{}], "UploadPrompt", {"file": file}).find_difference(first) == "the parameters have changed"
    )


@pytest.mark.parametrize("torn", ['{"aft', '{"after": 1, "status": "done"}', "\0\0\0\0", "{"])
def test_a_torn_last_line_is_dropped(tmp_path: Path, torn: str) -> None:
    path, items = tmp_path / "journal", ids(2)
    start(path, items, sent(0), done(0), torn)
    pbx = deleting()
    assert run(pbx, FileJournal.resume(path, identity(items)), items).exit_code == 0
    assert pbx.targets == ["DELETE /CallFlowApps(1)"]
    assert FileJournal.resume(path, identity(items)).is_complete


@pytest.mark.parametrize(
    "line",
    [
        "nothing",
        "{}",
        "[]",
        "7",
        '{"before": 5}',
        '{"after": 0}',
        '{"after": 0, "status": "sent"}',
        '{"after": true, "status": "done"}',
        '{"part": 0, "items": 7}',
        "[" * 100_000,
    ],
)
def test_a_corrupt_line_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "journal"
    start(path, ids(2), f"{line}\n", sent(1))
    with pytest.raises(JournalError, match=r"line 2 of the journal .* is corrupt"):
        FileJournal.resume(path, identity(ids(2)))


@pytest.mark.parametrize("content", ["[1, 2]\n", "hello\n", "{}\n", '{"threecx_journal": 1}\n', "x" * 100])
def test_a_foreign_file_is_refused_and_left_as_it_is(tmp_path: Path, content: str) -> None:
    path = tmp_path / "journal"
    path.write_text(content)
    with pytest.raises(JournalError, match="is not a journal"):
        FileJournal.resume(path, identity(ids(2)))
    assert path.read_text() == content


@pytest.mark.parametrize("content", ["", '{"threecx_jou', "\0" * 50])
def test_a_run_that_ended_before_its_first_line_has_sent_nothing(tmp_path: Path, content: str) -> None:
    path = tmp_path / "journal"
    path.write_text(content)
    pbx = deleting()
    assert run(pbx, FileJournal.resume(path, identity(ids(2))), ids(2)).exit_code == 0
    assert len(pbx.targets) == 2


def test_a_journal_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_text('{"threecx_journal": 2}\n')
    with pytest.raises(JournalError, match="has format 2"):
        FileJournal.resume(path, identity(ids(2)))


def test_two_runs_cannot_use_one_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with (
        FileJournal.create(path, identity(ids(2))),
        pytest.raises(JournalError, match="in use by another process"),
    ):
        FileJournal.resume(path, identity(ids(2)))
    with pytest.raises(JournalError, match="exists already"):
        FileJournal.create(path, identity(ids(2)))


def test_what_is_not_a_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", tmp_path, tmp_path / "missing", tmp_path / "no" / "folder"):
        with pytest.raises(JournalError):
            FileJournal.resume(path, identity(ids(2)))
    with pytest.raises(JournalError, match="cannot be created"):
        FileJournal.create(tmp_path / "no" / "folder", identity(ids(2)))


def test_nothing_is_sent_whose_record_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, items = tmp_path / "journal", ids(6)
    write = os.write
    left = [3]

    def fill(descriptor: int, data: bytes) -> int:
        left[0] -= 1
        if left[0] < 0:
            # A disk that takes a part of the line, and then nothing.
            if left[0] == -1:
                return write(descriptor, bytes(data)[:7])
            raise OSError(28, "No space left on device")
        return write(descriptor, data)

    journal = FileJournal.create(path, identity(items))
    monkeypatch.setattr(os, "write", fill)
    pbx = deleting()
    batch = run(pbx, journal, items, options=Options(concurrency=1, continue_on_fail=True))
    monkeypatch.undo()
    assert pbx.targets == ["DELETE /CallFlowApps(0)", "DELETE /CallFlowApps(1)"]
    assert [each.error.code if each.error else "" for each in batch.results] == [
        "",
        "",
        *["not_attempted"] * 4,
    ]
    assert "the journal cannot be written" in str(batch.results[2].error)
    assert journal.failure is not None
    assert "No space left on device" in journal.failure.message
    # The half of the line is removed: item 1 is ambiguous, and looked up by the next run.
    assert lines(path)[1:] == [sent(0), done(0), sent(1)]


def test_an_fsync_that_fails_stops_the_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, items = tmp_path / "journal", ids(3)
    journal = FileJournal.create(path, identity(items))

    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    pbx = deleting()
    batch = run(pbx, journal, items, options=Options(continue_on_fail=True))
    assert pbx.requests == []
    assert batch.results[0].error is not None
    assert batch.results[0].error.code == "journal"
    assert "Input/output error" in batch.results[0].error.message
    assert batch.exit_code == 1


def test_records_of_concurrent_items_share_an_fsync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 0
    fsync = os.fsync

    def counting(descriptor: int) -> None:
        nonlocal count
        count += 1
        fsync(descriptor)

    items = ids(64)
    journal = FileJournal.create(tmp_path / "journal", identity(items))
    monkeypatch.setattr(os, "fsync", counting)
    run(deleting(), journal, items)
    assert count < 64


def test_a_settled_item_is_recorded_with_its_result(tmp_path: Path) -> None:
    path, items = tmp_path / "journal", ids(1)
    start(path, items, sent(0))
    gone = FakePbx(lambda _: odata_error(404, "not found"))
    opened = FileJournal.resume(path, identity(items), keep_results=False)
    assert run(gone, opened, items).exit_code == 0
    assert done(0) in lines(path)
    again = run(gone, FileJournal.resume(path, identity(items), keep_results=False), items)
    assert [each.to_json() for each in again.results] == [done(0)["result"]]
    assert [each.partition("?")[0] for each in gone.targets] == ["GET /CallFlowApps(0)"]


def test_a_delete_that_is_sent_again_and_finds_nothing_is_done(tmp_path: Path) -> None:
    path, items = tmp_path / "journal", ids(1)
    start(path, items, sent(0))

    def answer(request: httpx.Request) -> httpx.Response:
        # The PBX carries out the request of the earlier run after the look-up.
        is_look = request.method == "GET"
        return httpx.Response(200, json={"Id": 0}) if is_look else odata_error(404, "not found")

    batch = run(FakePbx(answer), FileJournal.resume(path, identity(items)), items)
    assert batch.exit_code == 0, batch.summary()


@pytest.mark.parametrize(("stored", "sends"), [("Ada", 0), ("Bob", 1)])
def test_an_ambiguous_update_is_compared_first(tmp_path: Path, stored: str, sends: int) -> None:
    path, items, body = tmp_path / "journal", [{"Id": 5}], {"FirstName": "Ada"}
    parameters = {"Id": 5, "body": body}
    mine = identity(items, "UpdateUser", parameters)
    FileJournal.create(path, mine).close()
    digest = hashlib.sha256(b'{"FirstName":"Ada"}').hexdigest()
    write_lines(path, {"before": 0, "method": "PATCH", "target": "/Users(5)", "body": digest})

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH":
            return httpx.Response(204)
        return httpx.Response(200, json={"Id": 5, "FirstName": stored})

    pbx = FakePbx(answer)
    batch = run(pbx, FileJournal.resume(path, mine), items, "UpdateUser", parameters)
    assert batch.exit_code == 0, batch.summary()
    assert sum(each.startswith("PATCH") for each in pbx.targets) == sends
