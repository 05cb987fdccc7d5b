"""Test a credential: log in to the PBX and find out what the credential may read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threecx_credentials.check import CALL_CONTROL, CheckResult, check

from ..advice import advice_for
from ..errors import LoginError, NotThreeCxError, UnreachableError
from ..messages import HttpRequest
from ..options import INTERACTIVE_RETRY_TIME
from ..transport.client import PbxClient

if TYPE_CHECKING:
    from collections.abc import Callable

    from threecx_credentials import Credential

    from ..catalog import Catalog


async def check_credential(
    credential: Credential, on_note: Callable[[str], None] | None = None
) -> CheckResult:
    """Return what the credential may read; `on_note` takes each note for the user.

    Raises UnreachableError where the credential cannot be used.
    """
    async with PbxClient(credential) as client:
        try:
            return await check_client(client)
        finally:
            if on_note is not None:
                for note in client.notes:
                    on_note(note)


def describe_newer_release(catalog: Catalog, version: str | None, base_url: str) -> str:
    """Return what to do about a PBX that is newer than the catalog, empty where it is not."""
    if not version or not catalog.is_older_than(version):
        return ""
    return (
        f"The PBX is newer than the catalog, which ends at {catalog.newest}: new operations and fields are missing. "
        f"Import them with: threecx import-spec {base_url}"
    )


async def check_client(client: PbxClient, *, traceparent: str = "") -> CheckResult:
    """Test the credential of an open client: a second login would end the token of the first."""

    # The result is wanted even of a PBX that is given up.
    caller = client.make_caller(is_short=True, is_check=True, traceparent=traceparent)

    async def get(target: str) -> tuple[int, str | None]:
        path, _, query = target.partition("?")
        request = HttpRequest("GET", path, query, base_path="", operation="check")
        try:
            answer = await client.send(request, retry_time=INTERACTIVE_RETRY_TIME, caller=caller)
        except UnreachableError:
            if target != CALL_CONTROL:
                raise
            # The Configuration API works without it.
            return 0, client.version
        if target == CALL_CONTROL:
            # Anything but a list is not from 3CX.
            return (answer.status if answer.content.lstrip()[:1] == b"[" else 0), client.version
        if answer.status == 200 and "json" not in answer.headers.get("content-type", ""):
            raise NotThreeCxError(client.host, answer.status, "no JSON")
        return answer.status, client.version

    result = await check(get)
    if not result.ok:
        raise LoginError(
            f"{client.host} answered {result.status} to the health check",
            description=advice_for(result.status),
            http_code=result.status,
        )
    return result
