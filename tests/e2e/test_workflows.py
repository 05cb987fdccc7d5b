"""Workflows in a real n8n, run through its REST interface, against a simulated PBX."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.conftest import Canvas
from tests.sounds import telephone_wav
from tools.lab.executor import ExecutorProcess
from tools.lab.open_n8n import DELETES, put_example
from tools.lab.stage import CREDENTIAL_TYPE, NODE_TYPE

DELETE = "DeleteCallFlowApp"
BY_ID = {"__rl": True, "mode": "id"}


def delete(value: str, **more: Any) -> dict[str, Any]:
    return {"resource": "CallFlowApps", "Id": {**BY_ID, "value": value}, **more}


def test_n8n_offers_the_node(canvas: Canvas) -> None:
    entry = canvas.stage.client.node_type(NODE_TYPE)
    assert len(json.dumps(entry, separators=(",", ":"))) < 250_000
    assert [each["name"] for each in entry["credentials"]] == [CREDENTIAL_TYPE]


def test_deletes_keep_order_and_pairs(canvas: Canvas) -> None:
    ids = canvas.make_apps(3)
    done = canvas.run(
        canvas.items([{"Id": each} for each in ids]), canvas.node(DELETE, delete("={{ $json.Id }}"))
    )
    assert done.status == "success", done.error
    items = done.items("3CX")
    assert [item["json"] for item in items] == [{"deleted": True, "Id": each} for each in ids]
    assert [item["pairedItem"]["item"] for item in items] == [0, 1, 2]


def test_example_runs(canvas: Canvas) -> None:
    workflow = put_example(canvas.stage, DELETES)
    done = canvas.stage.client.run(workflow)
    assert done.status == "success", done.error
    assert [item["json"]["method"] for item in done.items("Delete them (dry run)")] == ["DELETE"] * 3


def test_404_has_message_and_advice(canvas: Canvas) -> None:
    done = canvas.run(canvas.node(DELETE, delete("4711")))
    error = done.node_error("3CX")
    assert done.status == "error"
    assert "NOT_FOUND" in error["message"] or "not found" in error["message"].lower()
    assert "Check the ID" in error["description"]
    assert str(error["httpCode"]) == "404"


def test_412_has_advice(canvas: Canvas) -> None:
    [app] = canvas.make_apps(1)
    done = canvas.run(canvas.node(DELETE, delete(str(app), **{"If-Match": 'W/"old"'})))
    error = done.node_error("3CX")
    assert str(error["httpCode"]) == "412"
    assert "Read it again" in error["description"]


def test_expression_without_value_sends_nothing(canvas: Canvas) -> None:
    [app] = canvas.make_apps(1)
    done = canvas.run(
        canvas.items([{"Id": app}, {"owner": None}]), canvas.node(DELETE, delete("={{ $json.Id }}"))
    )
    error = done.node_error("3CX")
    assert done.status == "error"
    assert "Id" in error["message"]
    assert error["context"]["itemIndex"] == 1
    after = canvas.run(canvas.node("GetCallFlowApp", delete(str(app))))
    assert after.items("3CX")[0]["json"]["Id"] == app


def test_error_output_has_the_input(canvas: Canvas) -> None:
    [app] = canvas.make_apps(1)
    items = canvas.items([{"Id": 4711, "note": "gone"}, {"Id": app, "note": "there"}])
    done = canvas.run(items, canvas.node(DELETE, delete("={{ $json.Id }}"), onError="continueErrorOutput"))
    assert done.status == "success", done.error
    assert [item["json"]["deleted"] for item in done.items("3CX", 0)] == [True]
    [failed] = done.items("3CX", 1)
    assert failed["json"]["Id"] == 4711
    assert failed["json"]["note"] == "gone"


def test_dry_run_sends_nothing(canvas: Canvas) -> None:
    [app] = canvas.make_apps(1)
    done = canvas.run(canvas.node(DELETE, delete(str(app), options={"dryRun": True})))
    [item] = done.items("3CX")
    assert item["json"]["method"] == "DELETE"
    assert item["json"]["url"].endswith(f"/xapi/v1/CallFlowApps({app})")
    assert "simulator-secret" not in json.dumps(item)
    assert canvas.run(canvas.node("GetCallFlowApp", delete(str(app)))).status == "success"


def test_a_prompt_is_uploaded_from_binary_data(canvas: Canvas) -> None:
    files = canvas.files({"day.wav": telephone_wav(), "night.wav": telephone_wav(1600)})
    upload = canvas.node("UploadPrompt", {"resource": "CustomPrompts"})
    done = canvas.run(files, upload)
    assert done.status == "success", done.error
    assert [each["json"]["value"] for each in done.items("3CX")] == ["day.wav", "night.wav"]
    assert [each["pairedItem"]["item"] for each in done.items("3CX")] == [0, 1]
    listed = canvas.run(canvas.node("ListCustomPrompt", {"resource": "CustomPrompts", "returnAll": True}))
    assert {"day.wav", "night.wav"} <= {each["json"]["Filename"] for each in listed.items("3CX")}


def test_an_upload_without_a_file_sends_nothing(canvas: Canvas) -> None:
    [app] = canvas.make_apps(1)
    upload = canvas.node("UploadPrompt", {"resource": "CustomPrompts", "fileName": "other.wav"})
    done = canvas.run(canvas.items([{"Id": app}]), upload)
    error = done.node_error("3CX")
    assert done.status == "error"
    assert "'data'" in error["message"]
    bad = canvas.run(canvas.files({"good.wav": telephone_wav(), "bad.wav": b"ID3 text"}), {**upload, "parameters": {
        "operation": "UploadPrompt", "resource": "CustomPrompts",
    }})  # fmt: skip
    assert "bad.wav is not a WAV file, but MP3 [Item 1]" in bad.node_error("3CX")["message"]
    listed = canvas.run(canvas.node("ListCustomPrompt", {"resource": "CustomPrompts", "returnAll": True}))
    assert "good.wav" not in [each["json"]["Filename"] for each in listed.items("3CX")]


def test_dry_run_that_differs_by_item_is_refused(canvas: Canvas) -> None:
    ids = canvas.make_apps(2)
    items = canvas.items([{"Id": ids[0], "dry": True}, {"Id": ids[1], "dry": False}])
    node = canvas.node(DELETE, delete("={{ $json.Id }}", options={"dryRun": "={{ $json.dry }}"}))
    done = canvas.run(items, node)
    error = done.node_error("3CX")
    assert (done.status, error["name"]) == ("error", "NodeOperationError")
    assert "'Dry Run' applies to all items" in error["message"]
    assert "Not tried: items 0-1" in error["description"]
    # The same expression is fine where it returns one value for all items.
    node["parameters"]["options"]["dryRun"] = "={{ $json.Id > 0 }}"
    assert [each["json"]["method"] for each in canvas.run(items, node).items("3CX")] == ["DELETE", "DELETE"]
    for app in ids:
        assert canvas.run(canvas.node("GetCallFlowApp", delete(str(app)))).status == "success"


def test_update_sends_one_field(canvas: Canvas) -> None:
    parameters = {
        "resource": "Users",
        "Id": {**BY_ID, "value": "5"},
        "body": {"mappingMode": "defineBelow", "value": {"FirstName": "Ada"}, "schema": []},
        "options": {"dryRun": True},
    }
    done = canvas.run(canvas.node("UpdateUser", parameters))
    assert done.items("3CX")[0]["json"]["body"] == {"FirstName": "Ada"}


def test_list_returns_an_item_per_entity(canvas: Canvas) -> None:
    done = canvas.run(canvas.node("ListUser", {"resource": "Users", "limit": 3, "simplify": True}))
    assert done.status == "success", done.error
    items = done.items("3CX")
    assert len(items) == 3
    assert all(len(item["json"]) <= 10 for item in items)


def test_all_items_are_validated_first(canvas: Canvas) -> None:
    [app] = canvas.make_apps(1)
    items = [{"Id": app}] * 250 + [{}]
    done = canvas.run(canvas.items(items), canvas.node(DELETE, delete("={{ $json.Id }}")))
    assert done.node_error("3CX")["context"]["itemIndex"] == 250
    assert canvas.run(canvas.node("GetCallFlowApp", delete(str(app)))).status == "success"


def test_credential_test(canvas: Canvas) -> None:
    client, data = canvas.stage.client, canvas.stage.credential_data()
    good = client.test_credential(canvas.credential, CREDENTIAL_TYPE, data)
    assert good["status"] == "OK", good
    wrong = client.test_credential(canvas.credential, CREDENTIAL_TYPE, data | {"apiKey": "wrong"})
    assert wrong["status"] == "Error"
    assert "Check the Client ID" in wrong["message"]
    assert "simulator-secret" not in json.dumps([good, wrong])


def test_missing_executor_has_its_command(canvas: Canvas) -> None:
    stage = canvas.stage
    nowhere = ExecutorProcess(stage.folder).url
    data = stage.credential_data(executorUrl=nowhere)
    tested = stage.client.test_credential(canvas.credential, CREDENTIAL_TYPE, data)
    assert tested["status"] == "Error"
    assert "threecx serve" in tested["message"]
    away = stage.client.create_credential("3CX away", CREDENTIAL_TYPE, data)
    node = canvas.node(DELETE, delete("40")) | {"credentials": {CREDENTIAL_TYPE: away}}
    error = canvas.run(node).node_error("3CX")
    assert "threecx serve" in f"{error['message']} {error.get('description')}"
    assert nowhere in f"{error['message']} {error.get('description')}"


AUTOMATIC = {"resource": "Users", "body": {"mappingMode": "autoMapInputData", "value": None}}


def test_columns_are_mapped_and_left_out_ones_are_a_hint(canvas: Canvas) -> None:
    rows = [
        {"number": "5401", "First Name": "Zoe", "enabled": "TRUE", "shoe size": 37},
        {"number": "5402", "First Name": "Ann", "enabled": "FALSE", "shoe size": 38},
    ]
    done = canvas.run(canvas.items(rows), canvas.node("CreateUser", AUTOMATIC))
    assert done.status == "success", done.error
    made = [(each["json"]["Number"], each["json"]["FirstName"]) for each in done.items("3CX")]
    assert made == [("5401", "Zoe"), ("5402", "Ann")]
    [hint] = done.run_data["3CX"][-1]["hints"]
    assert hint["message"].endswith("left out a column that is not a field of CreateUser: shoe size")


def test_items_of_which_no_column_matches_are_named(canvas: Canvas) -> None:
    rows = [{"number": "5501"}, {"vorname": "Zoe"}, {"nachname": "Ax"}]
    done = canvas.run(canvas.items(rows), canvas.node("CreateUser", AUTOMATIC))
    message = done.node_error("3CX")["message"]
    assert message.startswith(
        "2 of 3 items cannot be sent, nothing was sent: 1: no column of the item is a field"
    )
    assert "it has vorname; 2: " in message
