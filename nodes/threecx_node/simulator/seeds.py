"""Seeds by name: what fills a new PBX, and what a reset puts back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigurationError
from .large import LARGE_ROWS, large
from .lazyrows import Make
from .seed import empty, small_office
from .seedfile import SeedFile

if TYPE_CHECKING:
    from .model import Model
    from .pbx import Pbx

# Makes the function that works a set's rows out, for one release.
Rows = Callable[["Model"], Make]


@dataclass(frozen=True, slots=True)
class Seed:
    """`fill` creates entities; `rows` are long sets that are worked out when they are read, with their length.

    `text` is a seed file's content: a data file keeps it, so that a reset needs the seed file no more.
    """

    name: str
    fill: Callable[[Pbx], None]
    rows: Mapping[str, tuple[int, Rows]] = field(default_factory=dict)
    text: str = ""


OFFICE = "office"
_SEEDS: Mapping[str, Seed] = {
    OFFICE: Seed(OFFICE, small_office),
    "empty": Seed("empty", empty),
    "large": Seed("large", large, LARGE_ROWS),
}


def seed_of(given: str | Path) -> Seed:
    """The seed of a name, or of a JSON file; raises ConfigurationError.

    A text with a dot or a slash in it is a file's path.
    """
    name = str(given)
    if (found := _SEEDS.get(name)) is not None:
        return found
    if not isinstance(given, Path) and not set(name) & set("./\\"):
        names = ", ".join(_SEEDS)
        raise ConfigurationError(
            f"there is no seed {name!r}",
            description=f"There are {names}; a file's name has a dot or a slash.",
        )
    try:
        text = Path(name).read_text("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(f"cannot read the seed {name}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"the seed {name} is not UTF-8: {error.reason}") from error
    return seed_of_text(name, text)


def seed_of_text(name: str, text: str) -> Seed:
    """The seed that a seed file's content describes; raises ConfigurationError."""
    if not text:
        return seed_of(name)
    file = SeedFile(name, text)
    return Seed(name, file.fill, text=text)
