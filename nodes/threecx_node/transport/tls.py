"""Build TLS contexts, and explain what in the environment or the credential prevents it.

`SSL_CERT_FILE` and `SSL_CERT_DIR` name certificate authorities in place of the built-in ones; `SSLKEYLOGFILE` names a
file for the keys of connections. A fault of one of them names the variable.
"""

from __future__ import annotations

import functools
import os
import re
import ssl
from pathlib import Path

import httpx

from ..errors import ConfigurationError
from ..secret_files import check_ca_file

CERT_FILE = "SSL_CERT_FILE"
CERT_FOLDER = "SSL_CERT_DIR"
KEY_LOG = "SSLKEYLOGFILE"
# OpenSSL finds a certificate of a folder by a name made of its hash.
_HASHED_NAME = re.compile(r"[0-9a-f]{8}\.\d+")
_PEM = "It must be a file with certificates in PEM form."


def build_tls_context(*, verify: bool, ca_file: str | None) -> ssl.SSLContext:
    """Return the context of connections to one PBX; `ca_file` has the certificate authorities to trust.

    Raises ConfigurationError that names the file, and the environment variable where one names the file.
    """
    if not verify:
        _check_key_log()
        return _load_unverified(os.environ.get(KEY_LOG) or "")
    if ca_file is None:
        return _load_default(*(os.environ.get(name) or "" for name in (CERT_FILE, CERT_FOLDER, KEY_LOG)))
    _check_key_log()
    check_ca_file(Path(ca_file))
    try:
        found = Path(ca_file).stat()
        return _load_file(
            ca_file, (found.st_ino, found.st_size, found.st_mtime_ns), os.environ.get(KEY_LOG) or ""
        )
    except OSError as error:
        raise ConfigurationError(
            f"cannot read the CA file {ca_file}: {_reason(error)}",
            description="It must be a PEM file.",
            field="caFile",
        ) from error


def key_log_error(error: OSError) -> ConfigurationError:
    """Return the error of a key log that cannot be written; every TLS context of Python opens it."""
    return ConfigurationError(
        f"the environment variable {KEY_LOG}: cannot write {os.environ.get(KEY_LOG, '')}: {_reason(error)}",
        description="Let it name a file that can be written, or remove the variable.",
    )


# Reading all certificate authorities takes tens of milliseconds, in which the event loop is blocked, and a megabyte of
# memory: credentials share contexts. The variables are parameters, so that another value is another context, and so is
# a file that was changed.
@functools.lru_cache(maxsize=16)
def _load_file(ca_file: str, _identity: tuple[int, int, int], _key_log: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)


@functools.lru_cache(maxsize=4)
def _load_unverified(key_log: str) -> ssl.SSLContext:
    # `ssl.create_default_context` would read the certificate authorities of the system, which are not used.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if key_log:
        context.keylog_filename = key_log
    return context


@functools.lru_cache(maxsize=4)
def _load_default(cert_file: str, cert_folder: str, _key_log: str) -> ssl.SSLContext:
    _check_key_log()
    if not cert_file and not cert_folder:
        return httpx.create_ssl_context()
    if cert_folder:
        _check_folder(cert_folder, is_only=not cert_file)
    try:
        # OpenSSL uses both.
        return ssl.create_default_context(cafile=cert_file or None, capath=cert_folder or None)
    except OSError as error:
        raise _environment_error(CERT_FILE, cert_file, _reason(error), _PEM) from error


def _check_key_log() -> None:
    if path := os.environ.get(KEY_LOG):
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).keylog_filename = path
        except OSError as error:
            raise key_log_error(error) from error


def _check_folder(value: str, *, is_only: bool) -> None:
    """Raise ConfigurationError where no folder of the list `value` can be read.

    Where it is the only source of certificates (`is_only`), a folder must have some that OpenSSL finds.
    """
    reason = "contains no certificates under the names of their hashes"
    for folder in value.split(os.pathsep):
        try:
            names = [each.name for each in Path(folder).iterdir()]
        except OSError as error:
            reason = _reason(error)
        else:
            if not is_only or any(_HASHED_NAME.fullmatch(name) for name in names):
                return
    advice = (
        "It must be a folder with certificates in PEM form; `openssl rehash FOLDER` gives them their names."
    )
    raise _environment_error(CERT_FOLDER, value, reason, advice)


def _environment_error(variable: str, value: str, reason: str, advice: str) -> ConfigurationError:
    return ConfigurationError(
        f"the environment variable {variable}: cannot read {value}: {reason}",
        description=f"{advice} Or remove the variable, to use the built-in certificate authorities.",
    )


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return "it contains no certificate in PEM form"
    return (error.strerror or "the reason is not known").lower()
