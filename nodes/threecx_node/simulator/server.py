"""Starts and stops the simulated PBX: in a thread of a test, or as the whole of a process."""

from __future__ import annotations

import importlib
import signal
import socket
import threading
from typing import TYPE_CHECKING, Any

from ..catalog import Catalog, load_catalog
from ..errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType, TracebackType

    import uvicorn

    from .faults import Faults
    from .recorder import SeenRequest
    from .state import State

CLIENT_ID = "900"
CLIENT_SECRET = "simulator-secret"  # noqa: S105 - the well-known secret of a test PBX
TOKEN_LIFETIME = 3600.0
_START_TIMEOUT = 10.0

# What the extra "simulator" brings.
_NEEDED = ("jinja2", "jwt", "odata_query", "python_multipart", "starlette", "uvicorn")


class Simulator:
    """A PBX on real sockets; a context manager.

        with Simulator(release="20.0.10") as pbx:
            httpx.get(f"{pbx.base_url}/xapi/v1/Users", headers={"Authorization": f"Bearer {pbx.token()}"})

    `port` 0 picks a free one; several ports may be given. `seed` is "office" or "empty". `token_lifetime`
    is in seconds. The page at `/` is for browsers on this machine, with `public_page` for all others too.
    Raises ConfigurationError where an option cannot be used, UnknownNameError for an unknown release.
    """

    def __init__(
        self,
        *,
        release: str | None = None,
        seed: str = "office",
        host: str = "127.0.0.1",
        port: int | Sequence[int] = 0,
        client_id: str = CLIENT_ID,
        client_secret: str = CLIENT_SECRET,
        token_lifetime: float = TOKEN_LIFETIME,
        latency_ms: float = 0,
        public_page: bool = False,
        catalog: Catalog | None = None,
    ) -> None:
        _require_extra()
        from .app import SimulatorApp
        from .faults import Faults
        from .model import model_of
        from .pbx import Pbx
        from .recorder import Recorder
        from .seed import seed_named

        catalog = catalog or load_catalog()
        if not client_id or not client_secret:
            raise ConfigurationError("the simulator needs a client id and a client secret")
        if token_lifetime <= 0:
            raise ConfigurationError("a token must live longer than 0 seconds")
        self.release = catalog.check_release(release or catalog.newest)
        self.client_id = client_id
        self.client_secret = client_secret
        self._host = host
        self._wanted_ports = [port] if isinstance(port, int) else list(port)
        self._recorder = Recorder()
        self._faults = Faults(latency_ms)
        clients = {client_id: client_secret}
        self._pbx = Pbx(model_of(catalog, self.release), seed_named(seed), clients, token_lifetime)
        self._app = SimulatorApp(self._pbx, self._faults, self._recorder, public_page=public_page)
        self._sockets: list[socket.socket] = []
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
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
        return tuple(f"http://{host}:{port}" for port in self.ports)

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
            answer = self._pbx.auth.issue("client_credentials", self.client_id, self.client_secret)
        return str(answer["access_token"])

    def end_tokens(self) -> None:
        """Ends every live token, as a restart of a PBX does."""
        with self._pbx.store.lock:
            self._pbx.auth.revoke()

    def start(self) -> None:
        """Opens the ports and serves in a thread; returns when requests are answered."""
        import uvicorn

        if self._thread is not None:
            raise ConfigurationError("the simulator is already running")
        self._sockets = _listen(self._host, self._wanted_ports)
        self.ports = tuple(one.getsockname()[1] for one in self._sockets)
        config = uvicorn.Config(
            self._app,
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": self._sockets}, name="threecx-simulator", daemon=True
        )
        self._thread.start()
        self._await_start()

    def stop(self) -> None:
        """Ends the server; harmless when it does not run."""
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()
        for one in self._sockets:
            one.close()
        self._server, self._thread, self._sockets, self.ports = None, None, [], ()

    def __enter__(self) -> Simulator:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _await_start(self) -> None:
        pause = threading.Event()
        waited = 0.0
        while self._server is not None and not self._server.started:
            if self._thread is None or not self._thread.is_alive() or waited > _START_TIMEOUT:
                self.stop()
                raise ConfigurationError("the simulator's server did not start")
            pause.wait(0.002)
            waited += 0.002


def run(
    *,
    port: int | Sequence[int] = 5001,
    host: str = "127.0.0.1",
    release: str | None = None,
    seed: str = "office",
    client_id: str = CLIENT_ID,
    client_secret: str = CLIENT_SECRET,
    token_lifetime: float = TOKEN_LIFETIME,
    latency_ms: float = 0,
    public_page: bool = False,
    on_ready: Callable[[Simulator], None] | None = None,
) -> None:
    """Serves until Ctrl-C or SIGTERM, then returns. Prints nothing; `on_ready` gets the running simulator."""
    simulator = Simulator(
        release=release,
        seed=seed,
        host=host,
        port=port,
        client_id=client_id,
        client_secret=client_secret,
        token_lifetime=token_lifetime,
        latency_ms=latency_ms,
        public_page=public_page,
    )
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


def _listen(host: str, ports: Sequence[int]) -> list[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened: list[socket.socket] = []
    for port in ports:
        # Only with the protocol named does asyncio turn Nagle's algorithm off; it costs 40 ms an answer.
        one = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        opened.append(one)
        try:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((host, port))
            one.listen(1024)
        except (OSError, OverflowError) as error:
            for other in opened:
                other.close()
            reason = error.strerror if isinstance(error, OSError) else "a port is a number from 0 to 65535"
            raise ConfigurationError(
                f"cannot listen on {host} port {port}: {reason}",
                description="Give another port, or 0 for a free one.",
            ) from error
    if not opened:
        raise ConfigurationError("the simulator needs a port")
    return opened


def _require_extra() -> None:
    for name in _NEEDED:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise ConfigurationError(
                f"the simulator needs the package {name.replace('_', '-')}, which is not installed",
                description='Install it with: pip install "threecx-node[simulator]"',
            ) from error
