"""A large ledger beside a large table, which PostgreSQL fills within seconds."""

from __future__ import annotations

from django.db import connection

CAMPAIGNS = "campaigns_campaign"
LEDGER = "mirror_ledgerentry"
NOTES_OF_CHECKS = "mirror_checknote"

# How the entries to add differ from those of campaigns that are due: SQL by column.
Columns = dict[str, str]
OWED: Columns = {}
MIRRORED: Columns = {"mirrored_revision": "1"}
BACKFILL: Columns = {"backfill": "true"}  # of a backfill
PARKED: Columns = {"parked_at": "now()"}
CLAIMED: Columns = {
    "claim": "gen_random_uuid()",
    "claimed_until": "now() + interval '1 hour'",
}
BACKED_OFF: Columns = {"next_attempt_at": "now() + interval '5 minutes'"}
UNREGISTERED: Columns = {"model": "'library.book'"}  # a model that is not mirrored any more

WAITING = [CLAIMED, BACKED_OFF, PARKED, UNREGISTERED]  # nothing of this can be claimed

_ENTRY: Columns = {
    "model": "'campaigns.campaign'",
    "object_id": "id",
    "next_attempt_at": "now() - interval '1 day' + number * interval '1 millisecond'",
    "item_keys": "jsonb_build_array(jsonb_build_array('user#1', 'camp#' || id))",
}


def refill(count: int, *states: Columns) -> None:
    """Let the ledger hold this number of entries in these states.

    The entries of rows that were really mirrored stay.
    """
    others = f"SELECT * FROM {LEDGER} WHERE mirrored_at IS NOT NULL"
    _execute(f"CREATE TEMPORARY TABLE others AS {others}")
    _execute(f"TRUNCATE {LEDGER}")  # so that nothing dead is left behind
    _execute(f"INSERT INTO {LEDGER} SELECT * FROM others")
    _execute("DROP TABLE others")
    share = count // len(states)
    for number, columns in enumerate(states):
        _add_entries(share, columns, first=number * share)
    _execute(f"VACUUM ANALYZE {LEDGER}")  # as autovacuum does


def refill_campaigns(count: int, owner_id: int) -> None:
    """Let there be this number of campaigns more, past triggers and foreign keys."""
    _execute("SET session_replication_role = replica")
    try:
        _execute(f"DELETE FROM {CAMPAIGNS} WHERE description = 'many'")
        _execute(
            f"INSERT INTO {CAMPAIGNS}"
            " (id, owner_id, name, description, language, created_at, updated_at)"
            " SELECT md5(number::text)::uuid, %s, number, 'many', '', now(), now()"
            " FROM generate_series(0, %s) AS numbers(number)",
            [owner_id, count - 1],
        )
    finally:
        _execute("SET session_replication_role = DEFAULT")
    _execute(f"VACUUM ANALYZE {CAMPAIGNS}")


def add_notes(count: int) -> None:
    """Add this number of notes of checks that are gone, past foreign keys."""
    _execute("SET session_replication_role = replica")
    try:
        _execute(
            f"INSERT INTO {NOTES_OF_CHECKS} (shared_check_id, token, kind, bucket, content)"
            " SELECT -1 - number %% 10, 'token', 'seen', number, ''"
            " FROM generate_series(1, %s) AS numbers(number)",
            [count],
        )
    finally:
        _execute("SET session_replication_role = DEFAULT")
    _execute(f"VACUUM ANALYZE {NOTES_OF_CHECKS}")


def _add_entries(count: int, columns: Columns, *, first: int = 0) -> None:
    """Add entries for campaigns, as ``refill_campaigns`` numbers them."""
    values = _ENTRY | columns
    _execute(
        f"INSERT INTO {LEDGER} ({', '.join(values)}) SELECT {', '.join(values.values())} FROM"
        " (SELECT number, md5(number::text)::uuid::text AS id FROM generate_series(%s, %s)"
        " AS numbers(number)) AS campaigns",
        [first, first + count - 1],
    )


def _execute(sql: str, params: list[int] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
