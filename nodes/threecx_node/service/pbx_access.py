"""Which PBXs a caller of the service may name by itself, and what it may see of their answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..errors import ConfigurationError, ThreeCxError
from ..values.host_pattern import HostPattern

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

    from threecx_credentials import Credential

    from ..execution.journal import ItemRecord, Journal
    from ..execution.results import Result
    from ..messages import HttpRequest
    from .models import Pbx

# The codes of errors with foreign words that are not the words of the server.
_OWN_CODES = frozenset({"login"})


def parse_allowed(text: str) -> HostPattern:
    """Read an entry of `--allow-pbx`: `HOST` or `HOST:PORT`. Raise ConfigurationError."""
    try:
        return HostPattern.parse(text)
    except ValueError as error:
        raise ConfigurationError(
            f"--allow-pbx {error}",
            description="Write a host without https://, such as pbx.example.com, pbx.example.com:5001, "
            "*.example.com or [2001:db8::1]:5001.",
        ) from None


@dataclass(frozen=True, slots=True)
class PbxAccess:
    """The rule for PBXs that callers name by their URL. Profiles are always allowed: the operator has chosen them.

    `allowed` is empty if every PBX is allowed. With `profiles_only` none is.
    """

    allowed: tuple[HostPattern, ...] = ()
    profiles_only: bool = False

    @classmethod
    def of(cls, allowed: Iterable[str], *, profiles_only: bool = False) -> PbxAccess:
        """Return the rule for entries as typed. Raise ConfigurationError."""
        entries = tuple(parse_allowed(each) for each in allowed)
        if entries and profiles_only:
            raise ConfigurationError(
                "--allow-pbx and --profiles-only are both given", description="Give one of them."
            )
        return cls(entries, profiles_only)

    def check(self, credential: Credential) -> None:
        """Raise ConfigurationError if a caller may not name this PBX."""
        if self.profiles_only:
            raise ConfigurationError(
                "the executor uses the PBXs of its profiles only",
                description="Choose Connection: Profile of the Executor, or start it without --profiles-only.",
                code="pbx_not_allowed",
                field="baseUrl",
            )
        if self.allowed and not any(each.includes(credential.base_url) for each in self.allowed):
            host = urlsplit(credential.base_url).netloc
            raise ConfigurationError(
                f"the executor does not connect to {host}",
                description=f"Use a profile, or start the executor with --allow-pbx {host}.",
                code="pbx_not_allowed",
                field="baseUrl",
            )


def hide_foreign_words(error: ThreeCxError, pbx: Pbx) -> ThreeCxError:
    """Return an error without the words of a server that is not 3CX, where a caller has named the server.

    Else a caller could read what other services in the network of the executor say. A profile names a PBX.
    """
    if error.foreign_words and pbx.profile is None:
        error.message = error.foreign_words
        error.field = None
        if error.code not in _OWN_CODES:
            error.code = f"http_{error.http_code}"
    return error


class PlainJournal:
    """A journal that records errors as callers get them: without the words of a server that is not 3CX."""

    def __init__(self, journal: Journal, pbx: Pbx) -> None:
        self._journal = journal
        self._pbx = pbx

    @property
    def records(self) -> Mapping[int, ItemRecord]:
        """The records by the index of the item."""
        return self._journal.records

    @property
    def is_complete(self) -> bool:
        """Return whether nothing remains to be sent or settled."""
        return self._journal.is_complete

    async def before(self, index: int, request: HttpRequest) -> None:
        """Record that `request` is about to be sent. Raise JournalError."""
        await self._journal.before(index, request)

    async def after(self, result: Result, *, is_effect: bool, is_waiting: bool = False) -> None:
        """Record a result, or a part of one. Raise JournalError."""
        if result.error is not None:
            hide_foreign_words(result.error, self._pbx)
        await self._journal.after(result, is_effect=is_effect, is_waiting=is_waiting)

    async def end(self) -> None:
        """Record that the run has ended. Raise JournalError."""
        await self._journal.end()

    def restore(self, index: int) -> AsyncIterator[Result]:
        """Yield the results that an earlier run recorded for an item."""
        return self._journal.restore(index)


def make_plain(journal: Journal | None, pbx: Pbx) -> Journal | None:
    """Return the journal of a batch on `pbx`; None where none is kept."""
    return None if journal is None else PlainJournal(journal, pbx)
