"""The database of a run: what is committed, seen and changed past all actors and triggers."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import psycopg
from django.db import connection
from psycopg import sql

from tests.exploration import clock
from tests.exploration.clock import Clock

TABLES = ("mirror_ledgerentry", "mirror_outage", "campaigns_campaign", "sessions_app_session")
UNIMPORTANT = {"id", "owed_since", "mirrored_at", "started_at", "ended_at"}

VACUUMED = 100  # runs: or each would walk through the dead rows of all before it

Rows = dict[str, list[dict[str, Any]]]
_SNAPSHOT = "SELECT jsonb_build_object({})".format(
    ", ".join(
        f"'{table}', (SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY id), '[]') FROM {table} t)"
        for table in TABLES
    )
)


class Database:
    """The tables of one process's database."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._control = _control_connection()
        self._snapshot: Rows | None = None
        self._runs = 0

    def close(self) -> None:
        """Close the connection."""
        self._control.close()

    def put_back(self, rows: Rows) -> None:
        """Write the rows of these tables as they were, past all triggers."""
        self._runs += 1
        if self._runs % VACUUMED == 0:
            for table in (
                *TABLES,
                "sessions_app_searchtext",
                "sessions_app_searchword",
                f"{clock.SCHEMA}.clock",
            ):
                self._control.execute(f"VACUUM {table}")
        self._control.execute(_put_back(rows))
        self.changed()

    def changed(self) -> None:
        """The database may have changed."""
        self._snapshot = None

    def rows(self) -> Rows:
        """Everything that is committed."""
        if self._snapshot is None:
            found = self._control.execute(_SNAPSHOT).fetchone()
            assert found
            self._snapshot = found[0]
        return self._snapshot

    def blockers(self, pid: int) -> list[int]:
        """The processes of PostgreSQL whose locks this one waits for."""
        found = self._control.execute("SELECT pg_blocking_pids(%s)", [pid]).fetchone()
        assert found
        return list(found[0])

    def set_time(self) -> None:
        """Let PostgreSQL's clock show what the clock shows."""
        self._control.execute(f"UPDATE {clock.SCHEMA}.clock SET present = %s", [self.clock.now()])

    def from_now(self, moment: Any) -> Any:
        """Return how far a moment lies ahead, in seconds; what is past is all the same."""
        if not isinstance(moment, str) or len(moment) < 19:
            return moment
        try:
            return max(0.0, (datetime.fromisoformat(moment) - self.clock.now()).total_seconds())
        except (ValueError, TypeError):
            return moment

    def state(self) -> int:
        """Return a hash of what is committed, times counted from now."""
        return hash(
            tuple(
                (table, *(self._row_state(row) for row in rows))
                for table, rows in self.rows().items()
            )
        )

    def _row_state(self, row: dict[str, Any]) -> str:
        state = {
            name: {k: self.from_now(v) for k, v in value.items()}
            if isinstance(value, dict)
            else self.from_now(value)
            for name, value in row.items()
            if name not in UNIMPORTANT
        }
        if "ended_at" in row:
            state["ended"] = row["ended_at"] is not None
        return json.dumps(state, sort_keys=True)


def _put_back(rows: Rows) -> sql.SQL | sql.Composed:
    """Return the SQL that makes these rows, and no others, the content of their tables."""
    deletions = sql.SQL("").join(sql.SQL(f"DELETE FROM {table};") for table in reversed(rows))
    return deletions + sql.SQL("").join(
        sql.SQL(
            f"INSERT INTO {table} SELECT * FROM jsonb_populate_recordset(NULL::{table}, {{}});"
        ).format(json.dumps(content))
        for table, content in rows.items()
        if content
    )


def _control_connection() -> psycopg.Connection[Any]:
    """Return a connection past Django, without triggers, for what no actor does."""
    parameters = {
        name: value
        for name, value in connection.get_connection_params().items()
        if name in {"dbname", "user", "password", "host", "port"}
    }
    control = psycopg.connect(**parameters, autocommit=True)
    control.execute("SET session_replication_role = replica; SET synchronous_commit = off")
    return control
