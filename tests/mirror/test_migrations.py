"""Migrations of the mirror: those that change data, and those that build indexes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from mirror.models import LedgerEntry
from tests.support.factories import make_campaign

Migrate = Callable[[str], Any]

BEFORE, AFTER = "0002_check_runs", "0003_generic_names"


@pytest.fixture
def check_runs_after(transactional_db: None) -> Iterator[Migrate]:
    """A function that migrates to a migration and returns the model ``CheckRun`` as of then.

    Afterwards the newest schema is restored.
    """

    def migrate(name: str) -> Any:
        target = [("mirror", name)]
        executor = MigrationExecutor(connection)
        executor.migrate(target)
        return executor.loader.project_state(target).apps.get_model("mirror", "CheckRun")

    yield migrate
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def kinds(prefix: str) -> dict[str, Any]:
    """Return the fields of a check run whose findings about S3 objects have this prefix."""
    names = [f"{prefix}stale", "missing", f"{prefix}orphaned", "stale", f"{prefix}missing"]
    findings = [
        {
            "kind": name,
            "model": "sessions_app.session",
            "object_id": f"transcript_{number}",
            "key": f"transcripts/transcript_{number}/1-0.json",
            "attributes": ["transcriptStorageKey"],
        }
        for number, name in enumerate(names)
    ]
    return {"counts": dict.fromkeys(names, 1) | {"orphaned": 0}, "findings": findings}


def test_the_kinds_of_findings_are_renamed_and_back(check_runs_after: Migrate) -> None:
    unchanged = {
        "started_at": datetime(2026, 2, 5, tzinfo=UTC),
        "seconds": 1.0,
        "complete": True,
        "expected": 9,
        "in_sync": 4,
        "pending": 0,
        "parked": 0,
        "parity_percent": 44,
    }
    check_runs = check_runs_after(BEFORE)
    full = check_runs.objects.create(**unchanged, **kinds("transcript_")).pk
    empty = check_runs.objects.create(**unchanged, counts={}, findings=[]).pk

    for migration, prefix in ((AFTER, "object_"), (BEFORE, "transcript_"), (AFTER, "object_")):
        runs = check_runs_after(migration).objects.values("counts", "findings")
        assert runs.get(pk=full) == kinds(prefix)
        assert runs.get(pk=empty) == {"counts": {}, "findings": []}


def test_an_interrupted_build_of_an_index_can_be_repeated(check_runs_after: Migrate) -> None:
    """It leaves an index that PostgreSQL never uses, under the name of the new one."""
    check_runs_after("0005_store_fills")
    build_again(check_runs_after, "ledger_due", "0007_ledger_due")
    with connection.cursor() as cursor:  # all that comes before the index is done already
        cursor.execute("ALTER TABLE mirror_ledgerentry ADD COLUMN backfill boolean DEFAULT false")
    build_again(check_runs_after, "ledger_in_turn", "0008_live_changes_first")


def build_again(check_runs_after: Migrate, index: str, migration: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE INDEX {index} ON mirror_ledgerentry (id)")
    check_runs_after(migration)
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [index])
        assert "GREATEST" in cursor.fetchone()[0]


def test_rows_can_be_saved_between_any_two_migrations(
    check_runs_after: Migrate, owner: User
) -> None:
    """As by another app's migration of data."""
    for name in ("0004_mark_functions", "0007_ledger_due", "0008_live_changes_first"):
        check_runs_after(name)
        make_campaign(owner, name).save()
    assert list(LedgerEntry.objects.values_list("revision", "backfill")) == [(2, False)] * 3
