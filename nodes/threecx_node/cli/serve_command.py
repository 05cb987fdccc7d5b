"""`threecx serve`: the executor as a service that canvases call."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

KEY = "THREECX_SERVICE_KEY"
PORT = 8765
# Whoever has the key commands the phone system: nobody shall find it by trying.
_SHORTEST_KEY = 16
_RANDOM = "head -c 32 /dev/urandom | base64"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("serve")(serve)


def serve(
    host: Annotated[str, typer.Option("--host", metavar="HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="Port; 0 takes a free one.")
    ] = PORT,
    key_file: Annotated[
        Path | None,
        typer.Option(
            "--key-file",
            metavar="FILE",
            help="File with the key that callers must send, readable by you alone [env: THREECX_SERVICE_KEY, the key].",
            show_default=False,
        ),
    ] = None,
    without_key: Annotated[
        bool, typer.Option("--without-key", help="Let every program on this machine call; on loopback only.")
    ] = False,
    profiles: Annotated[
        Path | None,
        typer.Option(
            "--profiles",
            metavar="FILE",
            help="PBXs by name, in TOML; ~/.config/threecx/profiles.toml without.",
            show_default=False,
        ),
    ] = None,
    concurrency: Annotated[
        int,
        typer.Option(
            "--concurrency",
            metavar="N",
            min=1,
            max=64,
            help="Requests to one PBX at the same time, for all callers together.",
        ),
    ] = 8,
    grace: Annotated[
        int,
        typer.Option(
            "--grace",
            metavar="SECONDS",
            min=0,
            max=3600,
            help="How long batches may go on when it is told to end.",
        ),
    ] = 30,
    max_body: Annotated[
        int, typer.Option("--max-body", metavar="MB", min=1, max=1024, help="Largest request.")
    ] = 32,
) -> None:
    """Serve canvases such as n8n until Ctrl-C; what is under way is finished then."""
    from ..service.config import ServiceConfig
    from ..service.log import log_to_stderr
    from ..service.profiles import load_profiles
    from ..service.serve import serve as run

    log_to_stderr()
    key = _key(key_file)
    _refuse_open_door(host, key, without_key=without_key)
    config = ServiceConfig(
        key=key,
        profiles=load_profiles(profiles),
        connections=concurrency,
        max_body_bytes=max_body * 2**20,
        grace=grace,
    )
    run(
        host,
        port,
        config,
        on_ready=lambda url: typer.echo(f"The executor listens on {url}; Ctrl-C ends it.", err=True),
    )


def _key(key_file: Path | None) -> str | None:
    """The key that callers must send, None where none is given. Raises ConfigurationError."""
    from ..errors import ConfigurationError
    from ..service.profiles import refuse_if_others_can_read

    if key_file is None:
        key = os.environ.get(KEY, "").strip()
        return _checked(key, KEY, f'Make one: export {KEY}="$({_RANDOM})"') if key else None
    remedy = f"Make one: (umask 077; {_RANDOM} > {shlex.quote(str(key_file))})"
    refuse_if_others_can_read(key_file, if_missing=remedy)
    try:
        key = key_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot read the key file {key_file}", description=remedy) from error
    return _checked(key, f"the key file {key_file}", remedy)


def _checked(key: str, where: str, remedy: str) -> str:
    from ..errors import ConfigurationError

    if not key.isascii() or not key.isprintable():
        raise ConfigurationError(f"{where} holds a character that no header may hold", description=remedy)
    if len(key) < _SHORTEST_KEY:
        what = f"holds a key of fewer than {_SHORTEST_KEY} characters" if key else "is empty"
        raise ConfigurationError(f"{where} {what}", description=remedy)
    return key


def _refuse_open_door(host: str, key: str | None, *, without_key: bool) -> None:
    from ..errors import ConfigurationError

    if key is not None and without_key:
        raise ConfigurationError("there is a key, and --without-key", description="Give one of them.")
    if key is None and host not in _LOOPBACK:
        raise ConfigurationError(
            f"on {host} others could call the executor",
            description="Give --key-file, or listen on 127.0.0.1.",
        )
    if key is None and not without_key:
        raise ConfigurationError(
            "the executor needs a key",
            description=f"Make one: (umask 077; {_RANDOM} > FILE), and give --key-file FILE; or give --without-key "
            "to let every program on this machine call.",
        )
