"""`threecx execute` ended by signals, or with an output that cannot be written: it says what it did."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import COMMAND, environment
from tests.effects import Deletions, deleting_pbx
from tests.transport.servers import running

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")
DELETE = ("execute", "DeleteContact", "-p", "Id=={{ $json.Id }}", "--concurrency", "1")


def items(folder: Path, count: int = 8) -> list[str]:
    path = folder / "items.json"
    path.write_text(json.dumps([{"Id": number} for number in range(count)]))
    return ["--items", str(path)]


def start(pbx: Deletions, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen([*COMMAND, *arguments], env=environment(pbx.env), text=True, **streams)


def at(number: int, act: Any) -> Any:
    """Return a hook that acts at deletion `number`."""
    return lambda done: act() if done == number else None


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_first_signal_lets_requests_end(tmp_path: Path, name: str) -> None:
    with deleting_pbx() as pbx, start(pbx, *DELETE, *items(tmp_path)) as process:
        pbx.after = at(3, lambda: process.send_signal(getattr(signal, name)))
        out, err = process.communicate(timeout=60)
    done = pbx.counts.total()
    assert 3 <= done < 7
    assert process.returncode == 1
    assert [list(each) for each in json.loads(out)] == [["items"]] * done + [["error"]] * (8 - done)
    assert err.splitlines() == [
        "threecx: stopping after the requests under way; press Ctrl-C again to stop at once",
        f"threecx: stopped (done: items 0-{done - 1}; not tried: items {done}-7)",
    ]


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_second_signal_does_not_wait(tmp_path: Path, name: str, code: int) -> None:
    # The PBX never answers the first request.
    with running(lambda _: None) as silent:
        pbx = Deletions(port=silent.port)
        with start(pbx, *DELETE, *items(tmp_path), "--journal", str(tmp_path / "journal")) as process:
            assert silent.arrived.wait(60)
            process.send_signal(getattr(signal, name))
            assert process.stderr is not None
            process.stderr.readline()
            process.send_signal(getattr(signal, name))
            out, err = process.communicate(timeout=60)
    assert process.returncode == code
    first, *others = [each["error"] for each in json.loads(out)]
    assert (first["code"], first["outcome"]) == ("stopped", "unknown")
    assert {each["code"] for each in others} == {"not_attempted"}
    assert "unknown whether carried out: item 0; not tried: items 1-7" in err
    assert f"--resume {tmp_path / 'journal'}" in err
    assert "Traceback" not in err


def test_nohup_ignores_sighup(tmp_path: Path) -> None:
    with deleting_pbx() as pbx:
        ignore = partial(signal.signal, signal.SIGHUP, signal.SIG_IGN)
        with start(pbx, *DELETE, *items(tmp_path, 3), preexec_fn=ignore) as process:
            pbx.after = at(1, lambda: process.send_signal(signal.SIGHUP))
            process.communicate(timeout=60)
    assert process.returncode == 0
    assert pbx.counts.total() == 3


@pytest.mark.parametrize("form", ["ndjson", "json", "table"])
def test_a_reader_that_leaves_stops_the_batch(tmp_path: Path, form: str) -> None:
    with deleting_pbx() as pbx, start(pbx, *DELETE, *items(tmp_path), "-o", form) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        pbx.after = at(2, process.stdout.close)
        err = process.stderr.read()
        assert process.wait(60) == 1
    done = pbx.counts.total()
    assert 2 <= done < 8
    assert err == (
        "threecx: standard output cannot be written: its reader has closed it "
        f"(done: items 0-{done - 1}; not tried: {'items' if done < 7 else 'item'} "
        f"{done}{'-7' if done < 7 else ''})\n"
    )


@pytest.mark.parametrize("form", ["ndjson", "json", "table"])
def test_a_full_disk_of_the_output_is_reported(tmp_path: Path, form: str) -> None:
    journal = tmp_path / "journal"
    with deleting_pbx() as pbx, Path("/dev/full").open("w") as full:
        arguments = (*DELETE, *items(tmp_path, 3), "-o", form, "--journal", str(journal))
        with start(pbx, *arguments, stdout=full) as process:
            _, err = process.communicate(timeout=60)
    done = pbx.counts.total()
    assert process.returncode == 1
    assert "standard output cannot be written: No space left on device (done: item" in err
    assert f"the results are in the journal {journal}" in err
    assert "Traceback" not in err
    assert done == (1 if form == "ndjson" else 3)


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full", "<&- 2>&-"])
def test_a_dead_standard_error_does_no_harm(tmp_path: Path, redirection: str) -> None:
    with deleting_pbx() as pbx:
        pbx.counts[2] = 1
        done = shell(pbx, [*DELETE, *items(tmp_path, 3), "--continue-on-fail"], redirection)
    assert done.returncode == 1
    assert [list(each) for each in json.loads(done.stdout)] == [["items"], ["items"], ["error"]]
    assert pbx.counts.total() == 3


def test_a_closed_standard_output_sends_nothing(tmp_path: Path) -> None:
    with deleting_pbx() as pbx:
        done = shell(pbx, [*DELETE, *items(tmp_path, 3)], ">&-")
    assert (done.returncode, pbx.requests) == (2, [])
    assert done.stderr == ("threecx: standard output is closed. Redirect it to a file, or to /dev/null.\n")


@pytest.mark.parametrize("command", [("operations",), ("operations", "--json"), ("describe", "UpdateUser")])
def test_a_full_disk_ends_any_command_in_one_line(command: Sequence[str]) -> None:
    done = shell(Deletions(), command, ">/dev/full")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1:] == [
        "threecx: standard output cannot be written: No space left on device"
    ]
    assert "Traceback" not in done.stderr


def test_ctrl_c_before_a_command_runs_leaves_no_traceback() -> None:
    code = (
        "import signal, sys; sys.argv = ['threecx', 'operations']\n"
        "import threecx_node.cli\n"
        "def interrupt(*_): raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, type('F', (), {'find_spec': interrupt}))\n"
        "threecx_node.cli.main()"
    )
    done = subprocess.run(
        [COMMAND[0], "-c", code], env=environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (130, "threecx: interrupted\n")


def shell(pbx: Deletions, arguments: Sequence[str], redirection: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", f'"$@" {redirection}', "bash", *COMMAND, *arguments],
        env=environment(pbx.env),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
