"""The simulated PBX itself, without HTTP: state, rules and views of one release."""

from __future__ import annotations

from collections.abc import Callable
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
    from .model import Model

Seed = Callable[["Pbx"], None]


class Pbx:
    """One PBX. `seed` fills it, at the start and at every reset."""

    def __init__(self, model: Model, seed: Seed, clients: dict[str, str], token_lifetime: float) -> None:
        self.model = model
        self._seed = seed
        numbered = frozenset(name for name, entity_set in model.sets.items() if entity_set.is_dn)
        self.store = MemoryStore(numbered)
        self.entities = Entities(model, self.store)
        self.views = Views(model, self.store, self.entities)
        self.renderer = Renderer(model, self.views)
        self.queries = QueryCompiler(model, self.views.navigation)
        self.router = router_of(model)
        self.auth = Auth(model.release, clients, token_lifetime)
        self.state = State(self.store, self.reset)
        self.reset()

    @property
    def version(self) -> str:
        """The PBX's version, as its header says it."""
        return f"{self.model.release}.100"

    def reset(self) -> None:
        """Forgets all and seeds anew. Versions go on, so that no old ETag fits a new entity."""
        with self.store.transaction():
            self.store.clear()
            for name, schema in self.model.singletons.items():
                self.store.put(SINGLETONS, name, new_entity(self.model, schema))
            self._seed(self)

    def plain(self, schema: str, entity: Entity) -> Entity:
        """An entity's own properties, without what only $expand gives."""
        return self.renderer.shape(schema, entity, None)


@lru_cache(maxsize=16)
def router_of(model: Model) -> Router:
    """The paths of a release, compiled once."""
    return Router(model)
