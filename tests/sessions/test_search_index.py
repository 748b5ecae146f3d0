from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from threading import Event, Thread
from typing import Any

import pytest
from django.apps.registry import Apps
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mirror.models import LedgerEntry
from sessions_app.models import Session, SessionSearch
from sessions_app.search import find_sessions
from tests.support.factories import make_campaign, make_session, make_sessions

NIL = uuid.UUID(int=0)
COPY_MODULE = "sessions_app.migrations.0004_fill_session_search"

WAITING_FOR_ME = """
    SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))
"""


def found_names(owner: User, query: str) -> list[str]:
    return [session.name for session in find_sessions(owner, query)]


def run_sql(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Run a statement, and return its rows if it is a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def indexed_keys() -> set[uuid.UUID]:
    return set(SessionSearch.objects.values_list("pk", flat=True))


def index_row_version(session: Session) -> Any:
    """Return the transaction that wrote the index row of a session last."""
    sql = "SELECT xmin::text FROM sessions_app_sessionsearch WHERE session_id = %s"
    return run_sql(sql, session.pk)[0]


@pytest.mark.parametrize("field", ["name", "description", "transcript_text"])
def test_a_new_session_is_found_by_each_searched_field(owner: User, field: str) -> None:
    fields: dict[str, Any] = {field: "A kraken"}
    make_session(owner, **fields)
    assert len(found_names(owner, "kraken")) == 1


def test_sessions_of_a_bulk_create_are_found(owner: User) -> None:
    make_sessions(owner, 3, description="A kraken")
    assert sorted(found_names(owner, "kraken")) == ["Session 0", "Session 1", "Session 2"]


def save(session: Session, text: str) -> None:
    session.transcript_text = text
    session.save()


def bulk_update(session: Session, text: str) -> None:
    session.transcript_text = text
    Session.objects.bulk_update([session], ["transcript_text"])


def update_query(session: Session, text: str) -> None:
    Session.objects.filter(pk=session.pk).update(transcript_text=text)


def update_by_sql(session: Session, text: str) -> None:
    sql = "UPDATE sessions_app_session SET transcript_text = %s WHERE id = %s"
    run_sql(sql, text, session.pk)


@pytest.mark.parametrize("update", [save, bulk_update, update_query, update_by_sql])
def test_a_changed_text_is_found_and_the_old_one_is_not(
    owner: User, update: Callable[[Session, str], None]
) -> None:
    session = make_session(owner, name="Evening", transcript_text="A kraken")
    update(session, "A leviathan")
    assert found_names(owner, "leviathan") == ["Evening"]
    assert found_names(owner, "kraken") == []


def test_a_session_whose_primary_key_was_changed_is_found_under_the_new_key(owner: User) -> None:
    session = make_session(owner, name="A kraken")
    other = make_session(owner)
    run_sql("UPDATE sessions_app_session SET id = %s WHERE id = %s", NIL, session.pk)
    assert [found.pk for found in find_sessions(owner, "kraken")] == [NIL]
    assert indexed_keys() == {NIL, other.pk}


def delete_instance(session: Session) -> None:
    session.delete()


def delete_query(session: Session) -> None:
    Session.objects.filter(pk=session.pk).delete()


def delete_by_sql(session: Session) -> None:
    run_sql("DELETE FROM sessions_app_session WHERE id = %s", session.pk)


@pytest.mark.parametrize("delete", [delete_instance, delete_query, delete_by_sql])
def test_a_deleted_session_leaves_no_index_row(
    owner: User, delete: Callable[[Session], None]
) -> None:
    session, other = make_session(owner), make_session(owner)
    delete(session)
    assert indexed_keys() == {other.pk}


def test_the_sessions_of_a_deleted_owner_leave_no_index_rows(owner: User) -> None:
    make_sessions(owner, 2)
    owner.delete()
    assert indexed_keys() == set()


def test_truncate_leaves_no_index_rows(transactional_db: None, owner: User) -> None:
    make_sessions(owner, 2)
    run_sql("TRUNCATE sessions_app_session")
    assert indexed_keys() == set()


@pytest.mark.parametrize(
    ("field", "rewritten"),
    [("notes", False), ("metrics", False), ("speaker_names", False), ("name", True)],
)
def test_only_a_changed_searched_field_rewrites_the_index_row(
    transactional_db: None, owner: User, field: str, rewritten: bool
) -> None:
    session = make_session(owner, transcript_text="A kraken")
    before = index_row_version(session)
    session.save()
    Session.objects.filter(pk=session.pk).update(**{field: "changed"})
    assert (index_row_version(session) != before) is rewritten


def test_a_page_that_loads_sessions_does_not_load_their_vectors(gm: Client, owner: User) -> None:
    campaign = make_campaign(owner)
    session = make_session(owner, campaign, transcript_text="MATT: A kraken.")
    page = f"/sessions/{session.pk}/"
    paths = ["/", f"/campaigns/{campaign.pk}/", page, f"{page}edit/", f"{page}transcript/"]
    for path in paths:
        with CaptureQueriesContext(connection) as queries:
            assert gm.get(path).status_code == 200
        loaded = [query["sql"] for query in queries if "sessions_app_session" in query["sql"]]
        assert loaded, path
        assert not any("vector" in sql or "sessionsearch" in sql for sql in loaded), path


def migrate_to(name: str) -> Apps:
    """Migrate sessions_app to this migration, and return the models of that state."""
    target = [("sessions_app", name)]
    executor = MigrationExecutor(connection)
    executor.migrate(target)
    apps: Apps = executor.loader.project_state(target).apps
    return apps


@pytest.fixture
def newest_schema(transactional_db: None) -> Iterator[None]:
    """Restore the newest schema at the end of a test that migrates."""
    yield
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def columns() -> set[str]:
    sql = "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
    return {name for (name,) in run_sql(sql, "sessions_app_session")}


def found_by_the_old_column(word: str) -> list[str]:
    """Search as migration 0002 left it: in a column of the session table."""
    sql = """
        SELECT name FROM sessions_app_session
        WHERE search @@ websearch_to_tsquery('english', %s) ORDER BY name
    """
    return [name for (name,) in run_sql(sql, word)]


def revisions() -> dict[str, int]:
    return dict(LedgerEntry.objects.values_list("object_id", "revision"))


def test_after_the_move_from_the_old_column_all_sessions_are_found(
    newest_schema: None, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_session = migrate_to("0002_search").get_model("sessions_app", "Session")
    names = [f"Session {number}" for number in range(5)]
    for number, name in enumerate(names):
        key = NIL if number == 0 else uuid.uuid4()
        old_session.objects.create(pk=key, owner_id=owner.pk, name=name, transcript_text="A kraken")
    assert found_by_the_old_column("kraken") == names
    run_sql("UPDATE sessions_app_session SET search = NULL WHERE name = 'Session 3'")
    before = revisions()

    monkeypatch.setattr(f"{COPY_MODULE}.PORTION", 2)
    migrate_to("0004_fill_session_search")

    assert sorted(found_names(owner, "kraken")) == names
    assert "search" not in columns()
    assert revisions() == before


def test_a_session_that_changes_between_the_two_migrations_keeps_its_newer_vector(
    newest_schema: None, owner: User
) -> None:
    old_session = migrate_to("0002_search").get_model("sessions_app", "Session")
    old_session.objects.create(owner_id=owner.pk, name="Evening", transcript_text="A kraken")
    migrate_to("0003_session_search")
    run_sql("UPDATE sessions_app_session SET transcript_text = 'A leviathan'")

    migrate_to("0004_fill_session_search")

    assert found_names(owner, "leviathan") == ["Evening"]
    assert found_names(owner, "kraken") == []


def test_a_session_that_is_deleted_during_the_move_leaves_no_index_row(
    newest_schema: None, owner: User
) -> None:
    old_session = migrate_to("0002_search").get_model("sessions_app", "Session")
    old_session.objects.create(owner_id=owner.pk, name="Evening")
    migrate_to("0003_session_search")
    deleted = Event()

    def delete_slowly() -> None:
        """Delete, and commit once the migration waits for a lock."""
        with transaction.atomic():
            run_sql("DELETE FROM sessions_app_session")
            deleted.set()
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                if run_sql(WAITING_FOR_ME):
                    break
        connection.close()

    thread = Thread(target=delete_slowly)
    thread.start()
    assert deleted.wait(10)
    migrate_to("0004_fill_session_search")
    thread.join()
    assert indexed_keys() == set()


def test_after_the_move_is_undone_the_old_column_finds_all_sessions_and_follows_changes(
    newest_schema: None, owner: User
) -> None:
    make_session(owner, name="Before", transcript_text="A kraken")
    migrate_to("0003_session_search")
    run_sql("UPDATE sessions_app_session SET transcript_text = 'A leviathan'")
    before = revisions()

    old_session = migrate_to("0002_search").get_model("sessions_app", "Session")

    assert found_by_the_old_column("leviathan") == ["Before"]
    assert revisions() == before
    old_session.objects.create(owner_id=owner.pk, name="After", transcript_text="A leviathan")
    assert found_by_the_old_column("leviathan") == ["After", "Before"]
    old_session.objects.update(transcript_text="A basilisk")
    assert found_by_the_old_column("basilisk") == ["After", "Before"]
    indexes = run_sql("SELECT 1 FROM pg_indexes WHERE indexname = 'session_search'")
    assert len(indexes) == 1

    migrate_to("0004_fill_session_search")
    assert sorted(found_names(owner, "basilisk")) == ["After", "Before"]
