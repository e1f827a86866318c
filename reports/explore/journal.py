"""The journal of a sweep: one line of JSON a design, written as it is known."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["Journal"]


class Journal:
    """Records by key, in memory and in a file to which they are appended.

    A line that was cut off, or whose record is of other code, counts as not there.

    Args:
        path: of the file; its folder is there.
        code: what "code" must be in a record.

    Attributes:
        records: by key.
    """

    def __init__(self, path: Path, code: str) -> None:
        self.path, self.code = path, code
        self.records: dict[str, dict[str, Any]] = {}
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
        for line in lines:
            record = _record(line)
            if record is not None and record.get("code") == code:
                self.records.setdefault(record["key"], record)
        # Whole again, and without what is void.
        kept = "".join(f"{json.dumps(record)}\n" for record in self.records.values())
        path.write_text(kept)

    def add(self, records: Iterable[Mapping[str, Any]]) -> int:
        """Keep records whose keys are new; how many they were.

        Raises:
            ValueError: a record of other code.
        """
        fresh = []
        for record in records:
            if record["code"] != self.code:
                raise ValueError(
                    f"code of a worker must be that of this machine, {self.code}, not "
                    f"{record['code']}: install the same lutscale there"
                )
            if record["key"] not in self.records:
                self.records[record["key"]] = dict(record)
                fresh.append(f"{json.dumps(record)}\n")
        with self.path.open("a") as file:
            file.write("".join(fresh))
        return len(fresh)


def _record(line: str) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and "key" in record else None
