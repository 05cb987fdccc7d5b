"""Encrypt the secrets of subscriptions before they are stored, with a key that is not stored with them."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from threecx_credentials.state_folder import PRIVATE_FILE, open_private_folder

from ...errors import ConfigurationError, EventStoreError
from ...secret_files import read_secret_file
from ...values.json import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cryptography.fernet import MultiFernet

VARIABLE = "THREECX_EVENT_KEY"
_MAKE = "head -c 32 /dev/urandom | base64"
_AGAIN = "or remove the subscriptions, and add them again"
# Subscriptions that an error names, so that they can be removed.
_NAMED = 20


class SecretBox:
    """Seals JSON with the keys in `THREECX_EVENT_KEY`, or with the key in a file.

    The variable may contain several keys, separated by blanks: the first one seals, all of them open. Raise
    ConfigurationError where the variable contains something else.
    """

    def __init__(self, key_file: Path) -> None:
        self._file = key_file
        value = os.environ.get(VARIABLE, "").split()
        self._keys = _read_keys(value, f"the environment variable {VARIABLE}") if value else None
        self._source = f"the environment variable {VARIABLE}" if value else f"the file {key_file}"

    def __repr__(self) -> str:
        return f"SecretBox({self._source})"

    def seal(self, document: Mapping[str, Any], *, may_create: bool) -> bytes:
        """Return a document that only the key opens. Raise EventStoreError or ConfigurationError.

        With `may_create`, a key file that does not exist is created: nothing is sealed yet.
        """
        return self._load(may_create=may_create).encrypt(dumps(document))

    def open(self, sealed: bytes) -> Any:
        """Return a document. Raise EventStoreError where the key is missing or is another one."""
        from cryptography.fernet import InvalidToken

        try:
            return loads(self._load(may_create=False).decrypt(sealed))
        except (InvalidToken, ValueError) as error:
            raise EventStoreError(
                f"the secrets of the subscriptions cannot be decrypted with the key in {self._source}",
                description=f"Restore the key with which they were stored, {_AGAIN}.",
                code="event_key",
            ) from error

    def _load(self, *, may_create: bool) -> MultiFernet:
        if self._keys is None:
            if not self._file.exists():
                if not may_create:
                    raise EventStoreError(
                        f"{self._source} with the key of the subscriptions' secrets is missing",
                        description=f"Restore it, or set {VARIABLE} to the key, {_AGAIN}.",
                        code="event_key",
                    )
                self._create()
            try:
                text = read_secret_file(self._file)
            except ConfigurationError as error:
                raise EventStoreError(
                    error.message, description=error.description, code="event_key"
                ) from error
            self._keys = _read_keys(text.split(), self._source)
        return self._keys

    def _create(self) -> None:
        """Create the key file; where two processes do so at the same time, both use the first one."""
        from cryptography.fernet import Fernet

        new = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        try:
            open_private_folder(self._file.parent)
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
            try:
                os.write(descriptor, Fernet.generate_key() + b"\n")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            with suppress(FileExistsError):
                os.link(new, self._file)
        except OSError as error:
            raise EventStoreError(
                f"the key {self._file} of the subscriptions' secrets cannot be created: {error.strerror or error}",
                description=f"Give another folder with --state-dir, or set {VARIABLE}.",
                code="event_key",
            ) from error
        finally:
            with suppress(OSError):
                new.unlink()


def name_sealed(error: EventStoreError, ids: Sequence[str]) -> EventStoreError:
    """Return the error of secrets that cannot be opened with the IDs of the subscriptions."""
    if error.code != "event_key" or not ids:
        return error
    rest = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return EventStoreError(
        error.message,
        description=f"{error.description} Their IDs: {', '.join(ids[:_NAMED])}{rest}.",
        code=error.code,
    )


def _read_keys(texts: list[str], source: str) -> MultiFernet:
    from cryptography.fernet import Fernet, MultiFernet

    try:
        # Both alphabets of base64.
        keys = [Fernet(each.replace("+", "-").replace("/", "_")) for each in texts]
        return MultiFernet(keys)
    except (ValueError, TypeError):
        # The cause would repeat a part of the key.
        raise ConfigurationError(
            f"{source} does not contain a key for secrets",
            description=f"Use 32 random bytes in base64: {_MAKE}",
            code="event_key",
        ) from None
