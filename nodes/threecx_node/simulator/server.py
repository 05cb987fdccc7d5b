"""Starts and stops the simulated PBX: in a thread of a test, or as the whole of a process."""

from __future__ import annotations

import importlib
import signal
import threading
from typing import TYPE_CHECKING, Any

from ..catalog import Catalog, load_catalog
from ..errors import ConfigurationError
from .roles import OWNER, role_named
from .roles import Client as Client

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import FrameType, TracebackType

    from ..server.thread import ServerThread
    from .certificates import Certificate
    from .datafile import DataFile
    from .faults import Faults
    from .pbx import Pbx
    from .recorder import SeenRequest
    from .seeds import Seed
    from .state import State

CLIENT_ID = "900"
CLIENT_SECRET = "simulator-secret"  # noqa: S105 - the well-known secret of a test PBX
TOKEN_LIFETIME = 3600.0

# What the extra "simulator" brings.
_NEEDED = ("jinja2", "jwt", "odata_query", "python_multipart", "starlette", "uvicorn")


class Simulator:
    """A PBX on real sockets; a context manager.

        with Simulator(release="20.0.10") as pbx:
            httpx.get(f"{pbx.base_url}/xapi/v1/Users", headers={"Authorization": f"Bearer {pbx.token()}"})

    `port` 0 picks a free one; several may be given. With `tls` (a certificate is made) or `tls_cert` and
    `tls_key` these ports speak HTTPS, and `http_port` adds ports that speak plain HTTP, as a PBX has them.
    `seed` is "office", "empty", "large" or a JSON file's path. With `data` the state lives in that file; release
    and seed are then the file's, unless they are given. `role` is the client's; `clients` are others that may
    log in. `faults` and `fault_seed` are explained in `faults.py`, `control` opens `/_simulator/` (`control.py`).
    `token_lifetime` is in seconds. The page at `/` is for browsers on this machine, with `public_page` for all
    others too. Raises ConfigurationError where an option cannot be used, UnknownNameError for an unknown release.
    """

    def __init__(
        self,
        *,
        release: str | None = None,
        seed: str | Path | None = None,
        data: str | Path | None = None,
        host: str = "127.0.0.1",
        port: int | Sequence[int] = 0,
        http_port: int | Sequence[int] = (),
        tls: bool = False,
        tls_cert: str | None = None,
        tls_key: str | None = None,
        client_id: str = CLIENT_ID,
        client_secret: str = CLIENT_SECRET,
        role: str = OWNER,
        clients: Sequence[Client] = (),
        token_lifetime: float = TOKEN_LIFETIME,
        latency_ms: float = 0,
        faults: str = "",
        fault_seed: int | None = None,
        control: bool = False,
        public_page: bool = False,
        catalog: Catalog | None = None,
    ) -> None:
        _require_extra()
        from .app import SimulatorApp
        from .faults import Faults
        from .recorder import Recorder

        if token_lifetime <= 0:
            raise ConfigurationError("a token must live longer than 0 seconds")
        if tls_key is not None and tls_cert is None:
            raise ConfigurationError("a TLS key without its certificate is of no use: give tls_cert too")
        self.client_id = client_id
        self.client_secret = client_secret
        self._host = host
        self._tls = tls or tls_cert is not None
        self._tls_files = (tls_cert, tls_key)
        self._ports = _several(port)
        self._http_ports = _several(http_port)
        if self._http_ports and not self._tls:
            raise ConfigurationError(
                "http_port is for plain HTTP beside TLS: without TLS, every port is plain"
            )
        self._recorder = Recorder()
        self._faults = Faults(latency_ms, faults, fault_seed)
        everybody = _checked_clients([Client(client_id, client_secret, role_named(role)), *clients])
        catalog = catalog or load_catalog()
        self._pbx = _open_pbx(catalog, release, seed, data, everybody, token_lifetime)
        self.release = self._pbx.model.release
        self._app = SimulatorApp(
            self._pbx, self._faults, self._recorder, public_page=public_page, control=control
        )
        self._certificate: Certificate | None = None
        self._server: ServerThread | None = None
        self.ports: tuple[int, ...] = ()

    @property
    def base_url(self) -> str:
        """The address of the first port, without a slash at its end."""
        return self.base_urls[0]

    @property
    def base_urls(self) -> tuple[str, ...]:
        """The addresses of all ports."""
        if not self.ports:
            raise ConfigurationError("the simulator is not running")
        host = f"[{self._host}]" if ":" in self._host else self._host
        main = "https" if self._tls else "http"
        schemes = [main] * len(self._ports) + ["http"] * len(self._http_ports)
        return tuple(f"{scheme}://{host}:{port}" for scheme, port in zip(schemes, self.ports, strict=True))

    @property
    def ca_file(self) -> Path | None:
        """The certificate that clients must trust, None without TLS; one that was made is there while it runs."""
        return self._certificate.cert_file if self._certificate is not None else None

    @property
    def requests(self) -> list[SeenRequest]:
        """What the server saw, oldest first: method, path, query, headers without secrets, body, status."""
        return self._recorder.requests()

    @property
    def state(self) -> State:
        """What the PBX holds; `state.reset()` puts the seed back."""
        return self._pbx.state

    @property
    def faults(self) -> Faults:
        """What goes wrong on purpose; may be changed while the server runs."""
        return self._faults

    @property
    def app(self) -> Any:
        """The ASGI application, for a server or a transport of your own."""
        return self._app

    def forget_requests(self) -> None:
        """Empties `requests`."""
        self._recorder.clear()

    def token(self) -> str:
        """A fresh access token of the client, without a request; it ends the client's older one."""
        with self._pbx.store.lock:
            # Not the secret from the start: a new key may have been generated for the client since.
            secret = self._pbx.auth.secret_of(self.client_id)
            answer = self._pbx.auth.issue("client_credentials", self.client_id, secret)
        return str(answer["access_token"])

    def end_tokens(self) -> None:
        """Ends every live token, as a restart of a PBX does."""
        with self._pbx.store.lock:
            self._pbx.auth.revoke()

    def start(self) -> None:
        """Opens the ports and serves in a thread; returns when requests are answered."""
        from ..server.listener import open_sockets
        from ..server.thread import ServerThread
        from .server_config import make_config

        if self._server is not None:
            raise ConfigurationError("the simulator is already running")
        if not self._ports:
            raise ConfigurationError("the simulator needs a port")
        sockets = open_sockets(self._host, [*self._ports, *self._http_ports])
        try:
            self._pbx.open()
            if self._tls:
                from .certificates import Certificate

                self._certificate = Certificate(self._host, *self._tls_files)
            main, plain = sockets[: len(self._ports)], sockets[len(self._ports) :]
            ports = tuple(one.getsockname()[1] for one in sockets)
            groups = [(make_config(self._app, self._certificate), main), (make_config(self._app), plain)]
            self._server = ServerThread(groups, name="threecx-simulator")
            self.ports = ports
        except BaseException:
            for one in sockets:
                one.close()
            self.stop()
            raise

    def stop(self) -> None:
        """Ends the server and closes the data file; harmless when it does not run."""
        if self._server is not None:
            self._server.stop()
        if self._certificate is not None:
            self._certificate.discard()
        self._pbx.close()
        self._server, self._certificate, self.ports = None, None, ()

    def __enter__(self) -> Simulator:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def run(
    *,
    port: int | Sequence[int] = 5001,
    on_ready: Callable[[Simulator], None] | None = None,
    **options: Any,
) -> None:
    """Serves until Ctrl-C or SIGTERM, then returns; takes `Simulator`'s options.

    Prints nothing; `on_ready` gets the running simulator.
    """
    simulator = Simulator(port=port, **options)
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with simulator:
            if on_ready is not None:
                on_ready(simulator)
            # In slices: on some systems a wait without an end keeps signals from being handled.
            while not ended.wait(0.5):
                pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _several(ports: int | Sequence[int]) -> list[int]:
    return [ports] if isinstance(ports, int) else list(ports)


def _checked_clients(clients: Sequence[Client]) -> list[Client]:
    if not all(client.id and client.secret for client in clients):
        raise ConfigurationError("the simulator needs a client id and a client secret")
    if len({client.id for client in clients}) != len(clients):
        raise ConfigurationError("two clients of the simulator have the same id")
    return [Client(client.id, client.secret, role_named(client.role)) for client in clients]


def _open_pbx(
    catalog: Catalog,
    release: str | None,
    seed: str | Path | None,
    data: str | Path | None,
    clients: Sequence[Client],
    token_lifetime: float,
) -> Pbx:
    from .model import model_of
    from .pbx import Pbx
    from .seeds import OFFICE, seed_of

    if data is None:
        wanted = seed_of(OFFICE if seed is None else seed)
        return Pbx(model_of(catalog, release or catalog.newest), wanted, clients, token_lifetime)
    # Before the file is made: a mistake in the options leaves none behind.
    given = None if seed is None else seed_of(seed)
    if release is not None:
        catalog.check_release(release)
    from .datafile import DataFile

    file = DataFile(data)
    try:
        wanted = given or _seed_of_file(file)
        release = release or file.made_for.get("release", catalog.newest)
        file.expect(catalog.check_release(release), wanted.name, wanted.text)
        return Pbx(model_of(catalog, release), wanted, clients, token_lifetime, file)
    except BaseException:
        file.close()
        raise


def _seed_of_file(file: DataFile) -> Seed:
    from .seeds import OFFICE, seed_of_text

    return seed_of_text(file.made_for.get("seed", OFFICE), file.made_for.get("seed_text", ""))


def _require_extra() -> None:
    for name in _NEEDED:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise ConfigurationError(
                f"the simulator needs the package {name.replace('_', '-')}, which is not installed",
                description='Install it with: pip install "threecx-node[simulator]"',
            ) from error
