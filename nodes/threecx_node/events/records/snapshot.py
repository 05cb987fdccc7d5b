"""Compares a list with how it was read before: which entries came, changed and went.

Of each entry only digests are kept: one of the whole, and a short one of each field, which says what has changed. An
entry that is missing once may have been skipped by paging, so that it has gone only when it is missing twice.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...values.json import dumps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Characters of the digest of an entry, and of each of its fields.
_WHOLE, _FIELD = 8, 2
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._"
_MISSING = "-"
# One text is a third of the size of JSON with an object for each entry.
_LINE, _COLUMN = ";", ","
_SEPARATORS = re.compile("[;,]")


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one entry. `mark` differs for each change of the entry, and is the same if it is found again."""

    kind: str
    key: str
    mark: str
    fields: tuple[str, ...] = ()
    label: str = ""


@dataclass(slots=True)
class Snapshot:
    """The entries of a list, by key: `digests[:count][-]`, the count of their changes, `-` where they are missing.

    `born` is part of all marks, so that those of a later snapshot differ. `labels` are what is known of entries that
    have gone, such as their numbers.
    """

    born: str
    entries: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Snapshot:
        """Return the snapshot that `to_json` has stored."""
        snapshot = cls(stored["born"])
        for line in stored["entries"].split(_LINE):
            if line:
                key, entry, label = line.split(_COLUMN)
                snapshot.entries[key] = entry
                if label:
                    snapshot.labels[key] = label
        return snapshot

    def to_json(self) -> dict[str, Any]:
        """Return JSON; about 40 characters for an entry of 10 fields."""
        lines = (
            _COLUMN.join((key, entry, _SEPARATORS.sub("", self.labels.get(key, ""))))
            for key, entry in self.entries.items()
        )
        return {"born": self.born, "entries": _LINE.join(lines)}

    def begin(self, rows: Mapping[str, Mapping[str, Any]], names: Sequence[str]) -> None:
        """Take the entries as they are."""
        self.entries = {key: _digest(row, names) for key, row in rows.items()}

    def compare(self, rows: Mapping[str, Mapping[str, Any]], names: Sequence[str]) -> list[Change]:
        """Return what has changed, and take the entries as they are now."""
        changes: list[Change] = []
        for key, row in rows.items():
            stored = self.entries.get(key)
            if stored is not None and stored[:_WHOLE] == _digest_whole(row, names):
                if stored.endswith(_MISSING):
                    self.entries[key] = stored.removesuffix(_MISSING)
                continue
            digest = _digest(row, names)
            if stored is None:
                self.entries[key] = digest
                changes.append(Change("created", key, f"{self.born}-{digest[:_WHOLE]}"))
                continue
            before, _, count = stored.removesuffix(_MISSING).partition(":")
            number = int(count or 0) + 1
            self.entries[key] = f"{digest}:{number}"
            # After a new version of this program an entry may have other fields.
            is_alike = len(before) == len(digest)
            fields = _name_changes(before, digest, names) if is_alike else ()
            if is_alike:
                changes.append(Change("updated", key, f"{self.born}-{number}-{digest[:_WHOLE]}", fields))
        changes += self._remove([key for key in self.entries if key not in rows])
        return changes

    @property
    def has_missing(self) -> bool:
        """Return whether entries were missing once."""
        return any(each.endswith(_MISSING) for each in self.entries.values())

    def _remove(self, keys: Sequence[str]) -> list[Change]:
        changes = []
        for key in keys:
            stored = self.entries[key]
            if not stored.endswith(_MISSING):
                self.entries[key] = stored + _MISSING
                continue
            del self.entries[key]
            mark = f"{self.born}-{stored[:_WHOLE]}"
            changes.append(Change("deleted", key, mark, label=self.labels.pop(key, "")))
        return changes


def _digest_whole(row: Mapping[str, Any], names: Sequence[str]) -> str:
    digest = hashlib.blake2b(dumps([row.get(name) for name in names]), digest_size=6).digest()
    return urlsafe_b64encode(digest).decode("ascii").replace("-", ".")


def _digest(row: Mapping[str, Any], names: Sequence[str]) -> str:
    return _digest_whole(row, names) + "".join(_digest_field(row.get(name)) for name in names)


def _digest_field(value: Any) -> str:
    # Only says which fields have changed of an entry that has.
    code = zlib.crc32(repr(value).encode("utf-8", "replace"))
    return _LETTERS[code & 63] + _LETTERS[code >> 6 & 63]


def _name_changes(before: str, after: str, names: Sequence[str]) -> tuple[str, ...]:
    def part(text: str, index: int) -> str:
        start = _WHOLE + index * _FIELD
        return text[start : start + _FIELD]

    return tuple(name for index, name in enumerate(names) if part(before, index) != part(after, index))
