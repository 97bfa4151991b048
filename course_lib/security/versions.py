"""The highest version of each model that this device has opened: what keeps an old, genuine bundle out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from course_lib.core.files import write_whole
from course_lib.security.errors import RefusedError, RollbackError


@dataclass(frozen=True)
class VersionStore:
    """A JSON file of model name -> highest version.

    Whoever may write the file may reset it: a device that must withstand its owner keeps a counter in hardware.
    """

    path: Path

    def highest(self, name: str) -> int:
        """Return the highest version recorded for a model, 0 for none.

        Raises:
            RefusedError: the file is damaged. It is not taken for empty: that would forget what it protects.
        """
        return self._read().get(name, 0)

    def record(self, name: str, version: int) -> None:
        """Keep a version, whole or not at all.

        Raises:
            RollbackError: a later one is recorded already. RefusedError: the file is damaged.
        """
        known = self._read()
        if version < known.get(name, 0):
            raise RollbackError(f"{name}: version {version} is older than {known[name]}, which was opened before")
        if version == known.get(name):
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.path, json.dumps(known | {name: version}, indent=1, sort_keys=True) + "\n")

    def _read(self) -> dict[str, int]:
        try:
            known = json.loads(self.path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (ValueError, RecursionError) as problem:
            raise RefusedError(f"{self.path}: damaged ({problem}); restore it, or decide to start again") from None
        if not isinstance(known, dict) or not all(type(version) is int for version in known.values()):
            raise RefusedError(f"{self.path}: not a record of versions; restore it, or decide to start again")
        return known
