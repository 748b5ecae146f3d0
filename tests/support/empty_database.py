"""Empties the database after a test whose commits are real."""

from __future__ import annotations

from django.db import connection

# Django's own flush removes content types and permissions as well and makes them anew, and TRUNCATE
# makes a file for each table and index: both take longer than most tests.
_SQL = """
DO $$
DECLARE found regclass;
BEGIN
    SET LOCAL session_replication_role = replica;  -- no triggers, no foreign keys
    FOR found IN SELECT oid FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        AND relname NOT IN ('auth_permission', 'django_content_type', 'django_migrations')
    LOOP
        IF pg_total_relation_size(found) > 1000000 THEN
            EXECUTE format('TRUNCATE %s CASCADE', found);
        ELSE
            EXECUTE format('DELETE FROM %s', found);
        END IF;
    END LOOP;
END $$
"""


def empty_database(_: object) -> None:
    """Remove all rows but content types, permissions and the record of migrations."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL)
