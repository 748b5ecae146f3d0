"""Migrations lock no table for long, and leave the code that runs meanwhile in working order."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

OWN = ("accounts", "campaigns", "mirror", "sessions_app")
# What says how SQL should look, not what it locks or breaks. docs/deploy.md sets a lock_timeout.
MATTERS_OF_TASTE = (
    "prefer-bigint-over-int",
    "prefer-bigint-over-smallint",
    "prefer-identity",
    "prefer-robust-stmts",
    "prefer-text-field",
    "require-lock-timeout",
    "require-statement-timeout",
)
STOPPED = "an upgrade from 0.1.0 stops the site first, as docs/deploy.md says"
FEW_ROWS = "a game master has a few campaigns, so the index is built in a moment"
FEW_OUTAGES = "an outage is one row, so the index is built in a moment"
NEW_TABLE = "the same migration creates the table"

# Migration and rule -> why it is safe all the same.
ACCEPTED = {
    ("campaigns.0003_language_and_share_token", "disallowed-unique-constraint"): FEW_ROWS,
    ("campaigns.0003_language_and_share_token", "require-concurrent-index-creation"): FEW_ROWS,
    ("mirror.0003_generic_names", "renaming-column"): STOPPED,
    ("mirror.0003_generic_names", "require-concurrent-index-creation"): STOPPED,
    ("mirror.0003_generic_names", "require-concurrent-index-deletion"): STOPPED,
    ("mirror.0012_days", "adding-foreign-key-constraint"): NEW_TABLE,
    ("mirror.0012_days", "require-concurrent-index-creation"): FEW_OUTAGES,
    ("sessions_app.0002_search", "require-concurrent-index-creation"): STOPPED,
    ("sessions_app.0004_fill_session_search", "ban-drop-column"): STOPPED,
    ("sessions_app.0007_played_on_and_highlights", "adding-foreign-key-constraint"): NEW_TABLE,
    ("sessions_app.0007_played_on_and_highlights", "adding-required-field"): NEW_TABLE,
    ("sessions_app.0011_drop_session_search", "ban-drop-function"): STOPPED,
    ("sessions_app.0011_drop_session_search", "ban-drop-table"): STOPPED,
}


@pytest.fixture
def sql_files(transactional_db: None, tmp_path: Path) -> list[Path]:
    """A file for each migration, with its SQL."""
    loader = MigrationLoader(connection)
    files = []
    for label, name in sorted(loader.graph.nodes):
        if label in OWN:
            file = tmp_path / f"{label}.{name}.sql"
            migration = loader.graph.nodes[label, name]
            sql = "\n".join(loader.collect_sql([(migration, False)]))
            file.write_text(f"BEGIN;\n{sql}\nCOMMIT;\n" if migration.atomic else sql)
            files.append(file)
    return files


def findings(files: list[Path]) -> set[tuple[str, str]]:
    linter = Path(sys.executable).with_name("squawk")
    done = subprocess.run(
        [
            linter, "--reporter=json", "--pg-version=15.0",
            f"--exclude={','.join(MATTERS_OF_TASTE)}", *files,
        ],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return {(Path(one["file"]).stem, one["rule_name"]) for one in json.loads(done.stdout)}


def test_no_migration_locks_a_table_for_long_or_breaks_the_code_that_runs(
    sql_files: list[Path],
) -> None:
    found = findings(sql_files)
    assert found - ACCEPTED.keys() == set(), "split it, or say in ACCEPTED why it is safe"
    assert ACCEPTED.keys() - found == set(), "these exceptions are needed no more"


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ('CREATE INDEX i ON "sessions_app_session" (name);', "require-concurrent-index-creation"),
        ("DROP INDEX i;", "require-concurrent-index-deletion"),
        ("ALTER TABLE t ADD COLUMN c int NOT NULL;", "adding-required-field"),
        ("ALTER TABLE t ALTER COLUMN c TYPE bigint;", "changing-column-type"),
        ("ALTER TABLE t ALTER COLUMN c SET NOT NULL;", "adding-not-nullable-field"),
        ("ALTER TABLE t RENAME COLUMN a TO b;", "renaming-column"),
        ("ALTER TABLE t DROP COLUMN c;", "ban-drop-column"),
        (
            "ALTER TABLE t ADD COLUMN c int DEFAULT 0 NOT NULL;ALTER TABLE t ALTER c DROP DEFAULT;",
            "ban-drop-default",
        ),
    ],
)
def test_what_locks_or_breaks_is_found(sql: str, rule: str, tmp_path: Path) -> None:
    file = tmp_path / "one.sql"
    file.write_text(sql)
    assert ("one", rule) in findings([file])
