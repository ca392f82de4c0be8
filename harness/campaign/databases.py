"""The two stores of a memory: SQLite by the standard library, PostgreSQL by SQLAlchemy. Both run the same statements.

A statement is SQL that both know, with `:name` for each value. Each statement is a transaction of its own.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Protocol

from twinfeed.emulators.errors import FileError

FORMAT = 3
"""The version of the tables. A store of another format is refused, not altered."""

TABLES = """
create table format (number integer);
insert into format values ({format});
create table versions (key text primary key, site text, controller text, twinfeed text);
create table campaigns (
    id {id}, night text, began text, frame text, offered {blob}, key text references versions
);
create table scenarios (
    hash text primary key, key text references versions, campaign integer references campaigns, place integer,
    after_s double precision, scenario text, broken text, what text, margins text, extremes text, vacuous text,
    octets text, reached {blob}, ended_s double precision, processor_s double precision, seed bigint
);
create index scenarios_of_key on scenarios (key);
create table findings (
    hash text primary key, key text references versions, campaign integer references campaigns, identity text,
    scenario text, what text, survivable text
);
"""

SCHEMES = ("postgresql://", "postgresql+psycopg://", "postgres://")


class Database(Protocol):
    """Runs statements."""

    def run(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """Run it; returns its rows. After an error nothing of it is stored."""
        ...

    def close(self) -> None: ...


def opened(where: Path | str | None) -> Database:
    """The store at that path or URL, made if it is new. None: in this process only.

    Raises:
        FileError: the store cannot be reached or written, is no memory of twinfeed, or has another format; or it is a
            URL, and the extra `campaign` is not installed.
    """
    if isinstance(where, str) and where.startswith(SCHEMES):
        return PostgreSQL(where)
    return SQLite(None if where is None else Path(where))


class SQLite:
    """A file, in write-ahead mode: readers do not wait for the writer."""

    def __init__(self, path: Path | None) -> None:
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(":memory:" if path is None else path, isolation_level=None, timeout=60.0)
            try:
                self._db.execute("pragma journal_mode = wal")
                self._db.execute("pragma synchronous = normal")
                self._prepare(path)
            except BaseException:
                self._db.close()
                raise
        except (OSError, sqlite3.Error) as error:
            raise FileError(
                [f"{path}: {error}; expected a memory of searches, or a path where one can be made"]
            ) from None

    def _prepare(self, path: Path | None) -> None:
        tables = [name for (name,) in self.run("select name from sqlite_master where type = 'table'")]
        if not tables and self.run("pragma user_version") == [(0,)]:
            made = TABLES.format(format=FORMAT, id="integer primary key", blob="blob")
            self._db.executescript(f"begin immediate; {made} commit;")
            return
        found = self.run("select number from format")[0][0] if "format" in tables else "an older one"
        if found != FORMAT:
            raise FileError([f"{path}: the format is {found}, expected {FORMAT}; give another --memory"])

    def run(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """As `Database.run`."""
        return self._db.execute(statement, values).fetchall()

    def close(self) -> None:
        """As `Database.close`."""
        self._db.close()


class PostgreSQL:
    """The schema `twinfeed` of a database; several campaigns may write to it at the same time."""

    def __init__(self, url: str) -> None:
        try:
            from sqlalchemy import create_engine, make_url
            from sqlalchemy.exc import SQLAlchemyError
        except ImportError as error:
            raise FileError(["a memory in PostgreSQL needs SQLAlchemy: pip install 'twinfeed[campaign]'"]) from error
        try:
            address = make_url(url).set(drivername="postgresql+psycopg")
            options = {"options": "-c search_path=twinfeed"}
            self._engine = create_engine(address, isolation_level="AUTOCOMMIT", connect_args=options)
            self._connection = self._engine.connect()
        except ImportError as error:
            raise FileError(["a memory in PostgreSQL needs psycopg: pip install 'twinfeed[campaign]'"]) from error
        except (SQLAlchemyError, ValueError) as error:
            why = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            raise FileError([f"{_public(url)}: {why}; expected the URL of a PostgreSQL database"]) from None
        try:
            self._prepare(url)
        except BaseException:
            self.close()
            raise

    def _prepare(self, url: str) -> None:
        self.run("select pg_advisory_lock(7801)")  # two campaigns may begin at once
        try:
            self.run("create schema if not exists twinfeed")
            if not self.run("select 1 from pg_tables where schemaname = 'twinfeed' and tablename = 'format'"):
                made = TABLES.format(format=FORMAT, id="integer generated always as identity primary key", blob="bytea")
                self._connection.exec_driver_sql(f"begin; {made} commit;")
        finally:
            self.run("select pg_advisory_unlock(7801)")
        ((found,),) = self.run("select number from format")
        if found != FORMAT:
            raise FileError([f"{_public(url)}: the format is {found}, expected {FORMAT}; give another database"])

    def run(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """As `Database.run`."""
        from sqlalchemy import text

        result = self._connection.execute(text(statement), values)
        return [tuple(row) for row in result] if result.returns_rows else []

    def close(self) -> None:
        """As `Database.close`."""
        self._connection.close()
        self._engine.dispose()


def _public(url: str) -> str:
    """The URL without its password."""
    head, at, tail = url.rpartition("@")
    scheme, _, user = head.partition("://")
    return f"{scheme}://{user.partition(':')[0]}@{tail}" if at else tail
