"""Objects in one SQLite file. Reads come from memory, every write is committed before a request is answered."""

from __future__ import annotations

import copy
import fcntl
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

MEMORY = ":memory:"
SCHEMA_VERSION = 1
FIRST_ID = 113800000001

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE objects (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, zone TEXT NOT NULL, data TEXT NOT NULL);
"""

# Fields that children or states are found by.
_INDEXED = {
    "disk": ("server",),
    "interface": ("server", "switch", "packet_filter", "ip"),
    "switch": ("bridge", "internet"),
    "item": ("class",),
}


class StoreError(Exception):
    """The database cannot be used; the message says why."""


@dataclass(slots=True)
class Record:
    """One object. `zone` is empty for what lives in no zone."""

    id: int
    kind: str
    zone: str
    data: dict[str, Any] = field(default_factory=dict)
    shared: bool = False  # seeded by the catalogue: never stored, never counted

    def __getitem__(self, key: str) -> Any:
        return self.data[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.data[key] = value

    def get(self, key: str, default: Any = None) -> Any:
        """A field, or the default."""
        return self.data.get(key, default)


class Store:
    """All objects of one cloud."""

    def __init__(self, path: str = MEMORY) -> None:
        self.path = path
        self._lock: IO[str] | None = None
        if path != MEMORY:
            path = _real(path)
            self._lock = _lock(path)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._kinds: dict[str, dict[int, Record]] = {}
        self._index: dict[tuple[str, str], dict[Any, dict[int, None]]] = {}
        self._meta: dict[str, Any] = {}
        self._dirty: dict[int, tuple[str, Record | None]] | None = None
        self._dirty_meta: dict[str, Any] = {}
        self.before_commit: Callable[[], None] = lambda: None
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            self.close()
            raise StoreError(f"{path} is not a database of the emulator ({error})") from error
        except StoreError:
            self.close()
            raise

    def _open(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        # Every commit is on the disk before its request is answered, so that not even a power cut loses it.
        self._db.execute("PRAGMA synchronous = FULL")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            if self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise StoreError(f"{self.path} is a database of something else")
            self._db.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
        elif version != SCHEMA_VERSION:
            raise StoreError(
                f"{self.path} has schema {version}, this emulator knows {SCHEMA_VERSION}: use another file"
            )
        self._meta = {key: json.loads(value) for key, value in self._db.execute("SELECT key, value FROM meta")}
        for row in self._db.execute("SELECT id, kind, zone, data FROM objects ORDER BY id"):
            self._insert(Record(row[0], row[1], row[2], json.loads(row[3])))

    def close(self) -> None:
        """Close the file and let others open it."""
        self._db.close()
        if self._lock:
            self._lock.close()

    # Reading

    def get(self, kind: str, object_id: int) -> Record | None:
        """One object, not to be changed."""
        if self._dirty and object_id in self._dirty:
            found_kind, record = self._dirty[object_id]
            return record if found_kind == kind else None
        return self._kinds.get(kind, {}).get(object_id)

    def all(self, kind: str) -> Iterator[Record]:
        """Every object of a kind, oldest first."""
        records = self._kinds.get(kind, {})
        if not self._dirty:
            yield from list(records.values())
            return
        merged = dict(records)
        for object_id, (dirty_kind, record) in self._dirty.items():
            if dirty_kind == kind:
                if record is None:
                    merged.pop(object_id, None)
                else:
                    merged[object_id] = record
        yield from sorted(merged.values(), key=lambda record: record.id)

    def by(self, kind: str, name: str, value: Any) -> list[Record]:
        """Objects of a kind with this value in an indexed field, oldest first."""
        ids = self._index.get((kind, name), {}).get(value, {})
        if not self._dirty:
            records = self._kinds.get(kind, {})
            return [records[object_id] for object_id in sorted(ids)] if len(ids) > 1 else [records[i] for i in ids]
        candidates = {*ids, *(i for i, (dirty_kind, _) in self._dirty.items() if dirty_kind == kind)}
        found = (self.get(kind, object_id) for object_id in sorted(candidates))
        return [record for record in found if record is not None and record.get(name) == value]

    def meta(self, key: str, default: Any = None) -> Any:
        """A value beside the objects: a counter, the clock."""
        return self._dirty_meta.get(key, self._meta.get(key, default))

    # Writing

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes inside are committed at its end, or none if it fails."""
        if self._dirty is not None:
            raise RuntimeError("a transaction is open already")
        self._dirty = {}
        try:
            yield
            if self._dirty or self._dirty_meta:
                self.before_commit()
                self._commit()
        finally:
            self._dirty = None
            self._dirty_meta = {}

    def _commit(self) -> None:
        dirty = self._dirty or {}
        writes = [(r.id, r.kind, r.zone, json.dumps(r.data)) for _, r in dirty.values() if r is not None]
        deletes = [(object_id,) for object_id, (_, record) in dirty.items() if record is None]
        metas = [(key, json.dumps(value)) for key, value in self._dirty_meta.items()]
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?)", writes)
            self._db.executemany("DELETE FROM objects WHERE id = ?", deletes)
            self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", metas)
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        for object_id, (kind, record) in dirty.items():
            if record is None:
                self._remove(kind, object_id)
            else:
                self._insert(record)
        self._meta.update(self._dirty_meta)

    def put(self, record: Record) -> Record:
        """Store a new or changed object."""
        if self._dirty is None:
            raise RuntimeError("a write needs a transaction")
        self._dirty[record.id] = (record.kind, record)
        return record

    def edit(self, record: Record) -> Record:
        """A copy to change; the change is part of the transaction."""
        if self._dirty is None:
            raise RuntimeError("a write needs a transaction")
        _, pending = self._dirty.get(record.id, ("", None))
        if pending is not None:
            return pending
        return self.put(Record(record.id, record.kind, record.zone, copy.deepcopy(record.data)))

    def delete(self, record: Record) -> None:
        """Remove an object."""
        if self._dirty is None:
            raise RuntimeError("a write needs a transaction")
        self._dirty[record.id] = (record.kind, None)

    def set_meta(self, key: str, value: Any) -> None:
        """Store a value beside the objects."""
        if self._dirty is None:
            raise RuntimeError("a write needs a transaction")
        self._dirty_meta[key] = value

    def count(self, counter: str, first: int = 0) -> int:
        """The next number of a counter that survives restarts."""
        value = int(self.meta(counter, first))
        self.set_meta(counter, value + 1)
        return value

    def new_id(self) -> int:
        """An ID that was never used before."""
        return self.count("next_id", FIRST_ID)

    # Shared objects and whole clouds

    def seed(self, record: Record) -> None:
        """Add a shared object of the catalogue; it is not stored."""
        record.shared = True
        self._insert(record)

    def dump(self) -> dict[str, Any]:
        """Everything that is stored, as one document."""
        objects = [
            {"id": record.id, "kind": record.kind, "zone": record.zone, "data": record.data}
            for kind in sorted(self._kinds)
            for record in self._kinds[kind].values()
            if not record.shared
        ]
        return copy.deepcopy({"meta": self._meta, "objects": objects})

    def load(self, document: dict[str, Any]) -> None:
        """Replace everything that is stored by a document of `dump`."""
        records = [Record(int(o["id"]), str(o["kind"]), str(o["zone"]), dict(o["data"])) for o in document["objects"]]
        if len({record.id for record in records}) < len(records):
            raise ValueError("two objects have one ID")
        meta = dict(document["meta"])
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.execute("DELETE FROM objects")
            self._db.execute("DELETE FROM meta")
            rows = [(r.id, r.kind, r.zone, json.dumps(r.data)) for r in records]
            self._db.executemany("INSERT INTO objects VALUES (?, ?, ?, ?)", rows)
            self._db.executemany("INSERT INTO meta VALUES (?, ?)", [(k, json.dumps(v)) for k, v in meta.items()])
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        for kind, old in self._kinds.items():
            for record in [record for record in old.values() if not record.shared]:
                self._remove(kind, record.id)
        for record in sorted(records, key=lambda record: record.id):
            self._insert(record)
        self._meta = meta

    def _insert(self, record: Record) -> None:
        self._unindex(record.kind, record.id)
        self._kinds.setdefault(record.kind, {})[record.id] = record  # a changed object keeps its place
        for name in _INDEXED.get(record.kind, ()):
            ids = self._index.setdefault((record.kind, name), {})
            ids.setdefault(record.get(name), {})[record.id] = None

    def _remove(self, kind: str, object_id: int) -> None:
        self._unindex(kind, object_id)
        self._kinds.get(kind, {}).pop(object_id, None)

    def _unindex(self, kind: str, object_id: int) -> None:
        record = self._kinds.get(kind, {}).get(object_id)
        if record is None:
            return
        for name in _INDEXED.get(kind, ()):
            ids = self._index[kind, name]
            members = ids[record.get(name)]
            members.pop(object_id, None)
            if not members:
                del ids[record.get(name)]


def _real(path: str) -> str:
    """The file itself, whatever links lead to it: lock and journal are named after it.

    Raises `StoreError` for a file with two names (a hard link), each of which would have a journal of its own.
    """
    try:
        real = Path(path).resolve()
        real.parent.mkdir(parents=True, exist_ok=True)
        names = real.stat().st_nlink if real.is_file() else 1
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead in a circle
        raise StoreError(f"{path} cannot be opened: {error}") from error
    if names > 1:
        raise StoreError(f"{path} has {names} names (hard links); changes under one are lost under another: copy it")
    return str(real)


def _lock(path: str) -> IO[str]:
    """Keep a second emulator off the same file: each holds the objects in memory."""
    handle = Path(f"{path}.lock").open("w", encoding="utf-8")  # noqa: SIM115 - open as long as the store is
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise StoreError(f"{path} is in use by another emulator: stop that one or give another --db") from error
    return handle
