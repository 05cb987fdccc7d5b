"""Start and stop the simulated PBX: in a thread of a test, or as a process of its own."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..catalog import load_catalog
from ..errors import ConfigurationError
from .config import DEFAULT_PORT, SimulatorConfig

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from ..server.thread import ServerThread
    from .callcontrol.sockets import Sockets
    from .calls.engine import CallEngine
    from .calls.traffic import Traffic
    from .http.certificates import Certificate
    from .instruments.faults import Faults
    from .instruments.recorder import RecordedMessage, RecordedRequest
    from .odata.errors import ODataError
    from .pbx.pbx import Pbx, Seed
    from .store.data_file import DataFile
    from .store.state import State

_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (nothing listens there)
# The packages of the extra "simulator".
_REQUIRED_PACKAGES = (
    "jinja2",
    "jwt",
    "odata_query",
    "python_multipart",
    "starlette",
    "uvicorn",
    "websockets",
)


class Simulator:
    """A PBX on real sockets; a context manager.

        with Simulator(release="20.0.10") as pbx:
            httpx.get(f"{pbx.base_url}/xapi/v1/Users", headers={"Authorization": f"Bearer {pbx.token()}"})

    Takes a SimulatorConfig, the options of one by name, or both: options override those of the configuration.
    Raises ConfigurationError for options that cannot be used, UnknownNameError for an unknown release.
    """

    def __init__(self, config: SimulatorConfig | None = None, **options: Any) -> None:
        _require_extra()
        from .app import SimulatorApp
        from .instruments.faults import Faults
        from .instruments.recorder import Recorder

        self.config = SimulatorConfig(**options) if config is None else replace(config, **options)
        self._recorder = Recorder()
        self._faults = Faults(self.config.latency_ms, self.config.faults, self.config.fault_seed)
        self._pbx = _open_pbx(self.config)
        self._pbx.renderer.page_size = self.config.page_size
        self._pbx.recordings.recording_delay = self.config.recording_delay
        self._pbx.recordings.transcription_delay = self.config.transcription_delay
        self._pbx.recordings.file_delay = self.config.file_delay
        self._app = SimulatorApp(
            self._pbx,
            self._faults,
            self._recorder,
            public_page=self.config.public_page,
            control=self.config.control,
            call_control=self.config.call_control,
            owner_sees_all=self.config.owner_sees_all,
        )
        self._pbx.calls.clock.manual = self.config.manual_clock
        self._traffic = self._create_traffic()
        self._create_people()
        self._certificate: Certificate | None = None
        self._server: ServerThread | None = None
        self.ports: tuple[int, ...] = ()

    @property
    def release(self) -> str:
        """The release that the PBX simulates."""
        return self._pbx.model.release

    @property
    def client_id(self) -> str:
        """The client that may log in."""
        return self.config.client_id

    @property
    def client_secret(self) -> str:
        """The client's API key."""
        return self.config.client_secret

    @property
    def base_url(self) -> str:
        """The address of the first port, without a final slash."""
        return self.base_urls[0]

    @property
    def base_urls(self) -> tuple[str, ...]:
        """The addresses of all ports; raises ConfigurationError if the simulator is not running."""
        from ..server.listener import build_url

        if not self.ports:
            raise ConfigurationError("the simulator is not running")
        main = "https" if self.config.uses_tls else "http"
        schemes = [main] * len(self.config.main_ports) + ["http"] * len(self.config.http_ports)
        return tuple(
            # "All addresses" is not an address to connect to.
            build_url(_LOOPBACK.get(self.config.host, self.config.host), port, scheme=scheme)
            for scheme, port in zip(schemes, self.ports, strict=True)
        )

    @property
    def ca_file(self) -> Path | None:
        """The certificate that clients must trust, None without TLS. A created one exists while it runs."""
        return self._certificate.cert_file if self._certificate is not None else None

    @property
    def requests(self) -> list[RecordedRequest]:
        """The recorded requests, oldest first: method, path, query, headers, body, status; secrets are masked."""
        return self._recorder.list_requests()

    @property
    def calls(self) -> CallEngine:
        """The calls of the PBX: make them, answer them, and turn their clock."""
        return self._pbx.calls

    @property
    def state(self) -> State:
        """The entities of the PBX, as copies; `state.reset()` puts the seed back."""
        return self._pbx.state

    @property
    def faults(self) -> Faults:
        """The fault injection; it may be changed while the server runs."""
        return self._faults

    @property
    def sockets(self) -> Sockets:
        """The open WebSockets of the Call Control API: `count`, `cut()`, `close(4401)`, `freeze()`."""
        return self._app.sockets

    @property
    def socket_messages(self) -> list[RecordedMessage]:
        """The recorded messages of WebSockets, oldest first: connection, client, direction, text."""
        return self._recorder.list_messages()

    @property
    def app(self) -> Any:
        """The ASGI application, for another server or for a transport of a test."""
        return self._app

    def receive_chat(self, text: str, *, sender: str, to: str, name: str = "") -> int:
        """Receive a message from outside in a queue or at an extension; return the ID of its conversation.

        A `sender` that is a phone number sends a text message, any other one is a visitor of a website. Raises
        ConfigurationError for a destination that does not exist, and for an empty text or sender.
        """
        from .odata.errors import ODataError
        from .pbx.chats import receive_chat

        with self._pbx.store.lock:
            now = self._pbx.calls.clock.now()
            try:
                return receive_chat(self._pbx.entities, now, text, sender=sender, to=to, name=name)
            except ODataError as error:
                raise ConfigurationError(f"the chat cannot be received: {error.message}") from error

    def set_trunk(self, number: str, *, online: bool) -> None:
        """Register the trunk with that number, or let it lose its registration; an entry is in the event log.

        Raises ConfigurationError for a number that is not that of a trunk.
        """
        from .odata.errors import ODataError
        from .pbx.trunk_state import set_trunk_state

        with self._pbx.store.lock:
            try:
                set_trunk_state(self._pbx.entities, self._pbx.calls.clock.now(), number, is_online=online)
            except ODataError as error:
                raise ConfigurationError(f"{number!r} is not the number of a trunk") from error

    def forget_requests(self) -> None:
        """Empty `requests`."""
        self._recorder.clear()

    def token(self) -> str:
        """Return a new access token of the client, without a request; it ends the client's older one."""
        with self._pbx.store.lock:
            # Not the configured secret: a new key may have been generated for the client since the start.
            secret = self._pbx.auth.find_secret(self.client_id)
            response = self._pbx.auth.issue_token("client_credentials", self.client_id, secret)
        return str(response["access_token"])

    def end_tokens(self) -> None:
        """End every live token, as a restart of a PBX does."""
        with self._pbx.store.lock:
            self._pbx.auth.revoke_tokens()

    def start(self) -> None:
        """Open the ports and serve in a thread; return when the server accepts requests."""
        from ..server.connections import ConnectionLimit
        from ..server.listener import open_sockets
        from ..server.thread import ServerThread
        from .http.server_config import make_config

        if self._server is not None:
            raise ConfigurationError("the simulator is already running")
        main_ports = self.config.main_ports
        if not main_ports:
            raise ConfigurationError("the simulator needs a port")
        sockets = open_sockets(self.config.host, [*main_ports, *self.config.http_ports])
        try:
            self._pbx.open()
            if self.config.uses_tls:
                from .http.certificates import Certificate

                self._certificate = Certificate(self.config.host, self.config.tls_cert, self.config.tls_key)
            main, plain = sockets[: len(main_ports)], sockets[len(main_ports) :]
            ports = tuple(each.getsockname()[1] for each in sockets)
            limit = ConnectionLimit()
            groups = [
                (make_config(self._app, self._certificate, limit), main),
                (make_config(self._app, None, limit), plain),
            ]
            self._server = ServerThread(groups, name="threecx-simulator")
            if self._traffic is not None:
                self._traffic.start()
            self.ports = ports
        except BaseException:
            for each in sockets:
                each.close()
            self.stop()
            raise

    def end_at_once(self) -> str:
        """Let `stop` close all connections without a grace period; return what is under way in a few words."""
        return "" if self._server is None else self._server.end_at_once()

    def stop(self) -> None:
        """End the server and close the data file; do nothing if the server is not running."""
        if self._traffic is not None:
            self._traffic.stop()
        if self._server is not None:
            self._server.stop()
        if self._certificate is not None:
            self._certificate.discard()
        self._pbx.close()
        self._server, self._certificate, self.ports = None, None, ()

    def _create_traffic(self) -> Traffic | None:
        from .calls.traffic import Traffic, parse_rate

        if not self.config.traffic:
            return None
        return Traffic(self.calls, parse_rate(self.config.traffic), self.config.traffic_seed)

    def _create_people(self) -> None:
        from .calls.people import People

        if self.config.answer_after is not None or self.config.hang_up_after is not None:
            People(self.calls, self.config.answer_after, self.config.hang_up_after)

    def __enter__(self) -> Simulator:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def run(
    config: SimulatorConfig | None = None,
    *,
    on_ready: Callable[[Simulator], None] | None = None,
    on_signal: Callable[[str], None] | None = None,
    **options: Any,
) -> None:
    """Serve until Ctrl-C, SIGTERM or SIGHUP, then return; takes a configuration or its options, as `Simulator` does.

    `on_ready` gets the running simulator; `run` itself prints nothing. A second signal closes all connections at once:
    `on_signal` gets a line about what was under way, and SystemExit is raised with 128 and the number of the signal.
    Without a configuration, the port is 5001 by default.
    """
    from ..server.signals import EndingSignals

    if config is None:
        config = SimulatorConfig(port=DEFAULT_PORT)
    simulator = Simulator(config, **options)

    def end_at_once(second: signal.Signals) -> None:
        under_way = simulator.end_at_once()
        if on_signal is not None:
            on_signal(f"stopped at once by {second.name}; under way: {under_way or 'nothing'}")

    with EndingSignals(end_at_once) as signals, simulator:
        if on_ready is not None:
            on_ready(simulator)
        signals.wait()
    if signals.exit_code:
        raise SystemExit(signals.exit_code)


def _open_pbx(config: SimulatorConfig) -> Pbx:
    import sqlite3

    from .odata.errors import ODataError
    from .odata.release_model import load_model
    from .pbx.pbx import Pbx
    from .seeds.find import OFFICE, find_seed

    catalog = config.catalog or load_catalog()
    clients = config.all_clients
    if config.data is None:
        seed = find_seed(OFFICE if config.seed is None else config.seed)
        model = load_model(catalog, config.release or catalog.newest)
        return Pbx(model, seed, clients, config.token_lifetime, past_days=config.past_days)
    # Checked before the file is created, so that wrong options create none.
    given_seed = None if config.seed is None else find_seed(config.seed)
    if config.release is not None:
        catalog.check_release(config.release)
    from .store.data_file import DataFile

    file = DataFile(config.data)
    try:
        seed = given_seed or _load_seed(file)
        release = config.release or file.made_for.get("release", catalog.newest)
        file.expect(catalog.check_release(release), seed.name, seed.text)
        model = load_model(catalog, release)
        return Pbx(model, seed, clients, config.token_lifetime, file, config.past_days)
    except ODataError as error:
        file.discard()
        cause = error.__cause__
        raise (
            file.explain(cause) if isinstance(cause, sqlite3.Error) else _seed_error(seed, error)
        ) from error
    except BaseException:
        file.discard()
        raise


def _seed_error(seed: Seed, error: ODataError) -> ConfigurationError:
    return ConfigurationError(f"the seed {seed.name} cannot be used: {error.message}")


def _load_seed(file: DataFile) -> Seed:
    from .seeds.find import OFFICE, parse_seed

    return parse_seed(file.made_for.get("seed", OFFICE), file.made_for.get("seed_text", ""))


def _require_extra() -> None:
    for name in _REQUIRED_PACKAGES:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise ConfigurationError(
                f"the package {name.replace('_', '-')}, which the simulator needs, is not installed",
                description='Install it with: pip install "threecx-node[simulator]"',
            ) from error
