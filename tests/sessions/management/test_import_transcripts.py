import io
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DataError
from tqdm import tqdm

from campaigns.models import Campaign
from sessions_app.exports import archive_campaign, export
from sessions_app.management.commands import import_transcripts
from sessions_app.management.commands.import_transcripts import MAX_WITHOUT_PROGRESS, Command
from sessions_app.models import Session
from sessions_app.transcripts import Turn, turns
from tests.support.factories import make_campaign, make_sessions, make_user
from tests.support.manage import assert_fails_with_one_sentence, database_url, manage
from tests.support.pages import changed_fields
from tests.support.transcribe_files import EVENING, as_file, session_with

pytestmark = pytest.mark.django_db

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A function that writes a file and returns its path."""

    def write(name: str, text: str | bytes = "MATT: hello there\n") -> str:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(path)

    return write


def run(*files: str, campaign: str | None = "The Shoal", user: str = "gm", **options: Any) -> str:
    out = io.StringIO()
    call_command("import_transcripts", *files, owner=user, campaign=campaign, stdout=out, **options)
    return out.getvalue()


def refused(*files: str, **options: Any) -> str:
    """Run the command, assert that it changes nothing, and return its error."""
    before = (Campaign.objects.count(), Session.objects.count())
    with pytest.raises(CommandError) as caught:
        run(*files, **options)
    assert (Campaign.objects.count(), Session.objects.count()) == before
    return str(caught.value)


def test_each_file_becomes_a_session(owner: User, write: Write) -> None:
    first = write("01_the-ninth-lamp.txt", "\ufeffMATT: One two.\r\nLAURA: Three.\r\n")
    second = write("02_oil.txt")
    output = run(first, second)

    campaign = Campaign.objects.get(owner=owner)
    assert campaign.name == "The Shoal"
    session = campaign.sessions.get(name="01 the ninth lamp")
    assert session.owner == owner
    assert session.transcript_text == "MATT: One two.\nLAURA: Three.\n"
    assert session.metrics == {
        "totalWordCount": 3,
        "speakerDistribution": {"MATT": {"words": 2}, "LAURA": {"words": 1}},
    }
    assert session.transcript_json is None
    assert campaign.sessions.get(name="02 oil").transcript_text == "MATT: hello there\n"
    assert output == (
        'Created the campaign "The Shoal".\n2 sessions imported (5 words), 0 skipped.\n'
    )


def test_every_format_is_imported(owner: User, write: Write) -> None:
    webvtt = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v RUTH>Hello\n"
    run(
        write("job.json", as_file(EVENING)),
        write("a.vtt", webvtt),
        write("b.srt", "1\n00:00:01,000 --> 00:00:02,000\nRUTH: Hello\n"),
    )
    sessions = {session.name: session for session in Session.objects.all()}
    assert sessions["job"].transcript_json == EVENING
    for name in ("a", "b"):
        assert sessions[name].transcript_text == "RUTH: Hello\n"
        assert sessions[name].metrics == {
            "totalDuration": 2.0,
            "totalWordCount": 1,
            "speakerDistribution": {"RUTH": {"words": 1, "duration": 1.0}},
        }
        assert turns(sessions[name]) == [Turn("RUTH", "RUTH", 1.0, 2.0, "Hello")]


def test_how_a_file_was_read_is_told(owner: User, write: Write) -> None:
    path = write("a.txt", "MATT: Café.".encode("latin-1"))
    assert f"{path}: Read as Windows-1252.\n" in run(path)


def test_an_unfinished_job_is_refused(owner: User, write: Write) -> None:
    path = write("job.json", as_file(EVENING | {"status": "FAILED"}))
    assert "its status is FAILED" in refused(path)


def test_an_existing_campaign_of_that_name_is_used(owner: User, write: Write) -> None:
    campaign = make_campaign(owner, "The Shoal", description="Mine.")
    other = make_campaign(make_user("rival"), "The Shoal")
    output = run(write("01.txt"), campaign=" The Shoal ")
    assert "Created" not in output
    assert campaign.sessions.count() == 1
    assert other.sessions.count() == 0


def test_repeating_the_command_skips_sessions_that_are_there(owner: User, write: Write) -> None:
    first, second = write("01.txt"), write("02.txt")
    run(first)
    kept = Session.objects.get()
    output = run(first, second)
    assert f"Skipped {first}" in output
    assert "1 session imported (2 words), 1 skipped." in output
    assert Session.objects.count() == 2
    kept_again = Session.objects.get(pk=kept.pk)
    assert kept_again.updated_at == kept.updated_at


def test_the_same_file_twice_becomes_one_session(owner: User, write: Write) -> None:
    path = write("01.txt")
    assert "1 session imported (2 words), 1 skipped." in run(path, path)
    assert Session.objects.count() == 1


def test_a_session_of_another_campaign_is_not_skipped(owner: User, write: Write) -> None:
    path = write("01.txt")
    run(path)
    run(path, campaign="Another")
    assert Session.objects.count() == 2


def test_another_transcript_of_the_same_name_becomes_a_second_session(
    owner: User, write: Write
) -> None:
    path = write("01.txt")
    run(path)
    write("01.txt", "MATT: something else\n")
    output = run(path)
    assert f"{path} becomes a second session of the same name" in output
    assert set(Session.objects.values_list("transcript_text", flat=True)) == {
        "MATT: hello there\n",
        "MATT: something else\n",
    }


def test_an_unknown_owner_is_refused(owner: User, write: Write) -> None:
    assert refused(write("01.txt"), user="nobody") == (
        "There is no user nobody. Nothing was changed."
    )
    assert refused(write("01.txt"), user="caf\udce9").startswith("There is no user caf\ufffd.")


@pytest.mark.parametrize(
    ("campaign", "message"),
    [
        ("", "This field cannot be blank."),
        (" ", "This field cannot be blank."),
        ("a" * 201, "at most 200 characters"),
        ("caf\udce9", "surrogate"),
    ],
)
def test_an_invalid_campaign_name_is_refused(
    owner: User, write: Write, campaign: str, message: str
) -> None:
    error = refused(write("01.txt"), campaign=campaign)
    assert error.startswith("The campaign's name is invalid: ")
    assert message in error


def test_two_campaigns_of_that_name_are_refused(owner: User, write: Write) -> None:
    for _ in range(2):
        make_campaign(owner, "The Shoal")
    assert "more than one campaign with that name" in refused(write("01.txt"))


def test_a_file_that_cannot_be_imported_is_named(owner: User, write: Write, tmp_path: Path) -> None:
    good = write("good.txt")
    missing = str(tmp_path / "missing.txt")
    neither = write("neither.txt", b"MATT: caf\x81")
    long = write("a" * 201 + ".txt")
    lines = write("lines.txt", "A: b\n" * 200_001)
    loop = tmp_path / "loop.txt"
    loop.symlink_to(loop)
    endless = tmp_path / "endless.txt"
    endless.symlink_to("/dev/zero")

    assert refused(good, missing) == f"{missing} does not exist. Nothing was changed."
    assert refused(good, str(tmp_path)).startswith(f"{tmp_path} is a folder")
    assert refused(good, neither).startswith(f"{neither}, line 1: this is neither UTF-8 nor")
    assert "too long a name" in refused(good, long)
    assert f"{lines} has more than 200,000 lines" in refused(good, lines)
    assert "cannot be read (" in refused(good, str(loop))
    assert "larger than 64 MB" in refused(good, str(endless))


def test_a_file_without_read_permission_is_named(
    owner: User, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("01.txt")

    def forbidden(self: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    # The tests may run as root, who can read every file.
    monkeypatch.setattr(Path, "open", forbidden)
    assert refused(path).startswith(f"{path} may not be read")


def test_further_bad_files_are_counted(owner: User, write: Write) -> None:
    empty, word, nul = write("a.txt", ""), write("b.docx"), write("c.txt", b"x\x00")
    assert refused(empty, write("good.txt"), word, nul) == (
        f"{empty} is empty. 2 more cannot be imported. Nothing was changed."
    )


def test_a_database_error_halfway_undoes_everything_and_quotes_nothing(
    owner: User, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = Session.save

    def fail_at_second(self: Session, **options: Any) -> None:
        if self.name == "02":
            raise DataError("invalid row: SECRET")
        save(self, **options)

    monkeypatch.setattr(Session, "save", fail_at_second)
    error = refused(write("01.txt"), write("02.txt"))
    assert error == "The database refused the import (DataError). Nothing was changed."


def test_an_interrupt_undoes_everything(
    owner: User, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(self: Session, **options: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Session, "save", interrupt)
    with pytest.raises(CommandError, match=r"^Stopped: all of the files .* or none\.") as caught:
        run(write("01.txt"))
    assert caught.value.returncode == 130
    assert not Campaign.objects.exists()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "files", "options", "bar"),
    [
        (Terminal, MAX_WITHOUT_PROGRESS + 1, {}, True),
        (Terminal, MAX_WITHOUT_PROGRESS, {}, False),
        (Terminal, MAX_WITHOUT_PROGRESS + 1, {"verbosity": 0}, False),
        (io.StringIO, MAX_WITHOUT_PROGRESS + 1, {}, False),
    ],
    ids=["many", "few", "quiet", "pipe"],
)
def test_a_progress_bar_is_shown_for_many_files_on_a_terminal(
    owner: User,
    write: Write,
    monkeypatch: pytest.MonkeyPatch,
    stream: type[io.StringIO],
    files: int,
    options: dict[str, Any],
    bar: bool,
) -> None:
    err = stream()
    monkeypatch.setattr(sys, "stderr", err)
    output = run(*[write(f"{number}.txt") for number in range(files)], **options)
    assert ("Importing" in err.getvalue()) is bar
    assert Session.objects.count() == files
    assert bool(output) is ("verbosity" not in options)


def test_the_sessions_of_an_archive_are_counted_on_a_terminal(
    owner: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = make_campaign(owner, "Lamps")
    make_sessions(owner, 3, campaign)
    archive = tmp_path / "Lamps.zip"
    archive.write_bytes(b"".join(archive_campaign(campaign).chunks))
    monkeypatch.setattr(sys, "stderr", err := Terminal())
    monkeypatch.setattr(import_transcripts, "tqdm", partial(tqdm, mininterval=0))
    run(str(archive), campaign=None)
    assert "Importing: 3 sessions" in err.getvalue()


def test_without_a_campaign_transcripts_are_unfiled(owner: User, write: Write) -> None:
    path = write("2024-03-17 The door.txt")
    assert "1 session imported (2 words), 0 skipped." in run(path, campaign=None)
    session = Session.objects.get(owner=owner)
    assert (session.campaign, session.played_on) == (None, date(2024, 3, 17))
    assert "0 sessions imported (0 words), 1 skipped." in run(path, campaign=None)
    assert not Campaign.objects.exists()


def test_a_session_and_an_archive_come_back_whole(owner: User, tmp_path: Path) -> None:
    campaign = make_campaign(owner, "Lamps", description="Fog.", language="de")
    session = session_with(
        as_file(EVENING), owner=owner, campaign=campaign, name="Fog", audio_storage_key="fog.flac"
    )
    session.save()
    file, archive = tmp_path / "Fog.json", tmp_path / "Lamps.zip"
    file.write_bytes(export(session, "json").content)
    archive.write_bytes(b"".join(archive_campaign(campaign).chunks))
    before = Session.objects.values().get()

    session.delete()
    run(str(file), campaign=None)
    assert changed_fields(before, Session.objects.values().get()) == {"updated_at"}

    campaign.sessions.all().delete()
    campaign.delete()
    output = run(str(archive), campaign=None)
    assert 'Created the campaign "Lamps".' in output
    assert changed_fields(before, Session.objects.values().get()) == {"updated_at"}
    assert "0 sessions imported (0 words), 1 skipped." in run(str(archive), campaign=None)

    assert "1 session imported" in run(str(archive), campaign="Elsewhere")
    again = Session.objects.get(campaign__name="Elsewhere")
    assert again.pk != session.pk
    assert again.transcript_json == EVENING


def test_the_help_has_examples() -> None:
    text = Command().create_parser("manage.py", "import_transcripts").format_help()
    assert '\n  manage.py import_transcripts --owner gm --campaign "The Drowned Ledger"' in text
    assert "\n  LAURA: I listen at it.\n" in text


def test_bad_input_from_a_shell_ends_with_one_sentence_and_changes_nothing(
    transactional_db: None, owner: User, tmp_path: Path
) -> None:
    good, latin = tmp_path / "good.txt", tmp_path / "latin.txt"
    good.write_text("MATT: Hello.")
    latin.write_bytes(b"MATT: Caf\x81.")
    url = database_url()

    def run_in_process(user: str, *files: Path) -> subprocess.CompletedProcess[str]:
        names = [str(file) for file in files]
        return manage(
            "import_transcripts", "--owner", user, "--campaign", "New", *names, DATABASE_URL=url
        )

    name = owner.username
    assert_fails_with_one_sentence(run_in_process("nobody", good), "nobody")
    assert_fails_with_one_sentence(run_in_process(name, good, latin), "latin.txt", "UTF-8")
    absent = tmp_path / "absent.txt"
    assert_fails_with_one_sentence(run_in_process(name, good, absent), "absent.txt")
    assert not Campaign.objects.exists()
    assert run_in_process(name, good).returncode == 0
    assert Campaign.objects.get().sessions.count() == 1
