"""Find a seed by its name or by the path of a seed file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import ConfigurationError
from ..pbx.pbx import Seed
from .empty_office import fill_empty_office
from .large_company import LARGE_ROWS, fill_large_company
from .seed_file import SeedFile
from .small_office import fill_small_office

if TYPE_CHECKING:
    from collections.abc import Mapping

OFFICE = "office"
_SEEDS: Mapping[str, Seed] = {
    OFFICE: Seed(OFFICE, fill_small_office),
    "empty": Seed("empty", fill_empty_office),
    "large": Seed("large", fill_large_company, LARGE_ROWS),
}


def find_seed(name_or_path: str | Path) -> Seed:
    """Return a seed by its name, or the seed in a JSON file; raise ConfigurationError.

    A text that contains a dot or a slash is a path.
    """
    name = str(name_or_path)
    if (found := _SEEDS.get(name)) is not None:
        return found
    if not isinstance(name_or_path, Path) and not set(name) & set("./\\"):
        names = ", ".join(_SEEDS)
        raise ConfigurationError(
            f"the seed {name!r} does not exist",
            description=f"Choose one of {names}, or give the path of a file, with a dot or a slash in it.",
        )
    try:
        text = Path(name).read_text("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(f"cannot read the seed {name}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"the seed {name} is not UTF-8: {error.reason}") from error
    return parse_seed(name, text)


def parse_seed(name: str, text: str) -> Seed:
    """Return the seed in the content of a seed file, or the seed `name` if the content is empty.

    Raises ConfigurationError.
    """
    if not text:
        return find_seed(name)
    file = SeedFile(name, text)
    return Seed(name, file.fill, text=text)
