"""The simulated PBX itself, without HTTP: state, rules and views of one release."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from .answers import Renderer
from .auth import Auth
from .defaults import new_entity
from .entities import SINGLETONS, Entities
from .query import QueryCompiler
from .routes import Router
from .state import Entity, MemoryStore, State
from .views import Views

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .datafile import DataFile
    from .model import Model
    from .roles import Client
    from .seeds import Seed


class Pbx:
    """One PBX. `seed` fills it, at the start and at every reset; with a data file only where that is new."""

    def __init__(
        self,
        model: Model,
        seed: Seed,
        clients: Sequence[Client],
        token_lifetime: float,
        file: DataFile | None = None,
    ) -> None:
        self.model = model
        self._seed = seed
        self._file = file
        numbered = frozenset(name for name, entity_set in model.sets.items() if entity_set.is_dn)
        self.store = _store(file, numbered)
        self.entities = Entities(model, self.store)
        self.views = Views(model, self.store, self.entities)
        self.renderer = Renderer(model, self.views)
        self.queries = QueryCompiler(model, self.views.navigation)
        self.router = router_of(model)
        self.auth = Auth(model.release, clients, token_lifetime, self.store, self.entities.dial_plan)
        self.state = State(self.store, self.reset)
        self._fill()

    @property
    def version(self) -> str:
        """The PBX's version, as its header says it."""
        return f"{self.model.release}.100"

    def reset(self) -> None:
        """Forgets all and seeds anew. Versions go on, so that no old ETag fits a new entity."""
        with self.store.transaction():
            self._clear()
            for name, schema in self.model.singletons.items():
                self.store.put(SINGLETONS, name, new_entity(self.model, schema))
            self._seed.fill(self)

    def open(self) -> None:
        """Opens the data file again after `close`, and takes what it holds now."""
        if self._file is not None and not self._file.is_open:
            self._file.open()
            self._file.expect(self.model.release, self._seed.name, self._seed.text)
            self._fill()

    def close(self) -> None:
        """Lets the data file go, for others to open; harmless without one."""
        if self._file is not None:
            with self.store.lock:
                self._file.close()

    def _fill(self) -> None:
        if self._file is None or self._file.is_new:
            self.reset()
            return
        with self.store.lock:
            self._clear()
            self.store.load()

    def _clear(self) -> None:
        self.store.clear()
        for name, (count, rows) in self._seed.rows.items():
            if name in self.model.sets:
                self.store.put_rows(name, count, rows(self.model))

    def plain(self, schema: str, entity: Entity) -> Entity:
        """An entity's own properties, without what only $expand gives."""
        return self.renderer.shape(schema, entity, None)


def _store(file: DataFile | None, numbered: frozenset[str]) -> MemoryStore:
    if file is None:
        return MemoryStore(numbered)
    from .datafile import SqliteStore

    return SqliteStore(file, numbered)


@lru_cache(maxsize=16)
def router_of(model: Model) -> Router:
    """The paths of a release, compiled once."""
    return Router(model)
