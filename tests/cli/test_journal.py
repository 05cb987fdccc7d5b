"""`threecx execute --journal` and `--resume` as processes: killed at random moments, and refused where they must be."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, environment, run
from tests.effects import deleting_pbx

DELETE = ("execute", "DeleteContact", "-p", "Id=={{ $json.Id }}")
KILLS = 20


def write_items(folder: Path, count: int) -> str:
    path = folder / "items.json"
    path.write_text(json.dumps([{"Id": number} for number in range(count)]))
    return str(path)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no kill -9")
def test_kill_9_at_20_random_moments_deletes_500_once(tmp_path: Path) -> None:
    choose = random.Random(20)  # noqa: S311 (it chooses moments)
    items, journal = write_items(tmp_path, 500), str(tmp_path / "journal")
    moments = sorted(choose.sample(range(1, 500), KILLS))
    with deleting_pbx() as pbx:
        for place, moment in enumerate(moments):
            option = "--resume" if place else "--journal"
            command = [*COMMAND, *DELETE, "--items", items, option, journal]
            with subprocess.Popen(
                command, env=environment(pbx.env), stdout=subprocess.PIPE, stderr=subprocess.PIPE
            ) as process:
                pbx.kill_at(process, moment, before=choose.random() < 0.5)
                _, err = process.communicate(timeout=60)
            assert process.returncode == -signal.SIGKILL, err
        pbx.before = pbx.after = lambda _: None
        ran = run(*DELETE, "--items", items, "--resume", journal, env=pbx.env)
        assert ran.code == 0, ran.err
        assert pbx.counts.total() == 500
        assert set(pbx.counts.values()) == {1}
        results = ran.json
        assert [each["items"][0]["json"] for each in results] == [
            {"deleted": True, "Id": number} for number in range(500)
        ]
        seen = len(pbx.requests)
        again = run(*DELETE, "--items", items, "--resume", journal, env=pbx.env)
        assert (again.code, again.json) == (0, results)
        assert "is finished, so nothing is sent: 500 of 500 items are done" in again.err
        assert len(pbx.requests) == seen


def test_what_a_journal_refuses(tmp_path: Path) -> None:
    items, journal = write_items(tmp_path, 3), str(tmp_path / "journal")
    with deleting_pbx() as pbx:
        assert run(*DELETE, "--items", items, "--journal", journal, env=pbx.env).code == 0
        requests = len(pbx.requests)
        for arguments, said in (
            (
                ("--journal", journal),
                "exists already. Continue its batch with --resume, or give another file.",
            ),
            (("--resume", journal, "--release", "20.0.4"), "that of another batch: the options"),
            (("--resume", journal, "--journal", journal), "both --journal and --resume are given"),
            (("--resume", items), "items.json is not a journal of threecx execute"),
            (("--resume", journal, "--dry-run"), "a dry run has no journal"),
        ):
            ran = run(*DELETE, "--items", items, *arguments, env=pbx.env)
            assert (ran.code, ran.out) == (2, "")
            assert said in ran.err
            assert ran.err.count("\n") == 1
        assert len(pbx.requests) == requests
    assert "s3cr3t-key" not in Path(journal).read_text()


def test_a_full_disk_of_the_journal_stops_the_batch(tmp_path: Path) -> None:
    items, journal = write_items(tmp_path, 100), str(tmp_path / "journal")
    with deleting_pbx() as pbx:
        done = subprocess.run(
            [*COMMAND, *DELETE, "--items", items, "--journal", journal, "--continue-on-fail"],
            # The limit is one for all files: a compiled module that is cut off would break every later run.
            env=environment({**pbx.env, "PYTHONDONTWRITEBYTECODE": "1"}),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
        )
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert "cannot be written: File too large" in done.stderr
        assert f"to continue, run the same command with --resume {journal}" in done.stderr
        assert 0 < pbx.counts.total() < 100
        ran = run(*DELETE, "--items", items, "--resume", journal, env=pbx.env)
        assert ran.code == 0, ran.err
        assert pbx.counts.total() == 100


def test_a_journal_of_nothing_is_removed(tmp_path: Path) -> None:
    items, journal = write_items(tmp_path, 3), tmp_path / "journal"
    with deleting_pbx() as pbx:
        wrong = run("execute", "DeleteContact", "-p", "Id={{ $json.Id }}", "--items", items,
                    "--journal", str(journal), env=pbx.env)  # fmt: skip
        assert wrong.code == 1
        assert f"nothing was changed, so the journal {journal} is removed" in wrong.err
        assert not journal.exists()
        assert run(*DELETE, "--items", items, "--journal", str(journal), env=pbx.env).code == 0
        assert pbx.counts.total() == 3
