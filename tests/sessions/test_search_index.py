from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from threading import Event, Thread
from typing import Any

import pytest
from django.apps.registry import Apps
from django.contrib.auth.models import User
from django.db import ProgrammingError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mirror.models import LedgerEntry
from sessions_app.models import Session
from sessions_app.search_index import Kind, SearchText, SearchWord
from tests.support.factories import make_campaign, make_session, make_sessions, make_user
from tests.support.searching import find, found_names, hits_of

NIL = uuid.UUID(int=0)

WAITING_FOR_ME = """
    SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))
"""


def run_sql(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Run a statement, and return its rows if it is a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def indexed_keys() -> set[uuid.UUID]:
    return set(SearchText.objects.values_list("session_id", flat=True))


def index_rows(session: Session, *kinds: str) -> set[int]:
    """Return the ids of the index rows of these kinds: a text that is written anew gets another."""
    texts = SearchText.objects.filter(session_id=session.pk, kind__in=kinds)
    return set(texts.values_list("pk", flat=True))


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("name", Kind.NAME),
        ("description", Kind.DESCRIPTION),
        ("notes", Kind.NOTES),
        ("summary", Kind.SUMMARY),
        ("player_recap", Kind.RECAP),
        ("transcript_text", Kind.TRANSCRIPT),
        ("speaker_names", Kind.SPEAKERS),
    ],
)
def test_a_session_is_found_by_each_field(owner: User, field: str, kind: Kind) -> None:
    value: Any = "A kraken" if field != "speaker_names" else {"spk_0": "A kraken", "spk_1": None}
    session = make_session(owner, **{field: value})
    other = make_session(owner)
    Session.objects.filter(pk=other.pk).update(**{field: value})
    assert len(found_names(owner, "kraken")) == 2
    whole = Kind.SPOKEN if kind == Kind.TRANSCRIPT else Kind.TYPED
    for keys, expected in (("'kraken'", kind), ("'a kraken'", kind), ("'!kraken'", whole)):
        (text,) = SearchText.objects.having(keys).filter(session_id=session.pk)
        assert text.kind == expected


def test_words_of_different_fields_are_no_phrase(owner: User) -> None:
    make_session(owner, name="A dark", description="wood", transcript_text="MATT: A dark.")
    assert found_names(owner, "dark wood") == ["A dark"]
    assert found_names(owner, '"dark wood"') == []


def test_the_last_words_of_a_long_transcript_are_found(owner: User) -> None:
    """Of 60,000 different words, with their pairs, one row has not room for the keys."""
    words = [f"{number:05}" for number in range(60_000)]
    make_session(owner, name="Long", transcript_text="\n".join(words))
    assert found_names(owner, "59999") == ["Long"]
    assert found_names(owner, '"59998 59999"') == ["Long"]
    assert found_names(owner, '"59999 59998"') == []


def test_a_corrected_word_leaves_the_other_passages_as_they_are(owner: User) -> None:
    lines = [f"MATT: {number} steps into the dark." for number in range(200)]
    session = make_session(owner, name="Evening", transcript_text="\n".join(lines))
    before = index_rows(session, Kind.TRANSCRIPT)
    lines[100] = "MATT: 100 leaps into the dark."
    update_query(session, "\n".join(lines))
    kept = before & index_rows(session, Kind.TRANSCRIPT)
    assert 0 < len(before) - len(kept) <= 2
    assert len(index_rows(session, Kind.TRANSCRIPT)) == len(before)
    assert found_names(owner, '"100 leaps"') == ["Evening"]
    assert found_names(owner, '"100 steps"') == []


def test_the_places_of_a_corrected_transcript_keep_their_order(owner: User) -> None:
    lines = [f"MATT: The kraken wakes, {number}. {'Rain falls. ' * 60}" for number in range(4)]
    session = make_session(owner, transcript_text="\n".join(lines))
    update_query(session, "\n".join(["MATT: The kraken sleeps.", *lines]))
    (hit,) = hits_of(owner, "kraken")
    assert [int(place.href.split("line=")[1]) for place in hit.places] == [1, 2, 3]


def test_a_joint_speaker_has_the_names_that_the_people_were_given(owner: User) -> None:
    make_session(owner, transcript_text="LAURA & SAM: A kraken.", speaker_names={"LAURA": "Vex"})
    (hit,) = hits_of(owner, "kraken")
    assert [place.label for place in hit.places] == ["Vex & SAM"]


def test_speaker_names_that_another_program_wrote_are_no_obstacle(owner: User) -> None:
    make_session(owner, name="Evening", speaker_names=["A kraken"])
    assert found_names(owner, "evening") == ["Evening"]


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
    assert [found.pk for found in find(owner, "kraken")] == [NIL]
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
    assert not SearchWord.objects.exists()


def test_truncate_leaves_no_index_rows(transactional_db: None, owner: User) -> None:
    make_sessions(owner, 2)
    run_sql("TRUNCATE sessions_app_session CASCADE")
    assert indexed_keys() == set()
    assert not SearchWord.objects.exists()


def test_the_words_of_an_owner_go_with_the_last_session(owner: User) -> None:
    kept, dropped = make_session(owner, name="Kraken"), make_session(owner, name="Leviathan")
    dropped.delete()
    assert {word.word for word in SearchWord.objects.all()} == {"kraken", "leviathan"}
    kept.delete()
    assert not SearchWord.objects.exists()


def test_a_session_of_another_owner_is_found_by_that_owner_only(owner: User) -> None:
    session = make_session(owner, name="A kraken", transcript_text="MATT: Rain.")
    other = make_user("other")
    Session.objects.filter(pk=session.pk).update(owner=other)
    assert (found_names(owner, "kraken"), found_names(owner, "rain")) == ([], [])
    assert found_names(other, "krakens rain") == ["A kraken"]


TYPED = (Kind.TYPED, Kind.NAME, Kind.NOTES)
SPOKEN = (Kind.SPOKEN, Kind.TRANSCRIPT)


@pytest.mark.parametrize(
    ("field", "rewritten"),
    [
        ("notes", TYPED),
        ("transcript_text", SPOKEN),
        ("metrics", ()),
        ("name", TYPED),
    ],
)
def test_a_change_rewrites_only_what_is_kept_of_its_part(
    owner: User, field: str, rewritten: tuple[str, ...]
) -> None:
    session = make_session(owner, notes="A letter", transcript_text="A kraken")
    session.save()
    before = {part: index_rows(session, *part) for part in (TYPED, SPOKEN)}
    Session.objects.filter(pk=session.pk).update(**{field: "changed"})
    for part in (TYPED, SPOKEN):
        assert index_rows(session, *part)
        assert (index_rows(session, *part) != before[part]) is (part == rewritten)


def test_each_word_is_looked_up_in_the_index_whatever_the_statistics_say(
    owner: User,
) -> None:
    """As after an ANALYZE that ran during a long import: its rows do not count yet."""
    session = make_session(owner, transcript_text=" ".join(f"word{n}" for n in range(2_000)))
    run_sql(
        "UPDATE pg_class SET reltuples = 0, relpages = 2000 WHERE relname IN (%s, %s)",
        SearchWord._meta.db_table,
        SearchText._meta.db_table,
    )
    look_ups = "SELECT idx_scan FROM pg_stat_xact_user_tables WHERE relname = %s"
    ((before,),) = run_sql(look_ups, SearchWord._meta.db_table)
    Session.objects.filter(pk=session.pk).update(notes=session.transcript_text)
    ((after,),) = run_sql(look_ups, SearchWord._meta.db_table)
    assert after - before >= 2_000


@pytest.mark.django_db(transaction=True)
def test_each_word_is_looked_up_in_the_index_after_the_last_session_is_gone() -> None:
    """VACUUM gives the pages back, so that reading the whole table seems to cost nothing."""
    owner = make_user()
    words = " ".join(f"word{n}" for n in range(2_000))
    make_session(owner, transcript_text=words).delete()
    run_sql(f"VACUUM {SearchWord._meta.db_table}")
    reads = "SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = %s"
    with transaction.atomic():
        ((before,),) = run_sql(reads, SearchWord._meta.db_table)
        make_session(owner, transcript_text=words)
        ((after,),) = run_sql(reads, SearchWord._meta.db_table)
    assert after - before < 10


def test_a_page_that_loads_sessions_does_not_load_their_index(gm: Client, owner: User) -> None:
    campaign = make_campaign(owner)
    session = make_session(owner, campaign, transcript_text="MATT: A kraken.")
    page = f"/sessions/{session.pk}/"
    paths = ["/", f"/campaigns/{campaign.pk}/", page, f"{page}edit/", f"{page}transcript/"]
    for path in paths:
        with CaptureQueriesContext(connection) as queries:
            assert gm.get(path).status_code == 200
        loaded = [query["sql"] for query in queries if "sessions_app_session" in query["sql"]]
        assert loaded, path
        assert not any("searchtext" in sql for sql in loaded), path


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


BEFORE, NEW, NEWEST = "0008_order_by_day", "0009_search_texts", "0012_whole_sessions"


def found_before(word: str) -> list[str]:
    """Search as it was up to migration 0008: by a vector for each session."""
    sql = """
        SELECT name FROM sessions_app_session JOIN sessions_app_sessionsearch ON session_id = id
        WHERE vector @@ websearch_to_tsquery('english', %s) ORDER BY name
    """
    return [name for (name,) in run_sql(sql, word)]


def revisions() -> dict[str, int]:
    return dict(LedgerEntry.objects.values_list("object_id", "revision"))


def test_the_sessions_from_before_are_found_after_the_migration(
    newest_schema: None, owner: User
) -> None:
    sessions = migrate_to(BEFORE).get_model("sessions_app", "Session").objects
    for number in range(3):
        sessions.create(
            pk=NIL if number == 0 else uuid.uuid4(), owner_id=owner.pk, name=f"Session {number}",
            notes="A letter", transcript_text="A kraken", speaker_names={"spk_0": "Matt"},
        )  # fmt: skip
    before = revisions()
    migrate_to(NEW)
    run_sql("UPDATE sessions_app_session SET notes = 'A map' WHERE name = 'Session 1'")
    run_sql("DELETE FROM sessions_app_session WHERE name = 'Session 2'")
    migrate_to(NEWEST)
    assert sorted(found_names(owner, "kraken matt")) == ["Session 0", "Session 1"]
    assert found_names(owner, "letter") == ["Session 0"]
    assert found_names(owner, "map") == ["Session 1"]
    assert SearchText.objects.count() == 2 * len((*TYPED, *SPOKEN, Kind.SPEAKERS))
    changed = {key: revision for key, revision in revisions().items() if before[key] != revision}
    assert len(changed) == 2


def test_the_migration_waits_for_a_save_and_indexes_what_it_saved(
    newest_schema: None, owner: User
) -> None:
    sessions = migrate_to(BEFORE).get_model("sessions_app", "Session").objects
    sessions.create(owner_id=owner.pk, name="Evening", transcript_text="A kraken")
    migrate_to(NEW)
    saved = Event()

    def save_slowly() -> None:
        """Save, and commit once the migration waits for a lock."""
        with transaction.atomic():
            run_sql("UPDATE sessions_app_session SET transcript_text = 'A leviathan'")
            saved.set()
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                if run_sql(WAITING_FOR_ME):
                    break
        connection.close()

    thread = Thread(target=save_slowly)
    thread.start()
    assert saved.wait(10)
    migrate_to(NEWEST)
    thread.join()
    assert found_names(owner, "leviathan") == ["Evening"]
    assert found_names(owner, "kraken") == []


def test_after_the_migration_is_undone_the_vectors_find_all_sessions_and_follow_changes(
    newest_schema: None, owner: User
) -> None:
    make_session(owner, name="Before", transcript_text="A kraken")
    sessions = migrate_to(BEFORE).get_model("sessions_app", "Session").objects
    assert found_before("kraken") == ["Before"]
    sessions.create(owner_id=owner.pk, name="After", transcript_text="A kraken")
    assert found_before("kraken") == ["After", "Before"]
    sessions.update(transcript_text="A basilisk")
    assert found_before("basilisk") == ["After", "Before"]
    migrate_to(NEWEST)
    assert sorted(found_names(owner, "basilisk")) == ["After", "Before"]


def test_the_undoing_of_a_migration_can_be_repeated_after_an_interruption(
    newest_schema: None, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_session(owner, name="Evening", transcript_text="A kraken")
    with monkeypatch.context() as patch:
        patch.setattr("sessions_app.migrations.0010_fill_search_texts.PUT", "interrupted")
        with pytest.raises(ProgrammingError, match="interrupted"):
            migrate_to("0011_drop_session_search")
    migrate_to("0011_drop_session_search")
    assert SearchText.objects.having("'#whole' & 'kraken'").exists()


def test_the_first_migrations_can_be_undone_and_done_again(
    newest_schema: None, owner: User
) -> None:
    make_session(owner, name="Evening", transcript_text="A kraken")
    migrate_to("0002_search")
    assert run_sql("SELECT name FROM sessions_app_session WHERE search @@ 'kraken'") == [
        ("Evening",)
    ]
    migrate_to(NEWEST)
    assert found_names(owner, "kraken") == ["Evening"]
