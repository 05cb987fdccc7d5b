"""Diagnose the access of a client to its PBX: one finding for each check, in the order in which they depend.

Nothing is changed on the PBX: the requests are GETs and, where no token is stored, one login.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from threecx_credentials.check import CALL_CONTROL, HEALTH, CheckResult, check
from threecx_credentials.fields import BASE_PATH

from ..advice import advice_for
from ..canvas.credential_test import describe_newer_release
from ..errors import LoginError, NotThreeCxError, ThreeCxError, UnreachableError
from ..messages import HttpRequest, HttpResponse
from ..transport.client import PbxClient
from ..transport.probe import AddressProbe
from ..transport.retry import RetryPolicy
from . import access_checks as judge
from .findings import Finding, Report, describe_error, make_ok, make_problem, make_unchecked

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from threecx_credentials import Credential

    from ..catalog import Catalog
    from ..transport.probe import Certificate
    from .findings import CheckName

_ACCESS: frozenset[CheckName] = frozenset({"reachability", "tls", "login"})
"""The checks without which nothing else can be checked."""
_WITHOUT_REQUEST: frozenset[CheckName] = frozenset({"release", "clock"})
"""The checks that are made by the headers of earlier responses."""

_STEP_TIMEOUT = 10.0
_SOON = timedelta(days=14)
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_LICENCE = f"{BASE_PATH}/LicenseStatus"
_RECORDINGS = f"{BASE_PATH}/Recordings?$top=1&$select=Id"
_PORTS = "3CX listens on 5001 where you host it yourself, and on 443 where 3CX hosts it"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorOptions:
    """How a diagnosis is made; the times are in seconds.

    `skip` are checks to leave out. `timeout` bounds all checks together, `watch` of them to see whether another program
    ends the access token.
    """

    skip: frozenset[CheckName] = frozenset()
    timeout: float = 30.0
    watch: float = 2.0


async def examine(
    credential: Credential,
    *,
    catalog: Catalog,
    options: DoctorOptions | None = None,
    on_finding: Callable[[Finding], None] | None = None,
) -> Report:
    """Return the findings of all checks; `on_finding` gets each as soon as it is known.

    Raises ConfigurationError for a credential that cannot be used.
    """
    observer = _TokenObserver()
    async with PbxClient(credential, retry=RetryPolicy(retry_time=0), observer=observer) as client:
        examination = _Examination(client, observer, catalog, options or DoctorOptions(), on_finding)
        return await examination.run()


class _TokenObserver:
    """Counts the logins, and the requests whose token was refused."""

    def __init__(self) -> None:
        self.refused = 0

    def note_attempt(self, request: HttpRequest, status: int, seconds: float) -> None:
        """Take note of an attempt."""
        del request, seconds
        self.refused += status == 401

    def note_retry(self, request: HttpRequest) -> None:
        """Take note that a request is sent again."""

    def note_token_request(self, status: int, seconds: float) -> None:
        """Take note of a token request."""


class _Examination:
    def __init__(
        self,
        client: PbxClient,
        observer: _TokenObserver,
        catalog: Catalog,
        options: DoctorOptions,
        on_finding: Callable[[Finding], None] | None,
    ) -> None:
        self._client = client
        self._observer = observer
        self._catalog = catalog
        self._options = options
        self._on_finding = on_finding
        self._credential = client.credential
        self._client_id = client.credential.client_id
        self._probe = AddressProbe(client.credential, timeout=min(_STEP_TIMEOUT, options.timeout))
        # A result is wanted even of a PBX that is given up.
        self._caller = client.make_caller(is_short=True, is_check=True)
        self._report = Report(client.credential.base_url, self._client_id)
        self._responses: dict[str, HttpResponse] = {}
        self._result = CheckResult(0, None)
        self._difference: float | None = None
        self._refused_at_login = 0
        # Why no further check can be made, and why no further request can be sent; empty as long as one can.
        self._blocked = self._late = ""

    async def run(self) -> Report:
        """Make all checks."""
        deadline = asyncio.get_running_loop().time() + self._options.timeout
        steps: Sequence[tuple[Sequence[CheckName], Callable[[], Awaitable[None]]]] = (
            (("reachability",), self._check_reachability),
            (("tls",), self._check_tls),
            (("port", "login"), self._check_login),
            (("role",), self._check_role),
            (("callControl",), self._check_call_control),
            (("licence",), self._check_licence),
            (("monitored",), self._check_monitored),
            (("recordings",), self._check_recordings),
            (("token",), self._check_token),
            (("release",), self._check_release),
            (("clock",), self._check_clock),
        )
        for names, make_check in steps:
            blocked = self._blocked or ("" if set(names) <= _WITHOUT_REQUEST else self._late)
            if not blocked and not set(names) <= self._options.skip:
                await self._make(names[-1], make_check, deadline)
            for name in names:
                reason = "left out" if name in self._options.skip else blocked
                self._add(make_unchecked(name, reason or "an earlier check failed"))
        self._report.version = self._client.version
        return self._report

    async def _make(
        self, name: CheckName, make_check: Callable[[], Awaitable[None]], deadline: float
    ) -> None:
        """Make one check, and take its failure for its finding."""
        try:
            async with asyncio.timeout_at(deadline):
                await make_check()
        except TimeoutError:
            self._late = f"the time limit of {self._options.timeout:g} seconds has passed"
            advice = "Check that the PBX responds in a browser, or give a longer --timeout."
            self._add(make_problem(name, self._late, advice))
            if name in _ACCESS:
                self._blocked = self._late
        except ThreeCxError as error:
            self._add(describe_error(name, error))

    def _add(self, finding: Finding) -> None:
        """Take a finding, unless there is one of this check already."""
        if finding.name in self._report.findings:
            return
        self._report.add(finding)
        if self._on_finding is not None:
            self._on_finding(finding)

    async def _check_reachability(self) -> None:
        probe = self._probe
        try:
            address = await probe.connect()
        except UnreachableError as error:
            self._add(describe_error("reachability", error))
            self._blocked = "the PBX cannot be reached"
            if error.code in ("connection_refused", "connect_timeout"):
                self._add(make_unchecked("tls", self._blocked))
                self._add(
                    make_problem("port", f"{probe.port} does not answer", f"{_PORTS}: check the PBX URL.")
                )
            return
        shown = "" if address == probe.host_name else f" ({address})"
        self._add(make_ok("reachability", f"{probe.host_name}{shown} accepts connections"))

    async def _check_tls(self) -> None:
        probe = self._probe
        if not probe.uses_tls:
            if probe.host_name in _LOOPBACK:
                self._add(make_ok("tls", "not used, and not needed on this machine"))
                return
            self._add(
                make_problem(
                    "tls",
                    "not used: the API key is sent without encryption",
                    f"Use https://{probe.host_name} with the port for HTTPS as the PBX URL.",
                )
            )
            return
        try:
            found = await probe.read_certificate()
        except UnreachableError as error:
            self._add(describe_error("tls", error))
            self._blocked = "there is no TLS connection"
            return
        self._add(_judge_certificate(found, verify=self._credential.verify_tls))
        if found.problem is not None:
            self._blocked = "the certificate is not trusted"

    async def _check_login(self) -> None:
        try:
            health = await self._get(HEALTH)
        except NotThreeCxError as error:
            self._refuse_port(error.message, error.description)
            return
        except LoginError as error:
            self._refuse_login(describe_error("login", error))
            return
        except UnreachableError as error:
            self._add(make_unchecked("port", "the PBX sends no response"))
            self._add(describe_error("login", error))
            self._blocked = "the PBX sends no response"
            return
        if health.status == 401:
            self._refuse_login(make_problem("login", "the access token is refused (401)", advice_for(401)))
            return
        if health.status == 200 and judge.read_object(health) is None:
            self._refuse_port("the login works, but the Configuration API does not answer as 3CX does", "")
            return
        self._refused_at_login = self._observer.refused
        self._add(make_ok("port", _describe_port(self._probe.port)))
        self._add(make_ok("login", f"logged in as {self._client_id}"))

    def _refuse_login(self, finding: Finding) -> None:
        self._add(make_ok("port", _describe_port(self._probe.port)))
        self._add(finding)
        self._blocked = "the login failed"

    def _refuse_port(self, message: str, advice: str) -> None:
        port = self._probe.port
        other = {443: "If you host it yourself, add :5001 to the PBX URL.", 5001: "If not, remove :5001."}
        self._add(
            make_problem("port", f"{port}: {message}", f"{advice} {_PORTS}. {other.get(port, '')}".strip())
        )
        self._blocked = "the server on this port is not 3CX"
        self._add(make_unchecked("login", self._blocked))

    async def _check_role(self) -> None:
        async def get(path: str) -> tuple[int, str | None]:
            try:
                response = await self._get(path)
            except UnreachableError:
                if path != CALL_CONTROL:
                    raise
                return 0, self._client.version
            if path == CALL_CONTROL and response.status == 200 and judge.read_list(response) is None:
                return 0, self._client.version
            return response.status, self._client.version

        self._result = result = await check(get)
        self._add(judge.judge_role(result.status, result.role, result.may))

    async def _check_call_control(self) -> None:
        response = await self._get(CALL_CONTROL)
        principal = None
        if response.status == 403 and self._has_configuration:
            wanted = quote(f"Number eq '{self._client_id.replace(chr(39), chr(39) * 2)}'")
            stored = await self._get(f"{BASE_PATH}/ServicePrincipals?$filter={wanted}&$expand=Peers")
            principal = judge.read_principal(stored, self._client_id)
        is_list = response.status != 200 or judge.read_list(response) is not None
        self._add(judge.judge_call_control(response.status if is_list else 0, self._client_id, principal))

    async def _check_licence(self) -> None:
        if not self._has_configuration:
            self._add(make_unchecked("licence", judge.NO_CONFIGURATION))
            return
        response = await self._get(_LICENCE)
        self._add(judge.judge_licence(response, may_use_call_control=self._may_use_call_control))

    async def _check_monitored(self) -> None:
        await self._get(CALL_CONTROL)
        if not self._may_use_call_control:
            self._add(make_unchecked("monitored", "this client may not use Call Control"))
            return
        self._add(
            judge.judge_monitored(judge.read_list(await self._get(CALL_CONTROL)) or [], self._client_id)
        )

    async def _check_recordings(self) -> None:
        if not self._has_configuration:
            self._add(make_unchecked("recordings", judge.NO_CONFIGURATION))
            return
        self._add(judge.judge_recordings((await self._get(_RECORDINGS)).status))

    async def _check_token(self) -> None:
        path = HEALTH if self._has_configuration else CALL_CONTROL
        started = time.monotonic()
        await asyncio.sleep(self._options.watch)
        await self._get(path, again=True)
        self._add(
            judge.judge_token(
                self._client_id,
                was_stale=self._refused_at_login > 0,
                lost=self._observer.refused - self._refused_at_login,
                watched=time.monotonic() - started,
            )
        )

    async def _check_release(self) -> None:
        version, catalog = self._client.version, self._catalog
        newer = describe_newer_release(catalog, version, self._credential.base_url)
        self._add(judge.judge_release(version, catalog.releases[0], newer))

    async def _check_clock(self) -> None:
        self._add(judge.judge_clock(self._difference))

    @property
    def _has_configuration(self) -> bool:
        health = self._responses.get(HEALTH)
        return health is not None and health.status != 403

    @property
    def _may_use_call_control(self) -> bool:
        response = self._responses.get(CALL_CONTROL)
        return response is not None and response.status == 200 and judge.read_list(response) is not None

    async def _get(self, target: str, *, again: bool = False) -> HttpResponse:
        """Return the response to a GET of a path of the PBX; each is sent once, unless `again`."""
        if not again and (known := self._responses.get(target)) is not None:
            return known
        path, _, query = target.partition("?")
        request = HttpRequest("GET", path, query, base_path="", operation="check")
        began = time.time()
        response = await self._client.send(request, timeout=_STEP_TIMEOUT, retry_time=0, caller=self._caller)
        self._responses[target] = response
        self._difference = _compare_clocks(response.headers.get("date", ""), began, time.time())
        return response


def _judge_certificate(found: Certificate, *, verify: bool) -> Finding:
    if found.problem is not None:
        names = f"; it is for {found.name}" if found.name else ""
        return make_problem("tls", f"{found.problem.message}{names}", found.problem.description)
    version = found.tls_version or "TLS"
    renew = "Renew the certificate of the PBX."
    if found.is_expired:
        return make_problem("tls", f"the certificate of {found.name or 'the PBX'} has expired", renew)
    until = f", certificate valid until {found.expires:%Y-%m-%d}" if found.expires else ""
    if found.expires is not None and found.expires <= datetime.now(UTC) + _SOON:
        return make_problem("tls", f"the certificate expires on {found.expires:%Y-%m-%d}", renew)
    if not verify:
        return make_problem(
            "tls",
            f"{version}{until}, which is not verified",
            "Give --ca-file with the certificate authority, and verify TLS.",
        )
    return make_ok("tls", f"{version}{until}, issued by {found.issuer or 'an unnamed authority'}")


def _describe_port(port: int) -> str:
    known = {443: "the port of a 3CX that 3CX hosts", 5001: "the port of a 3CX that you host yourself"}
    return f"{port}, {known.get(port, '3CX answers there, although it uses 443 or 5001 by default')}"


def _compare_clocks(date: str, began: float, ended: float) -> float | None:
    """Return how many seconds the clock of the PBX is ahead, None where its header Date cannot be read."""
    try:
        # The header has no fractions of a second.
        stamp = parsedate_to_datetime(date).timestamp() + 0.5
    except (ValueError, OverflowError):
        return None
    return stamp - (began + ended) / 2
