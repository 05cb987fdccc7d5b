"""The address of a running executor and its key, for the commands that call one; its problems become errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from ..errors import ConfigurationError, ThreeCxError, UnreachableError
from ..secret_files import read_secret_file
from ..values.json import loads
from .option_types import SERVICE_KEY_VARIABLE
from .streams import say

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

# Present in each response of an executor.
_CONTRACT = "Threecx-Contract"
_KEY_STATUSES = frozenset({401, 429})
_SCHEMES = ("http", "https")
_KEY_ADVICE = f"Give --key-file FILE, or set {SERVICE_KEY_VARIABLE} to the key."


@dataclass(frozen=True, slots=True)
class ExecutorAddress:
    """A running executor: its URL, which ends without a slash, and its key."""

    url: str
    key: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, url: str, key: str | None, key_file: Path | None) -> ExecutorAddress:
        """Return the address for the options as typed. Raise ConfigurationError."""
        return cls(_check_url(url), _read_key(key, key_file))

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of each request."""
        return {} if self.key is None else {"Authorization": f"Bearer {self.key}"}

    def make_client(self, timeout: float) -> httpx.Client:
        """Return a client of this executor. Proxies of the environment are not used, redirects are not followed."""
        return httpx.Client(
            base_url=self.url,
            headers=self.headers,
            timeout=timeout,
            trust_env=False,
            verify=make_ssl_context(self.url),
        )

    def check(self, response: httpx.Response) -> None:
        """Raise ThreeCxError for a response that is not a success of an executor. Its body must have been read."""
        if response.is_success and _CONTRACT in response.headers:
            return
        raise self._make_error(response)

    def make_unreachable(self, error: httpx.HTTPError) -> UnreachableError:
        """Return the error for an executor that does not answer."""
        what = str(error).strip() or type(error).__name__
        if isinstance(error, httpx.TimeoutException):
            what = "it did not answer in time"
        return UnreachableError(
            f"the executor at {self.url} cannot be reached: {what}",
            description="Start it with threecx serve, or check --executor.",
            code="executor_unreachable",
        )

    def _make_error(self, response: httpx.Response) -> ThreeCxError:
        if response.is_redirect:
            return ConfigurationError(
                f"{self.url} redirects to another address",
                description="Check --executor: redirects are not followed, because they would carry the key along.",
                code="not_executor",
            )
        if _CONTRACT not in response.headers:
            return ConfigurationError(
                f"the server at {self.url} is not a threecx executor: it answered {response.status_code}",
                description="Check --executor, and any proxy in front of the executor.",
                code="not_executor",
            )
        return _read_problem(response, self.url)


def make_ssl_context(url: str) -> ssl.SSLContext | bool:
    """Return the certificate authorities for a URL: those of SSL_CERT_FILE and SSL_CERT_DIR, else the built-in ones."""
    return httpx.create_ssl_context() if url.startswith("https:") else False


def _read_problem(response: httpx.Response, url: str) -> ThreeCxError:
    try:
        problem = loads(response.content)
    except ValueError:
        problem = {}
    if not isinstance(problem, dict):
        problem = {}
    status = response.status_code
    code = _text(problem, "code") or f"http_{status}"
    if code == "unknown_path":
        return ConfigurationError(
            f"the executor at {url} has no events: its version is {response.headers.get('Threecx-Version', 'old')}",
            description="Update it: events need a newer version.",
            code=code,
        )
    error = ThreeCxError(
        _text(problem, "detail") or f"the executor answered {status}",
        description=_KEY_ADVICE if status in _KEY_STATUSES else _text(problem, "description"),
        code=code,
        field=_text(problem, "field") or None,
        http_code=status,
    )
    error.exit_code = _choose_exit_code(status)
    return error


def _choose_exit_code(status: int) -> int:
    """Return the exit code for a status: 3 for a key or a PBX that fails, 2 for bad usage, 1 for all else."""
    if status in _KEY_STATUSES or status == httpx.codes.BAD_GATEWAY:
        return UnreachableError.exit_code
    return ConfigurationError.exit_code if status < httpx.codes.INTERNAL_SERVER_ERROR else 1


def _text(problem: dict[str, Any], name: str) -> str:
    value = problem.get(name)
    return value if isinstance(value, str) else ""


def _check_url(typed: str) -> str:
    advice = "Write it like http://127.0.0.1:8765."
    try:
        url = httpx.URL(typed.strip())
    except httpx.InvalidURL as error:
        raise ConfigurationError("--executor is not a URL", description=advice) from error
    if url.userinfo:
        # The URL is not repeated: it may contain a password.
        raise ConfigurationError("--executor contains a user or a password", description=_KEY_ADVICE)
    if url.scheme not in _SCHEMES or not url.host:
        raise ConfigurationError(f"--executor {typed[:100]!r} is not a URL", description=advice)
    if url.query or url.fragment:
        raise ConfigurationError(
            f"--executor {typed[:100]!r} has a part after its address", description=advice
        )
    return str(url).rstrip("/")


def _read_key(key: str | None, key_file: Path | None) -> str | None:
    if key_file is not None:
        key = read_secret_file(
            key_file,
            if_missing="Write the executor key into it: the one that threecx serve was started with.",
            on_warning=lambda text: say(f"threecx: warning: {text}", level="warning"),
        )
    key = (key or "").strip()
    if key and not (key.isascii() and key.isprintable()):
        raise ConfigurationError(
            "the executor key contains a character that is not allowed in an HTTP header",
            description=_KEY_ADVICE,
        )
    return key or None
