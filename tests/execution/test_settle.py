"""Changes whose response does not say what became of them: looked up, repeated where that is safe, else unknown."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from tests.support import FakePbx, odata_error, run
from threecx_node.execution.results import Result
from threecx_node.options import Options

PAGE = (b"<html><title>Bad</title></html>", "text/html")
CUT = (b'{"Id": 5', "application/json")
Fault = Callable[[], httpx.Response]


def fail(error: type[httpx.TransportError], cause: Exception | None = None) -> Fault:
    def lose() -> httpx.Response:
        raise error("") from cause

    return lose


def answer(status: int, content: bytes = b"", media_type: str = "text/plain") -> Fault:
    return lambda: httpx.Response(status, content=content, headers={"content-type": media_type})


# The response never says whether the PBX has done its work.
FAULTS: Mapping[str, Fault] = {
    **{str(status): answer(status) for status in (408, 500, 502, 503, 504, 520, 599)},
    "500 page": answer(500, *PAGE),
    "200 page": answer(200, *PAGE),
    "200 cut": answer(200, *CUT),
    "201 cut": answer(201, *CUT),
    "lost": fail(httpx.ReadError),
    "cut short": fail(httpx.RemoteProtocolError),
    "timeout": fail(httpx.ReadTimeout),
    "TLS record": fail(httpx.ReadError, ssl.SSLError(1, "[SSL: BAD_RECORD_MAC] bad record mac")),
}


class StoredUser(FakePbx):
    """A PBX with one user. The first `times` changes meet a fault; `works` says whether they are carried out."""

    def __init__(self, fault: Fault, *, works: bool, times: int = 1) -> None:
        super().__init__(self.answer)
        self.fault, self.works, self.times = fault, works, times
        self.user: dict[str, Any] | None = {"Id": 5, "FirstName": "Ada"}
        self.effects = 0
        self.etag = 1

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return odata_error(404, "NotFound") if self.user is None else httpx.Response(200, json=self.user)
        self.times -= 1
        if self.times < 0:
            return self.carry_out(request)
        if self.works:
            self.carry_out(request)
        return self.fault()

    def carry_out(self, request: httpx.Request) -> httpx.Response:
        if self.user is None:
            return odata_error(404, "NotFound")
        if request.headers.get("if-match", f'"{self.etag}"') != f'"{self.etag}"':
            return odata_error(412, "PreconditionFailed")
        self.effects += 1
        self.etag += 1
        if request.method == "DELETE":
            self.user = None
        elif request.method == "PATCH":
            self.user |= json.loads(request.content)
        return httpx.Response(204)

    def change(self, operation: str, options: Options | None = None, **parameters: Any) -> Result:
        [result] = run(self, operation, [{}], {"Id": 5, **parameters}, options).results
        return result


def delete(pbx: StoredUser, **parameters: Any) -> Result:
    return pbx.change("DeleteUser", **parameters)


def update(pbx: StoredUser, **parameters: Any) -> Result:
    return pbx.change("UpdateUser", **{"FirstName": "Grace", **parameters})


def row(result: Result) -> Any:
    assert result.error is None, result.error.one_line()
    assert result.items is not None
    [item] = result.items
    return item["json"]


def is_unknown(result: Result) -> bool:
    assert result.error is not None
    assert ("Check in 3CX" in result.error.description) is result.error.outcome_unknown
    return result.error.to_json().get("outcome") == "unknown"


faults = pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)


@faults
def test_a_deletion_that_was_done_is_found_done(fault: Fault) -> None:
    pbx = StoredUser(fault, works=True)
    result = delete(pbx)
    assert row(result) == {"deleted": True, "Id": 5, "attempts": 2}
    assert result.to_json()["attempts"] == 2
    assert pbx.targets == ["DELETE /Users(5)", "GET /Users(5)?$select=Id"]


@faults
def test_a_deletion_that_was_not_done_is_repeated(fault: Fault) -> None:
    pbx = StoredUser(fault, works=False)
    assert row(delete(pbx)) == {"deleted": True, "Id": 5, "attempts": 3}
    assert pbx.effects == 1


@faults
def test_an_update_that_was_done_is_found_done(fault: Fault) -> None:
    pbx = StoredUser(fault, works=True)
    assert row(update(pbx)) == {"updated": True, "Id": 5, "attempts": 2}
    assert pbx.targets == ["PATCH /Users(5)", "GET /Users(5)?$select=FirstName"]
    assert pbx.effects == 1


@faults
def test_an_update_that_was_not_done_is_repeated(fault: Fault) -> None:
    pbx = StoredUser(fault, works=False)
    assert row(update(pbx)) == {"updated": True, "Id": 5, "attempts": 3}
    assert pbx.effects == 1


@faults
@pytest.mark.parametrize("works", [True, False])
@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("CreateContact", {"FirstName": "Ada", "LastName": "L"}),
        ("SendWelcomeEmail", {"Id": 5}),
        ("GenerateProvLink", {"Id": 5}),
        ("ApiRequest", {"method": "POST", "path": "/xapi/v1/Contacts", "body": {"FirstName": "Ada"}}),
        ("ApiRequest", {"method": "DELETE", "path": "/xapi/v1/Users(5)/Pbx.Unheard()"}),
        ("DeleteCustomPrompt", {"Filename": "a.wav"}),
    ],
)
def test_what_no_get_can_settle_is_unknown_and_sent_once(
    operation: str, parameters: Mapping[str, Any], works: bool, fault: Fault
) -> None:
    pbx = FakePbx(lambda _: fault())
    del works
    [result] = run(pbx, operation, [{}], parameters).results
    assert is_unknown(result)
    assert len(pbx.requests) == 1
    assert "attempts" not in result.to_json()


@pytest.mark.parametrize("works", [True, False])
@pytest.mark.parametrize("method", ["DELETE", "PATCH", "PUT"])
def test_an_api_request_is_settled_too(method: str, works: bool) -> None:
    pbx = StoredUser(FAULTS["504"], works=works)
    body = {} if method == "DELETE" else {"body": {"FirstName": "Grace"}}
    if method == "PUT":
        pbx.user = {"Id": 5, "FirstName": "Grace" if works else "Ada"}
    [result] = run(pbx, "ApiRequest", [{}], {"method": method, "path": "/xapi/v1/Users(5)", **body}).results
    assert row(result)["attempts"] == (2 if works else 3)


@pytest.mark.parametrize("status", [400, 404, 409, 412, 500, 503])
def test_a_refusal_of_3cx_is_a_failure(status: int) -> None:
    for change in (delete, update):
        pbx = StoredUser(lambda: odata_error(status, "WARNINGS.XAPI.ALREADY_IN_USE"), works=False, times=9)
        result = change(pbx)
        assert not is_unknown(result)
        assert len(pbx.requests) == 1


def test_a_deletion_that_was_done_after_the_look_is_done() -> None:
    class Slow(StoredUser):
        def carry_out(self, request: httpx.Request) -> httpx.Response:
            self.user = None
            return super().carry_out(request)

    pbx = Slow(FAULTS["504"], works=False)
    assert row(delete(pbx)) == {"deleted": True, "Id": 5, "attempts": 3}


def test_a_404_without_an_earlier_request_is_a_failure() -> None:
    pbx = StoredUser(lambda: httpx.Response(429), works=False)
    pbx.user = None
    result = delete(pbx)
    assert not is_unknown(result)
    assert result.to_json()["attempts"] == 2


@pytest.mark.parametrize("content", [b"404 page not found", b"<html>404</html>", b'{"ok": false}'])
def test_a_404_of_a_proxy_proves_nothing(content: bytes) -> None:
    pbx = FakePbx(lambda request: httpx.Response(504 if request.method == "DELETE" else 404, content=content))
    [result] = run(pbx, "DeleteUser", [{}], {"Id": 5}).results
    assert is_unknown(result)


def test_an_empty_404_proves_nothing_where_a_version_is_missing() -> None:
    def answer(request: httpx.Request, version: str) -> httpx.Response:
        headers = {"x-3cx-version": version} if version else {}
        return httpx.Response(404) if request.method == "GET" else httpx.Response(504, headers=headers)

    [result] = run(FakePbx(lambda request: answer(request, "")), "DeleteUser", [{}], {"Id": 5}).results
    assert row(result)["deleted"]
    [result] = run(FakePbx(lambda request: answer(request, "20.0.10")), "DeleteUser", [{}], {"Id": 5}).results
    assert is_unknown(result)


@pytest.mark.parametrize("status", [401, 403, 500, 502])
def test_a_look_without_an_answer_proves_nothing(status: int) -> None:
    for operation, body in (("DeleteUser", {}), ("UpdateUser", {"FirstName": "Grace"})):
        pbx = FakePbx(lambda request: httpx.Response(504 if request.method != "GET" else status))
        [result] = run(pbx, operation, [{}], {"Id": 5, **body}).results
        assert is_unknown(result)
        assert result.error is not None
        assert result.error.http_code == 504


def change_with_etag(pbx: StoredUser, method: str) -> Result:
    given = {"method": method, "path": "/xapi/v1/Users(5)", "If-Match": '"1"'}
    body = {"body": {"FirstName": "Grace"}} if method == "PATCH" else {}
    [result] = run(pbx, "ApiRequest", [{}], {**given, **body}).results
    return result


@pytest.mark.parametrize("works", [True, False])
def test_nothing_is_repeated_without_its_if_match(works: bool) -> None:
    for method, done in (("DELETE", "deleted"), ("PATCH", "updated")):
        pbx = StoredUser(FAULTS["500"], works=works)
        assert row(change_with_etag(pbx, method))[done]
        sent = [each for each in pbx.requests if each.method != "GET"]
        assert [each.headers["if-match"] for each in sent] == ['"1"'] * len(sent)
        assert all("if-match" not in each.headers for each in pbx.requests if each.method == "GET")
        assert pbx.effects == 1
    pbx = StoredUser(FAULTS["500"], works=works)
    assert row(delete(pbx, **{"If-Match": '"1"'}))["deleted"]


def test_a_repeat_that_another_change_forestalled() -> None:
    class Changed(StoredUser):
        def answer(self, request: httpx.Request) -> httpx.Response:
            if request.method == "GET":
                self.etag += 1
            return super().answer(request)

    deletion = change_with_etag(Changed(FAULTS["500"], works=False), "DELETE")
    assert deletion.error is not None
    assert (deletion.error.http_code, is_unknown(deletion)) == (412, False)
    # The ETag may have been changed by the first request itself.
    assert is_unknown(change_with_etag(Changed(FAULTS["500"], works=False), "PATCH"))


def test_a_key_that_can_be_used_again_is_not_deleted_twice() -> None:
    stored = {"Name": "Jazz"}
    pbx = FakePbx(
        lambda request: httpx.Response(200, json=stored) if request.method == "GET" else httpx.Response(500)
    )
    [result] = run(pbx, "DeletePlaylist", [{}], {"Name": "Jazz"}).results
    assert is_unknown(result)
    assert [each.method for each in pbx.requests] == ["DELETE", "GET"]


def test_repeats_of_a_change_end_with_the_time() -> None:
    pbx = StoredUser(FAULTS["504"], works=False, times=99)
    result = delete(pbx)
    assert is_unknown(result)
    assert sum(pbx.waits) <= 30
    assert result.attempts == len(pbx.requests) > 4
    at_once = StoredUser(FAULTS["504"], works=True)
    assert row(delete(at_once, options=Options(retry_time=0)))["attempts"] == 2
    once = StoredUser(FAULTS["504"], works=False)
    assert is_unknown(delete(once, options=Options(retry_time=0)))
    assert once.waits == []


def test_a_repeat_that_cannot_be_sent_leaves_the_outcome_unknown() -> None:
    class Gone(StoredUser):
        def carry_out(self, request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("", request=request)

    for change in (delete, update):
        assert is_unknown(change(Gone(FAULTS["504"], works=False)))


def test_secrets_that_are_masked_or_missing_stay_unknown() -> None:
    for field, value in (("VMPIN", "1234"), ("AuthPassword", "s3cr3t-99")):
        masked = StoredUser(FAULTS["500"], works=False)
        masked.user = {"Id": 5, "FirstName": "Ada", field: "*****"}
        assert is_unknown(update(masked, FirstName="Ada", **{field: value}))
        missing = StoredUser(FAULTS["500"], works=False)
        assert is_unknown(update(missing, FirstName="Ada", **{field: value}))
        assert missing.effects == masked.effects == 0


def test_attempts_of_a_read_and_of_a_failure() -> None:
    answers = iter([httpx.Response(500), httpx.Response(200, json={"Id": 5})])
    [result] = run(FakePbx(lambda _: next(answers)), "GetUser", [{}], {"Id": 5}).results
    assert result.to_json()["attempts"] == 2
    assert row(result) == {"Id": 5}
    [result] = run(FakePbx(lambda _: httpx.Response(500)), "GetUser", [{}], {"Id": 5}).results
    assert result.to_json()["attempts"] == 3
    [result] = run(FakePbx(lambda _: httpx.Response(200, json={"Id": 5})), "GetUser", [{}], {"Id": 5}).results
    assert "attempts" not in result.to_json()


@pytest.mark.parametrize(("operation", "unknown"), [("DeleteUser", True), ("GetUser", False)])
def test_an_internal_error_after_a_change_was_sent_is_unknown(operation: str, unknown: bool) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise AttributeError("a bug")

    [result] = run(FakePbx(answer), operation, [{}], {"Id": 5}).results
    assert result.error is not None
    assert (result.error.code, result.error.outcome_unknown) == ("bug", unknown)


def test_no_time_for_repeats_counts_for_the_version_too() -> None:
    pbx = FakePbx(lambda _: httpx.Response(503))
    [result] = run(pbx, "GetUserByNumber", [{}], {"number": "100"}, Options(retry_time=0)).results
    assert result.error is not None
    assert pbx.waits == []
