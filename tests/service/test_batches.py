"""Batches of the service by their IDs: the outcome of each item, after `kill -9` too, on any of several executors."""

from __future__ import annotations

import json
import random
import signal
import tracemalloc
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.effects import Deletions, deleting_pbx
from tests.service.conftest import NDJSON, batch, read_url, serving, start
from threecx_node.service.batch_store import FolderStore
from threecx_node.simulator import Simulator
from tools.lab.redis import RedisServer

KILLS = 20


def new_id() -> str:
    return str(uuid.uuid4())


def pbx_of(pbx: Deletions) -> dict[str, Any]:
    return {
        "baseUrl": pbx.env["THREECX_BASE_URL"],
        "clientId": pbx.env["THREECX_CLIENT_ID"],
        "clientSecret": pbx.env["THREECX_CLIENT_SECRET"],
    }


def deletes(pbx: Deletions, count: int, **options: Any) -> dict[str, Any]:
    return batch("DeleteContact", [{"Id": number} for number in range(count)], pbx_of(pbx), **options)


@contextmanager
def recording(folder: Path) -> Iterator[httpx.Client]:
    store = FolderStore(folder / "batches")
    store.prepare()
    with serving(batches=store) as client:
        yield client


def outcomes(described: dict[str, Any]) -> list[str]:
    return [each["outcome"] for each in described["results"]]


def test_a_batch_is_reported_by_its_id(tmp_path: Path, pbx: dict[str, Any]) -> None:
    batch_id = new_id()
    body = batch("DeleteCallFlowApp", [{"Id": 40}, {"Id": 9999}], pbx, continueOnFail=True)
    with recording(tmp_path) as service:
        answer = service.post("/v1/execute", json={**body, "batchId": batch_id})
        assert answer.headers["threecx-batch"] == batch_id
        assert answer.json()["batchId"] == batch_id
        described = service.get(f"/v1/batches/{batch_id}").json()
    assert (described["status"], described["operation"]) == ("finished", "DeleteCallFlowApp")
    assert outcomes(described) == ["done", "failed"]
    done, failed = answer.json()["results"]
    assert described["results"] == [{"outcome": "done", **done}, {"outcome": "failed", **failed}]
    [file] = (tmp_path / "batches").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert pbx["clientSecret"] not in file.read_text()


def test_an_id_is_made_where_the_caller_gives_none(tmp_path: Path, pbx: dict[str, Any]) -> None:
    with recording(tmp_path) as service:
        text = service.post("/v1/execute", json=batch("ListUser", [{"limit": 1}], pbx), headers=NDJSON)
        last = json.loads(text.text.splitlines()[-1])
        assert text.headers["threecx-batch"] == last["batchId"]
        described = service.get(f"/v1/batches/{last['batchId']}").json()
    # The result of a read is not kept.
    assert described["results"] == [{"outcome": "done"}]
    assert "FirstName" not in next((tmp_path / "batches").iterdir()).read_text()


@pytest.mark.parametrize("headers", [{}, NDJSON])
def test_a_repeated_id_does_not_run_twice(
    tmp_path: Path, pbx: dict[str, Any], simulator: Simulator, headers: dict[str, str]
) -> None:
    body = {**batch("DeleteCallFlowApp", [{"Id": 40}], pbx), "batchId": new_id()}
    with recording(tmp_path) as service:
        assert service.post("/v1/execute", json=body).status_code == 200
        again = service.post("/v1/execute", json=body, headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "batch_exists")
    assert body["batchId"] in again.json()["description"]
    assert sum(each.method == "DELETE" for each in simulator.requests) == 1


def test_the_id_may_be_in_a_header(tmp_path: Path, pbx: dict[str, Any]) -> None:
    batch_id = new_id()
    body = batch("DeleteCallFlowApp", [{"Id": 40}], pbx)
    with recording(tmp_path) as service:
        answer = service.post("/v1/execute", json=body, headers={"Threecx-Batch": batch_id})
        assert answer.json()["batchId"] == batch_id
        assert service.get(f"/v1/batches/{batch_id}").json()["status"] == "finished"
        again = service.post("/v1/execute", json=body, headers={"Threecx-Batch": batch_id})
        assert again.json()["code"] == "batch_exists"
        wrong = service.post("/v1/execute", json=body, headers={"Threecx-Batch": "../x"})
        assert (wrong.status_code, wrong.json()["detail"]) == (422, "Threecx-Batch is not a UUID")


def test_dry_runs_and_checks_are_not_recorded(tmp_path: Path, pbx: dict[str, Any]) -> None:
    with recording(tmp_path) as service:
        for option in ("dryRun", "prepareOnly"):
            body = {**batch("DeleteCallFlowApp", [{"Id": 40}], pbx, **{option: True}), "batchId": new_id()}
            assert service.post("/v1/execute", json=body).status_code == 200
            missing = service.get(f"/v1/batches/{body['batchId']}")
            assert (missing.status_code, missing.json()["code"]) == (404, "unknown_batch")
    assert list((tmp_path / "batches").iterdir()) == []


def test_a_running_batch_says_so(tmp_path: Path) -> None:
    seen: list[dict[str, Any]] = []
    batch_id = new_id()
    with deleting_pbx() as pbx, recording(tmp_path) as service:

        def ask(done: int) -> None:
            if done == 2:
                seen.append(httpx.get(f"{service.base_url}/v1/batches/{batch_id}", timeout=30).json())
                seen.append(
                    httpx.post(
                        f"{service.base_url}/v1/execute",
                        json={**deletes(pbx, 4), "batchId": batch_id, "resume": True},
                        timeout=30,
                    ).json()
                )

        pbx.after = ask
        body = {**deletes(pbx, 4, concurrency=1), "batchId": batch_id}
        assert service.post("/v1/execute", json=body).status_code == 200
    assert (seen[0]["status"], outcomes(seen[0])) == ("running", ["done", *["pending"] * 3])
    assert (seen[1]["status"], seen[1]["code"]) == (409, "batch_running")


def test_wrong_ids_and_missing_stores_are_named(tmp_path: Path, pbx: dict[str, Any]) -> None:
    body = batch("DeleteCallFlowApp", [{"Id": 40}], pbx)
    with recording(tmp_path) as service:
        assert service.post("/v1/execute", json={**body, "batchId": "../x"}).status_code == 422
        assert service.post("/v1/execute", json={**body, "resume": True}).status_code == 422
        assert service.get("/v1/batches/..%2Fx").status_code == 404
        other = {**body, "batchId": new_id()}
        assert service.post("/v1/execute", json=other).status_code == 200
        other["items"] = [{"parameters": {"Id": 41}}]
        refused = service.post("/v1/execute", json={**other, "resume": True})
        assert (refused.status_code, refused.json()["code"]) == (409, "other_batch")
    with serving() as service:
        missing = service.get(f"/v1/batches/{new_id()}")
        assert (missing.status_code, missing.json()["code"]) == (404, "no_journal")


def test_nothing_is_sent_that_cannot_be_recorded(
    tmp_path: Path, pbx: dict[str, Any], simulator: Simulator
) -> None:
    with recording(tmp_path) as service:
        (tmp_path / "batches").rmdir()
        (tmp_path / "batches").write_text("in the way")
        refused = service.post("/v1/execute", json=batch("DeleteCallFlowApp", [{"Id": 40}], pbx))
    assert (refused.status_code, refused.json()["code"]) == (503, "journal")
    assert not any(each.method == "DELETE" for each in simulator.requests)


def test_old_journals_are_removed(tmp_path: Path) -> None:
    import os

    folder = tmp_path / "batches"
    folder.mkdir()
    for name, days in (("old", 8), ("new", 6)):
        (folder / f"{name}.ndjson").write_text("{}\n")
        moment = (folder / f"{name}.ndjson").stat().st_mtime - days * 86_400
        os.utime(folder / f"{name}.ndjson", (moment, moment))
    FolderStore(folder).prepare()
    assert [each.name for each in folder.iterdir()] == ["new.ndjson"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no kill -9")
def test_serve_killed_at_20_random_moments_deletes_500_once(tmp_path: Path) -> None:
    choose = random.Random(20)  # noqa: S311 (it chooses moments)
    moments = sorted(choose.sample(range(1, 500), KILLS))
    arguments = ("--without-key", "--port", "0", "--state-dir", str(tmp_path))
    with deleting_pbx() as pbx:
        body = {**deletes(pbx, 500), "batchId": new_id(), "resume": True}
        for moment in moments:
            with start(*arguments) as process:
                pbx.kill_at(process, moment, before=choose.random() < 0.5)
                with pytest.raises(httpx.TransportError):
                    httpx.post(f"{read_url(process)}/v1/execute", json=body, timeout=60)
                process.wait(60)
        pbx.before = pbx.after = lambda _: None
        with start(*arguments) as process:
            url = read_url(process)
            described = httpx.get(f"{url}/v1/batches/{body['batchId']}", timeout=60).json()
            assert described["status"] == "interrupted"
            counted = [
                number for number, each in enumerate(described["results"]) if each["outcome"] == "done"
            ]
            unknown = outcomes(described).count("unknown")
            assert len(counted) <= pbx.counts.total() <= len(counted) + unknown
            assert all(pbx.counts[number] for number in counted)
            answer = httpx.post(f"{url}/v1/execute", json=body, timeout=60)
            assert [each["items"][0]["json"]["Id"] for each in answer.json()["results"]] == [*range(500)]
            described = httpx.get(f"{url}/v1/batches/{body['batchId']}", timeout=60).json()
            process.terminate()
            process.wait(60)
        assert (described["status"], outcomes(described)) == ("finished", ["done"] * 500)
        assert pbx.counts.total() == 500
        assert set(pbx.counts.values()) == {1}


def test_any_of_three_executors_knows_a_batch_with_redis(tmp_path: Path) -> None:
    batch_id = new_id()
    with RedisServer(tmp_path) as redis, deleting_pbx() as pbx, ExitStack() as stack:
        env = {"THREECX_BATCH_STORE": f"redis://127.0.0.1:{redis.port}/0"}
        arguments = ("--without-key", "--port", "0")
        executors = [stack.enter_context(start(*arguments, env=env)) for _ in range(3)]
        urls = [read_url(each) for each in executors]
        body = {**deletes(pbx, 60), "batchId": batch_id}
        pbx.kill_at(executors[0], 30, before=False)
        with pytest.raises(httpx.TransportError):
            httpx.post(f"{urls[0]}/v1/execute", json=body, timeout=60)
        described = httpx.get(f"{urls[1]}/v1/batches/{batch_id}", timeout=60).json()
        # The lease of the executor that was killed ends by itself.
        assert described["status"] == "running"
        refused = httpx.post(f"{urls[1]}/v1/execute", json=body, timeout=60)
        assert (refused.status_code, refused.json()["code"]) == (409, "batch_running")
        end_lease(redis, batch_id)
        described = httpx.get(f"{urls[1]}/v1/batches/{batch_id}", timeout=60).json()
        assert described["status"] == "interrupted"
        assert outcomes(described).count("done") <= 30
        pbx.after = lambda _: None
        answer = httpx.post(f"{urls[1]}/v1/execute", json={**body, "resume": True}, timeout=60)
        assert all(each["items"] for each in answer.json()["results"])
        assert set(pbx.counts.values()) == {1}
        assert pbx.counts.total() == 60
        described = httpx.get(f"{urls[2]}/v1/batches/{batch_id}", timeout=60).json()
        assert (described["status"], outcomes(described)) == ("finished", ["done"] * 60)
        redis.stop()
        lost = httpx.post(f"{urls[2]}/v1/execute", json=deletes(pbx, 1), timeout=60)
        assert (lost.status_code, lost.json()["code"]) == (503, "journal")
        for each in executors[1:]:
            each.terminate()
            each.wait(60)


def end_lease(redis: RedisServer, batch_id: str) -> None:
    from redis import Redis

    with Redis(port=redis.port) as client:
        client.delete(f"threecx:batch:{batch_id}:lease")


def test_the_removal_of_old_journals_takes_little_memory(tmp_path: Path) -> None:
    for number in range(3_000):
        (tmp_path / f"{number:036}.ndjson").touch(0o600)
    store = FolderStore(tmp_path)
    tracemalloc.start()
    try:
        store.prepare()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3_000 * 350
