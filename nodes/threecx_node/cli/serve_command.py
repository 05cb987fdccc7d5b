"""`threecx serve`: the executor as a service that canvases call."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from . import option_types
from .streams import say, say_at_once, say_in_json

KEY_VARIABLE = option_types.SERVICE_KEY_VARIABLE
PORT = 8765
# The key gives access to the phone system: it must be too long to guess.
_MIN_KEY_LENGTH = 16
# A random key of 16 digits has fewer different ones once in 10,000 times.
_MIN_VARIETY = 5
_RANDOM = "head -c 32 /dev/urandom | base64"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(serve)


def serve(
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option("--port", metavar="N", min=0, max=65535, help="Port to listen on. 0 picks a free port."),
    ] = PORT,
    key: Annotated[
        str | None,
        typer.Option("--key", envvar=KEY_VARIABLE, hidden=True, callback=option_types.refuse_on_command_line),
    ] = None,
    key_file: Annotated[
        Path | None,
        typer.Option(
            "--key-file",
            metavar="FILE",
            help="File with the executor key, which callers must send; only you may be able to read it. "
            f"Alternatively, set {KEY_VARIABLE} to the key.",
        ),
    ] = None,
    without_key: Annotated[
        bool,
        typer.Option(
            "--without-key", help="Accept requests of every program on this machine; on loopback only."
        ),
    ] = False,
    profiles: Annotated[
        Path | None,
        typer.Option(
            "--profiles",
            metavar="FILE",
            help="TOML file with named PBXs.",
            show_default="threecx/profiles.toml in your configuration folder",
        ),
    ] = None,
    allow_pbx: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-pbx",
            metavar="HOST[:PORT]",
            envvar="THREECX_ALLOW_PBX",
            help="A PBX that callers may name by its URL, such as pbx.example.com:5001 or *.example.com. Can be "
            "repeated; separate several in the variable with spaces.",
            show_default="every PBX",
        ),
    ] = None,
    profiles_only: Annotated[
        bool,
        typer.Option(
            "--profiles-only",
            envvar="THREECX_PROFILES_ONLY",
            help="Use the PBXs of the profiles only, and none that a caller names by its URL.",
        ),
    ] = False,
    allow_webhook: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-webhook",
            metavar="HOST[:PORT]",
            envvar="THREECX_ALLOW_WEBHOOK",
            help="A host to which events may be sent, such as n8n.example.com:5678 or *.example.com. Can be repeated; "
            "separate several in the variable with spaces.",
            show_default="every host",
        ),
    ] = None,
    concurrency: Annotated[
        int,
        typer.Option(
            "--concurrency",
            metavar="N",
            min=1,
            max=64,
            help="Number of requests to one PBX at the same time, for all callers together.",
        ),
    ] = 8,
    grace: Annotated[
        int,
        typer.Option(
            "--grace",
            metavar="SECONDS",
            min=0,
            max=3600,
            help="How long batches and deliveries of events may continue after Ctrl-C, SIGTERM or SIGHUP. A second "
            "signal stops at once.",
        ),
    ] = 30,
    log_format: option_types.LogFormatOption = option_types.LogFormat.text,
    catalog: option_types.Catalog = None,
    max_body: Annotated[
        int, typer.Option("--max-body", metavar="MB", min=1, max=1024, help="Size limit for each request.")
    ] = 32,
    max_response: option_types.MaxResponse = None,
    state_dir: Annotated[
        Path | None,
        typer.Option(
            "--state-dir",
            metavar="FOLDER",
            help="Folder for the journals of batches, which GET /v1/batches/{batchId} reads, and for events and "
            "subscriptions.",
            show_default="threecx in your state folder",
        ),
    ] = None,
    no_journal: Annotated[bool, typer.Option("--no-journal", help="Keep no journals of batches.")] = False,
) -> None:
    """Run the executor as a service for canvases such as n8n.

    Press Ctrl-C to stop it. Batches that are running are completed first; press Ctrl-C again to stop at once.
    """
    from ..catalog import load_catalog
    from ..events.delivery.target_address import parse_allowed
    from ..events.store.open_store import open_event_store
    from ..service.config import ServiceConfig
    from ..service.log import log_to_stderr
    from ..service.open_batches import open_batch_store
    from ..service.pbx_access import PbxAccess
    from ..service.profiles import load_profiles
    from ..service.serve import serve as run

    is_json = log_format is option_types.LogFormat.json
    say_in_json(is_json)
    log_to_stderr(is_json=is_json)
    executor_key = _read_key(key, key_file)
    _require_key(host, executor_key, without_key=without_key)
    known = load_profiles(profiles)
    for name, credential in known.items():
        if credential.note:
            say(f"threecx: note: profile {name}: {credential.note}")
    parse_allowed(allow_webhook or [])
    config = ServiceConfig(
        key=executor_key,
        catalog=load_catalog(catalog),
        profiles=known,
        access=PbxAccess.of(allow_pbx or [], profiles_only=profiles_only),
        connections=concurrency,
        max_body_bytes=max_body * 2**20,
        max_response_bytes=option_types.read_max_response(max_response),
        grace=grace,
        batches=None if no_journal else open_batch_store(state_dir, say),
        events=open_event_store(state_dir, say),
        allowed_webhooks=tuple(allow_webhook or ()),
    )
    exit_code = run(
        host,
        port,
        config,
        on_ready=lambda url: say(f"The executor listens on {url}; press Ctrl-C to stop it.", url=url),
        on_signal=lambda text: say_at_once(f"threecx: {text}"),
    )
    raise typer.Exit(exit_code)


def _read_key(key: str | None, key_file: Path | None) -> str | None:
    """Return the executor key from the file or else from `key`, None if there is neither. Raise ConfigurationError."""
    from ..secret_files import read_secret_file

    if key_file is None:
        key = (key or "").strip()
        return (
            _check_key(key, KEY_VARIABLE, f'Create one: export {KEY_VARIABLE}="$({_RANDOM})"')
            if key
            else None
        )
    advice = f"Create one: (umask 077; {_RANDOM} > {shlex.quote(str(key_file))})"
    content = read_secret_file(key_file, if_missing=advice).strip()
    return _check_key(content, f"the key file {key_file}", advice)


def _check_key(key: str, where: str, advice: str) -> str:
    from ..errors import ConfigurationError

    if not key.isascii() or not key.isprintable():
        raise ConfigurationError(
            f"{where} contains a character that is not allowed in an HTTP header", description=advice
        )
    if len(key) < _MIN_KEY_LENGTH:
        what = f"contains a key of fewer than {_MIN_KEY_LENGTH} characters" if key else "is empty"
        raise ConfigurationError(f"{where} {what}", description=advice)
    if len(set(key)) < _MIN_VARIETY or key in (key + key)[1:-1]:
        raise ConfigurationError(
            f"{where} contains a key that can be guessed: it repeats a few characters", description=advice
        )
    return key


def _require_key(host: str, key: str | None, *, without_key: bool) -> None:
    """Raise ConfigurationError if there is no key, except on loopback with --without-key."""
    from ..errors import ConfigurationError

    if key is not None and without_key:
        raise ConfigurationError(
            "an executor key and --without-key are both given", description="Give one of them."
        )
    if key is None and host not in _LOOPBACK:
        raise ConfigurationError(
            f"other machines could call the executor on {host} without a key",
            description="Give --key-file, or listen on 127.0.0.1.",
        )
    if key is None and not without_key:
        raise ConfigurationError(
            "the executor key is missing",
            description=f"Create one: (umask 077; {_RANDOM} > FILE), and give --key-file FILE. Or give "
            "--without-key to accept requests of every program on this machine.",
        )
