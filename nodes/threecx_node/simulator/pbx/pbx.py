"""The simulated PBX: its state and its rules in one release, and the seed that fills it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from ..auth.issuer import TokenIssuer
from ..calls.clock import Clock
from ..calls.engine import CallEngine
from ..odata.query import QueryCompiler
from ..odata.rendering import Renderer
from ..odata.routes import Router
from ..store.memory import MemoryStore
from ..store.state import State
from .call_directory import CallDirectory
from .call_log import find_last_call
from .call_records import CallRecords
from .defaults import build_default_entity
from .entities import Entities
from .past_calls import play_past_calls
from .recordings import RecordingQueue
from .references import SINGLETONS
from .views import Views

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..auth.roles import Client
    from ..odata.records import Entity
    from ..odata.release_model import ReleaseModel
    from ..store.data_file import DataFile
    from ..store.lazy_table import ComputeRow

# More calls than can have been live, and so without a record, when a process was killed.
_UNRECORDED_CALLS = 1000
# Returns the function that computes the rows of a set in one release.
RowsOfRelease = Callable[["ReleaseModel"], "ComputeRow"]


@dataclass(frozen=True, slots=True)
class Seed:
    """The contents of a new PBX.

    `fill` creates entities. `rows` are long sets that are computed when they are read, each with its length. `text`
    is the content of a seed file: a data file stores it, so that a reset does not need the seed file.
    """

    name: str
    fill: Callable[[Pbx], None]
    rows: Mapping[str, tuple[int, RowsOfRelease, str]] = field(default_factory=dict)
    text: str = ""


class Pbx:
    """One PBX. The seed fills it at the start and at every reset; a data file that is not new is loaded instead."""

    def __init__(
        self,
        model: ReleaseModel,
        seed: Seed,
        clients: Sequence[Client],
        token_lifetime: float,
        file: DataFile | None = None,
        past_days: int = 0,
    ) -> None:
        self.model = model
        self._seed = seed
        self._past_days = past_days
        self._file = file
        numbered = frozenset(name for name, entity_set in model.sets.items() if entity_set.is_dn)
        self.store = _create_store(file, numbered)
        self.entities = Entities(model, self.store)
        clock = Clock()
        directory = CallDirectory(self.store, self.entities.dial_plan, clock.now)
        self.calls = CallEngine(directory, lock=self.store.lock, clock=clock)
        self.views = Views(model, self.store, self.entities, self.calls.clock.now)
        self.renderer = Renderer(model, self.views.navigation)
        self.queries = QueryCompiler(model, self.views.navigation)
        self.router = load_router(model)
        self.auth = TokenIssuer(
            model.release, clients, token_lifetime, self.store, self.entities.dial_plan.list_memberships
        )
        self.recordings = RecordingQueue(self.entities, self.calls.clock)
        CallRecords(self.entities, self.calls, self.recordings)
        self.state = State(self.store, self.reset)
        self._fill()

    @property
    def version(self) -> str:
        """The version of the PBX, as its response header gives it."""
        return f"{self.model.release}.100"

    def reset(self) -> None:
        """Remove everything and fill the PBX from its seed. Versions go on, so that no old ETag matches."""
        with self.store.transaction():
            self.calls.clear()
            self._clear()
            for name, schema in self.model.singletons.items():
                self.store.put(SINGLETONS, name, build_default_entity(self.model, schema))
            self._seed.fill(self)
            if self._past_days:
                play_past_calls(self.entities, self._past_days)
                self.calls.skip_ids(find_last_call(self.store))

    def open(self) -> None:
        """Open the data file again after `close`, and load its current content."""
        if self._file is not None and not self._file.is_open:
            self._file.open()
            self._file.expect(self.model.release, self._seed.name, self._seed.text)
            self._fill()
        with self.store.lock:
            # Closing cancelled what was planned.
            self.recordings.plan_stored_work()

    def close(self) -> None:
        """End the calls, and close the data file, if there is one, so that others can open it."""
        self.calls.clear()
        if self._file is not None:
            with self.store.lock:
                self._file.close()

    def select_plain(self, schema: str, entity: Entity) -> Entity:
        """Return an entity's own properties, without those that need $expand."""
        return self.renderer.select_properties(schema, entity, None)

    def _fill(self) -> None:
        if self._file is None or self._file.is_new:
            self.reset()
            return
        with self.store.lock:
            self._clear()
            self.store.load()
            self.calls.skip_ids(find_last_call(self.store) + _UNRECORDED_CALLS)
            self.recordings.plan_stored_work()

    def _clear(self) -> None:
        self.store.clear()
        for name, (count, rows, ordered_by) in self._seed.rows.items():
            if name in self.model.sets:
                self.store.put_lazy_rows(name, count, rows(self.model), ordered_by)


def _create_store(file: DataFile | None, numbered: frozenset[str]) -> MemoryStore:
    if file is None:
        return MemoryStore(numbered)
    from ..store.sqlite_store import SqliteStore

    return SqliteStore(file, numbered)


@lru_cache(maxsize=16)
def load_router(model: ReleaseModel) -> Router:
    """Return the router of a release, which is compiled once."""
    return Router(model)
