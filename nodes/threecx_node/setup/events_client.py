"""Create the client that listens to the calls of a PBX, or adapt the one that exists.

3CX ends the access token of a client when it issues the next one, so the client of events is not the client of batches.
Everything that can be wrong is looked up before the first change. A failure between two changes is reported with what
was done until then.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from threecx_credentials import Secret

from ..errors import ConfigurationError, SetupError, ThreeCxError
from ..execution.results import Item
from ..options import INTERACTIVE_RETRY_TIME, Options
from .monitored import (
    check_number,
    choose_monitored,
    choose_number,
    describe_holder,
    list_numbers,
    read_monitored,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..execution.executor import Executor
    from .monitored import Peer

_PEER_FIELDS = "Id,Number,Name,Type"


class KeyKeeper(Protocol):
    """A place for the API key of the client; `option` is the option of the command line that names it.

    `client_id` is the client whose key it has, None where it has none.
    """

    option: str

    @property
    def client_id(self) -> str | None:
        """The client whose key is stored."""

    def prepare(self, client_id: str) -> None:
        """Raise ConfigurationError if the key of this client cannot be stored; writes nothing."""

    def save(self, key: Secret) -> str:
        """Store the key, and return a sentence that says where. Raises ConfigurationError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsClientRequest:
    """The client that is wanted.

    `extensions` are the numbers to monitor, None for all extensions. Without `number` a free one is chosen. `reserved`
    are the client IDs of other programs, each with what uses it.
    """

    extensions: Sequence[str] | None
    number: str | None = None
    new_key: bool = False
    dry_run: bool = False
    reserved: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class EventsClient:
    """The client as it is now. `steps` are sentences: what was done, or for a dry run would be.

    `key` is there once, where it was generated and no keeper has it. `incomplete` says what 3CX did not take over.
    """

    number: str
    extensions: tuple[str, ...]
    dry_run: bool = False
    created: bool = False
    id: int | None = None
    steps: list[str] = field(default_factory=list)
    key: Secret | None = None
    incomplete: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the client; `clientSecret` is the API key, where it was generated and no keeper has it."""
        document = {
            "clientId": self.number,
            "id": self.id,
            "created": self.created,
            "dryRun": self.dry_run,
            "extensions": list(self.extensions),
            "steps": self.steps,
        }
        if self.key is not None:
            document["clientSecret"] = self.key.reveal()
        if self.incomplete:
            document["incomplete"] = self.incomplete
        return document


async def set_up_events_client(
    executor: Executor, request: EventsClientRequest, keeper: KeyKeeper | None = None
) -> EventsClient:
    """Create the client, or change what differs of the one that exists; return it.

    An API key is generated for a new client, and for an existing one only on request. Raises UsageError before
    anything is changed, SetupError after something was, and the error of the PBX.
    """
    return await _Setup(executor, request, keeper).run()


class _Setup:
    def __init__(self, executor: Executor, request: EventsClientRequest, keeper: KeyKeeper | None) -> None:
        self._executor = executor
        self._request = request
        self._keeper = keeper
        self._batch_client = executor.credential.client_id
        self._client = EventsClient("", (), request.dry_run)

    async def run(self) -> EventsClient:
        """Look everything up, refuse what cannot be done, then do the rest."""
        request = self._request
        if request.number is not None:
            self._refuse_own(check_number(request.number))
        principals = await self._list("ListServicePrincipal", {"$expand": "Peers"})
        by_number = {str(each.get("Number")): each for each in principals}
        peers = await self._list("ListPeer", {"$select": _PEER_FIELDS})
        monitored = choose_monitored(request.extensions, peers, by_number.keys())
        numbers = tuple(str(each["Number"]) for each in monitored)
        number = (
            check_number(request.number) if request.number else self._find_number(principals, numbers, peers)
        )
        client = self._client = EventsClient(number, numbers, request.dry_run)
        existing = by_number.get(number)
        if existing is None and (holder := describe_holder(number, peers)):
            raise ConfigurationError(
                f"{number} is in use by another DN: {holder}", description="Give a free number with --number."
            )
        self._refuse_reserved(number, existing)
        if self._keeper is not None:
            self._keeper.prepare(number)
        if existing is None:
            await self._create(monitored)
        else:
            await self._adapt(existing, monitored)
        if existing is None or request.new_key:
            await self._generate_key(is_first=existing is None)
        elif self._keeper is not None and self._keeper.client_id is None:
            client.steps.append(
                "its API key is unchanged, and 3CX does not show it again, so the profile was not written: give "
                "--new-key to generate a new key"
            )
        else:
            client.steps.append("its API key is unchanged (--new-key generates a new one)")
        return client

    def _refuse_own(self, number: str) -> None:
        if number == self._batch_client:
            raise _refuse(number, "in use by this command, and by batches with this credential")

    def _refuse_reserved(self, number: str, existing: Mapping[str, Any] | None) -> None:
        """Raise ConfigurationError for a client that another program uses, or seems to use for batches."""
        user = self._request.reserved.get(number)
        may_run_batches = existing is None or bool(existing.get("XAPIEnabled"))
        if user is not None and may_run_batches:
            raise _refuse(number, f"in use by {user}")
        if existing is not None and may_run_batches and not existing.get("CallControlEnabled"):
            raise _refuse(number, "for the Configuration API, so a program may use it for batches")
        # The extensions of a client of events may change; its key is that of its own profile.
        if user is not None and (self._request.new_key or self._keeper is not None):
            raise ConfigurationError(
                f"client {number} is in use by {user}",
                description="Give the name of that profile with --profile.",
            )

    def _find_number(
        self, principals: Sequence[Mapping[str, Any]], numbers: Sequence[str], peers: Sequence[Peer]
    ) -> str:
        """Return the number of a client that monitors exactly these extensions, else a free one."""
        reserved = {*self._request.reserved, self._batch_client}
        needs_key = self._request.new_key or self._keeper is not None
        for each in principals:
            is_for_events = each.get("CallControlEnabled") and not (
                each.get("XAPIEnabled") or each.get("IsSystem")
            )
            is_free = not needs_key or str(each.get("Number")) not in reserved
            if is_for_events and is_free and set(read_monitored(each)) == set(numbers):
                return str(each["Number"])
        taken = {str(each.get("Number")) for each in (*principals, *peers)}
        return choose_number(self._batch_client, taken | reserved, peers)

    async def _create(self, monitored: Sequence[Peer]) -> None:
        client = self._client
        what = f"client {client.number} with Call Control, monitoring {_describe(client.extensions)}"
        client.created = not client.dry_run
        if client.dry_run:
            client.steps.append(f"would create {what}")
            return
        body = {
            "Number": client.number,
            "CallControlEnabled": True,
            "XAPIEnabled": False,
            "Peers": [_reduce(each) for each in monitored],
        }
        created = await self._change("CreateServicePrincipal", body, f"create client {client.number}")
        client.id = _read_id(created)
        client.steps.append(f"created {what}")
        await self._complete(monitored)

    async def _complete(self, monitored: Sequence[Peer]) -> None:
        """Send the extensions again, where 3CX has left them out when it created the client."""
        client = self._client
        if await self._read_back() == set(client.extensions):
            return
        peers = [_reduce(each) for each in monitored]
        await self._change(
            "UpdateServicePrincipal", {"Id": client.id, "Peers": peers}, "choose its extensions"
        )
        self._note_missing(await self._read_back())

    async def _adapt(self, existing: Mapping[str, Any], monitored: Sequence[Peer]) -> None:
        client = self._client
        client.id = _read_id(existing)
        now, wanted = read_monitored(existing), client.extensions
        client.steps.append(f"client {client.number} exists and monitors {_describe(now)}")
        changes: dict[str, Any] = {}
        words: list[str] = []
        if not existing.get("CallControlEnabled"):
            changes["CallControlEnabled"] = True
            words.append("enable Call Control")
        if added := [each for each in wanted if each not in now]:
            words.append(f"add {list_numbers(added)}")
        if removed := [each for each in now if each not in wanted]:
            words.append(f"remove {list_numbers(removed)}")
        if added or removed:
            changes["Peers"] = [_reduce(each) for each in monitored]
        if not changes:
            client.steps.append("nothing differs, so nothing was changed")
            return
        what = ", ".join(words)
        if client.dry_run:
            client.steps.append(f"would change it: {what}")
            return
        await self._change("UpdateServicePrincipal", {"Id": client.id, **changes}, f"change it: {what}")
        client.steps.append(f"changed it: {what}")
        self._note_missing(await self._read_back())

    async def _generate_key(self, *, is_first: bool) -> None:
        client = self._client
        what = "its API key" if is_first else "a new API key; the one before is no longer valid"
        if client.dry_run:
            client.steps.append(f"would generate {what}")
            return
        generated = await self._change("GenerateAppToken", {"Id": client.id}, "generate its API key")
        value = generated.get("value")
        if not isinstance(value, str) or not value.strip():
            raise self._stop("3CX returned no API key", ThreeCxError("the response has no key"))
        client.steps.append(f"generated {what}")
        key = Secret(value.strip())
        if self._keeper is None:
            client.key = key
            return
        try:
            client.steps.append(self._keeper.save(key))
        except ThreeCxError as error:
            raise self._stop("the API key could not be stored", error) from error

    async def _list(self, operation: str, query: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [each["json"] for each in await self._run(operation, {**query, "returnAll": True})]

    async def _read_back(self) -> set[str] | None:
        """Return what the client monitors according to the PBX, None where it does not say."""
        try:
            parameters = {"Id": self._client.id, "$expand": "Peers"}
            [item] = await self._run("GetServicePrincipal", parameters)
        except (ThreeCxError, ValueError):
            return None
        return set(read_monitored(item["json"]))

    def _note_missing(self, found: set[str] | None) -> None:
        missing = [each for each in self._client.extensions if each not in (found or ())]
        if missing:
            self._client.incomplete = (
                f"3CX did not take over the extensions {list_numbers(missing)}: choose them in Admin > Integrations > "
                f"API, client {self._client.number}"
            )

    async def _change(self, operation: str, parameters: Mapping[str, Any], what: str) -> dict[str, Any]:
        """Send one change, and return the item of its response."""
        try:
            items = await self._run(operation, parameters)
        except ThreeCxError as error:
            if self._client.steps or error.outcome_unknown:
                verb = "it is not known whether 3CX did" if error.outcome_unknown else "3CX did not"
                raise self._stop(f"{verb} {what}", error) from error
            raise
        return dict(items[0]["json"]) if items else {}

    async def _run(self, operation: str, parameters: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        options = Options(retry_time=INTERACTIVE_RETRY_TIME)
        batch = await self._executor.run(operation, [Item({}, parameters)], options=options)
        batch.raise_for_error()
        return batch.results[0].items or ()

    def _stop(self, what: str, error: ThreeCxError) -> SetupError:
        """Return the error of a step that failed, with what was done before it and how to go on."""
        client = self._client
        done = "; ".join([*client.steps, what])
        extensions = ",".join(self._request.extensions or ("all",))
        again = f"threecx setup-events --number {client.number} --extensions {extensions}"
        again += " --new-key" if client.created or self._request.new_key else ""
        again += f" {self._keeper.option}" if self._keeper is not None else ""
        return SetupError(
            f"{done}: {error.message}",
            description=f"{error.description.rstrip('.')}. Then run: {again}".lstrip(". "),
            http_code=error.http_code,
            outcome_unknown=error.outcome_unknown,
        )


def _refuse(number: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"client {number} is {why}",
        description="Events need a client of their own, because 3CX ends the token of a client at its next login. "
        "Leave out --number, or give a free one.",
    )


def _describe(numbers: Sequence[str]) -> str:
    if not numbers:
        return "no extension"
    noun = "extension" if len(numbers) == 1 else "extensions"
    return f"{len(numbers)} {noun}: {list_numbers(numbers)}"


def _reduce(peer: Peer) -> dict[str, Any]:
    return {name: peer[name] for name in _PEER_FIELDS.split(",") if peer.get(name) is not None}


def _read_id(principal: Mapping[str, Any]) -> int | None:
    found = principal.get("Id")
    return found if isinstance(found, int) else None
