"""The configuration of a simulator: one object for the class, the command line and the pytest fixtures."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..errors import ConfigurationError
from .auth.roles import ALL_DNS, OWNER, Client, parse_role
from .calls.clock import MAX_SECONDS
from .calls.traffic import parse_rate
from .odata.limits import PAGE_SIZE
from .pbx.delays import MAX_PAST_DAYS, RECORDING_DELAY, TRANSCRIPTION_DELAY

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..catalog import Catalog

CLIENT_ID = "900"
CLIENT_SECRET = "simulator-secret"  # noqa: S105 - the documented secret of a test PBX
TOKEN_LIFETIME = 3600.0
# The port of a PBX: HTTPS there, plain HTTP here unless TLS is configured.
DEFAULT_PORT = 5001


@dataclass(frozen=True, kw_only=True, slots=True)
class SimulatorConfig:
    """All options of a simulator; raises ConfigurationError for options that exclude each other.

    Contents
        `release` is a release of the catalog, by default the newest. `seed` is "office", "empty", "large" or the
        path of a JSON file. `data` is the path of a data file that stores the state; release and seed are then
        the file's by default.
    Ports
        `host` and one or more of `port`; 0 picks a free port. With `tls` (a certificate is created) or `tls_cert`
        and `tls_key` these ports use HTTPS, and `http_port` adds ports for plain HTTP, as a PBX has them.
    Clients
        `client_id` and `client_secret` with `role`, and more `clients`; `token_lifetime` is in seconds.
    Call control
        `call_control` is whether the PBX has the Call Control API. `monitored` are the numbers of the DNs that the
        client sees there, or "all", by default the peers of its service principal. With `owner_sees_all`, every client
        with the role System Owner sees all DNs.
    Calls
        `traffic` is a rate such as "6/min", at which calls of all kinds begin by themselves; `traffic_seed` repeats
        them. The calls of `past_days` days before now, and of today, are in the history of a new PBX, with recordings
        and voicemails. People answer a ringing phone after `answer_after` seconds, and hang up `hang_up_after` seconds
        later; by default they do nothing. With `manual_clock`, the time of the calls passes only by
        `calls.clock.advance`.
    Lists
        `page_size` is the number of rows of a page at most; a page that was cut has a next link.
    Calls
        `recording_delay` is the time in seconds from the end of a call until its recording is ready,
        `transcription_delay` the time from then until it is transcribed; both on the clock of the calls. A recording is
        in the list `file_delay` seconds before its file can be downloaded.
    Instruments
        `latency_ms` delays every response. `faults` and `fault_seed` are described in `instruments/faults.py`.
        `control` enables `/_simulator/` (`instruments/control.py`). `public_page` shows the page at `/` to other
        machines too.
    """

    release: str | None = None
    seed: str | Path | None = None
    data: str | Path | None = None
    catalog: Catalog | None = None

    host: str = "127.0.0.1"
    port: int | Sequence[int] = 0
    http_port: int | Sequence[int] = ()
    tls: bool = False
    tls_cert: str | None = None
    tls_key: str | None = None

    client_id: str = CLIENT_ID
    client_secret: str = field(default=CLIENT_SECRET, repr=False)
    role: str = OWNER
    clients: Sequence[Client] = ()
    token_lifetime: float = TOKEN_LIFETIME

    call_control: bool = True
    monitored: Sequence[str] | str | None = None
    owner_sees_all: bool = False

    traffic: str = ""
    traffic_seed: int | None = None
    past_days: int = 0
    answer_after: float | None = None
    hang_up_after: float | None = None
    manual_clock: bool = False

    page_size: int = PAGE_SIZE

    recording_delay: float = RECORDING_DELAY
    transcription_delay: float = TRANSCRIPTION_DELAY
    file_delay: float = 0.0

    latency_ms: float = 0
    faults: str = ""
    fault_seed: int | None = None
    control: bool = False
    public_page: bool = False

    def __post_init__(self) -> None:
        if self.token_lifetime <= 0:
            raise ConfigurationError("token_lifetime must be greater than 0 seconds")
        self._check_calls()
        if self.page_size < 1:
            raise ConfigurationError("page_size must be at least 1")
        for name in ("recording_delay", "transcription_delay", "file_delay"):
            if getattr(self, name) < 0:
                raise ConfigurationError(f"{name} cannot be less than 0 seconds")
        if self.tls_key is not None and self.tls_cert is None:
            raise ConfigurationError("a TLS key needs its certificate: give tls_cert too")
        if self.http_ports and not self.uses_tls:
            raise ConfigurationError(
                "http_port needs TLS: without TLS every port is plain HTTP",
                description="Give tls or tls_cert too, or give the port as port.",
            )
        clients = self.all_clients
        for client in clients:
            if isinstance(client.monitored, str) and client.monitored != ALL_DNS:
                raise ConfigurationError(f"monitored must be a list of numbers, or {ALL_DNS!r}")
        if not all(client.id and client.secret for client in clients):
            raise ConfigurationError("the simulator needs a client id and a client secret")
        if len({client.id for client in clients}) != len(clients):
            raise ConfigurationError("two clients of the simulator have the same id")

    def _check_calls(self) -> None:
        for name in ("answer_after", "hang_up_after"):
            seconds = getattr(self, name)
            if seconds is not None and not 0 <= seconds <= MAX_SECONDS:
                raise ConfigurationError(f"{name} must be 0 to {MAX_SECONDS:.0f} seconds")
        if not 0 <= self.past_days <= MAX_PAST_DAYS:
            raise ConfigurationError(f"past_days must be 0 to {MAX_PAST_DAYS}")
        if self.traffic:
            parse_rate(self.traffic)

    @property
    def uses_tls(self) -> bool:
        """Return whether the main ports use HTTPS."""
        return self.tls or self.tls_cert is not None

    @property
    def main_ports(self) -> tuple[int, ...]:
        """The main ports."""
        return _list_ports(self.port)

    @property
    def http_ports(self) -> tuple[int, ...]:
        """The additional ports for plain HTTP."""
        return _list_ports(self.http_port)

    @property
    def all_clients(self) -> tuple[Client, ...]:
        """The clients that may log in, with the names of their roles as 3CX writes them."""
        role = parse_role(self.role)
        main = Client(self.client_id, self.client_secret, role, monitored=self.monitored)
        return (main, *(replace(each, role=parse_role(each.role)) for each in self.clients))


def _list_ports(ports: int | Sequence[int]) -> tuple[int, ...]:
    return (ports,) if isinstance(ports, int) else tuple(ports)
