"""The transcript of a session, in the browser's hands."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from sessions_app import reader
from sessions_app.models import Session
from sessions_app.reader import Reading
from sessions_app.transcripts import Turn

LOG = "MATT: Roll for initiative.\nLAURA: Twenty!\nMATT: A dragon.\n"


@pytest.fixture
def session(owner: User) -> Session:
    return Session.objects.create(owner=owner, name="Evening", notes="Kept")


@pytest.fixture
def path(session: Session) -> str:
    return f"/sessions/{session.pk}/transcript/"


def text(response: Any) -> str:
    return str(response.content.decode())


def test_without_a_transcript_the_page_asks_for_one(gm: Client, path: str) -> None:
    assert "Add the transcript" in text(gm.get(path))


def test_pasting(gm: Client, path: str, session: Session) -> None:
    answer = gm.post(f"{path}edit/", {"text": LOG.replace("\n", "\r\n")})
    assert answer["Location"] == path
    session.refresh_from_db()
    assert session.transcript_text == LOG
    assert session.metrics is not None
    assert session.metrics["totalWordCount"] == 6
    assert session.notes == "Kept"
    page = text(gm.get(path))
    assert page.count("<li id=") == 3
    assert "Roll for initiative." in page


def test_uploading_a_file(gm: Client, path: str, session: Session) -> None:
    file = SimpleUploadedFile("log.txt", LOG.encode())
    assert gm.post(f"{path}edit/", {"text": "", "file": file}).status_code == 302
    session.refresh_from_db()
    assert session.transcript_text == LOG


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"SECRET: caf\xe9", "line 1"), (b"SECRET: \x00", "line 1"), (b"\n ", "empty")],
)
def test_a_file_that_cannot_be_read_is_explained(
    gm: Client, path: str, session: Session, content: bytes, problem: str
) -> None:
    answer = gm.post(f"{path}edit/", {"file": SimpleUploadedFile("log.txt", content)})
    assert answer.status_code == 200
    errors = str(answer.context["form"].errors)
    assert problem in errors
    assert "SECRET" not in errors
    session.refresh_from_db()
    assert not session.has_transcript


def test_nothing_at_all_is_explained(gm: Client, path: str) -> None:
    assert "Paste the transcript, or choose a file." in text(gm.post(f"{path}edit/", {"text": " "}))


def test_text_and_a_file_at_once_are_refused(gm: Client, path: str, session: Session) -> None:
    file = SimpleUploadedFile("log.txt", LOG.encode())
    page = text(gm.post(f"{path}edit/", {"text": "SAM: Mine.", "file": file}))
    assert "Paste the transcript or choose a file, not both." in page
    assert "SAM: Mine." in page
    session.refresh_from_db()
    assert not session.has_transcript


@pytest.mark.parametrize("start", ["{music plays}", "WEBVTTs are subtitles"])
def test_pasted_text_that_only_begins_like_another_format(
    gm: Client, path: str, session: Session, start: str
) -> None:
    gm.post(f"{path}edit/", {"text": f"{start}\n{LOG}"})
    session.refresh_from_db()
    assert session.transcript_text == f"{start}\n{LOG}"
    assert session.transcript_json is None


SPOKEN = {"transcript": "Hello.", "start_time": "0.5", "end_time": "1.0"}


@pytest.mark.parametrize(
    "pasted",
    [
        json.dumps({"results": {"audio_segments": [SPOKEN]}}, indent=1),
        "WEBVTT\n\n00:00.500 --> 00:01.000\nHello.\n",
        "\n1\n00:00:00,500 --> 00:00:01,000\nHello.\n",
    ],
)
def test_pasted_files_are_recognised(gm: Client, path: str, session: Session, pasted: str) -> None:
    gm.post(f"{path}edit/", {"text": pasted})
    assert Reading(Session.objects.get()).has_times


@pytest.mark.parametrize(
    ("pasted", "problem"),
    [
        ('{"results":\n {"a" 1}}', "The text is not JSON from line 2, column 7 on."),
        ("WEBVTT\n\n00:01 --> 00:02\nHello.\n", "in line 3, but an arrow."),
        ("\nWEBVTT\n\n00:00.500 --> 00:01.000\nHello.\n", "its line 1 does not begin with"),
        ("1\n00:01 --> 00:02\nHello.\n", "in line 2, but an arrow."),
    ],
)
def test_what_is_wrong_with_a_pasted_file_is_told(
    gm: Client, path: str, session: Session, pasted: str, problem: str
) -> None:
    errors = gm.post(f"{path}edit/", {"text": pasted}).context["form"].non_field_errors()
    assert problem in errors[0]
    assert errors[0].startswith("The text ")


@pytest.mark.parametrize("data", [{"text": "MATT: a\x00b"}, {"text": "x", "loaded": "\x00"}])
def test_null_characters_are_form_errors(gm: Client, path: str, data: dict[str, str]) -> None:
    answer = gm.post(f"{path}edit/", data)
    assert answer.status_code == 200
    assert answer.context["form"].errors


@pytest.mark.parametrize("page", ["", "edit/"])
def test_of_two_tabs_the_second_is_told(gm: Client, path: str, session: Session, page: str) -> None:
    loaded = gm.get(f"{path}{page}").context["form"]["loaded"].value()
    gm.post(f"{path}edit/", {"text": LOG, "loaded": loaded})
    answer = gm.post(f"{path}edit/", {"text": "SAM: Mine.", "loaded": loaded})
    assert "Another tab saved a transcript" in text(answer)
    assert "SAM: Mine." in text(answer)
    session.refresh_from_db()
    assert session.transcript_text == LOG
    again = answer.context["form"]["loaded"].value()
    gm.post(f"{path}edit/", {"text": "SAM: Mine.", "loaded": again})
    session.refresh_from_db()
    assert session.transcript_text == "SAM: Mine."


def test_a_form_that_does_not_say_what_it_has_seen_replaces_nothing(
    gm: Client, path: str, session: Session
) -> None:
    gm.post(f"{path}edit/", {"text": LOG})
    assert "Another tab saved a transcript" in text(gm.post(f"{path}edit/", {"text": "SAM: Mine."}))
    session.refresh_from_db()
    assert session.transcript_text == LOG


def test_removing_keeps_the_rest(gm: Client, path: str, session: Session) -> None:
    gm.post(f"{path}edit/", {"text": LOG})
    gm.post(f"{path}delete/")
    session.refresh_from_db()
    assert not session.has_transcript
    assert session.metrics is None
    assert session.notes == "Kept"


def test_naming_speakers(gm: Client, path: str, session: Session) -> None:
    gm.post(f"{path}edit/", {"text": LOG})
    gm.post(f"{path}speakers/", {"name-MATT": "Matthew <GM>", "name-LAURA": ""})
    session.refresh_from_db()
    assert session.speaker_names == {"MATT": "Matthew <GM>"}
    assert session.transcript_text == LOG
    page = text(gm.get(path))
    assert "Matthew &lt;GM&gt;" in page
    assert "LAURA" in page
    gm.post(f"{path}speakers/", {"name-LAURA": "Laura"})
    session.refresh_from_db()
    assert session.speaker_names == {"MATT": "Matthew <GM>", "LAURA": "Laura"}
    gm.post(f"{path}speakers/", {"name-LAURA": "", "name-MATT": "", "name-OTHER": "No"})
    session.refresh_from_db()
    assert session.speaker_names is None


def hidden(gm: Client, page: str) -> dict[str, Any]:
    form = gm.get(page).context["form"]
    return {field.name: field.value() for field in form.hidden_fields()}


@pytest.mark.parametrize("other", ["MATT: I am another.", "SAM: Me.", "Nobody is named."])
def test_names_typed_for_a_transcript_that_was_replaced_are_not_lost(
    gm: Client, path: str, session: Session, other: str
) -> None:
    gm.post(f"{path}edit/", {"text": LOG})
    typed = {"name-MATT": "<Matthew>", "name-LAURA": "Laura"}
    loaded = hidden(gm, f"{path}speakers/")
    gm.post(f"{path}edit/", {"text": other} | hidden(gm, f"{path}edit/"))
    answer = gm.post(f"{path}speakers/", typed | loaded)
    page = text(answer)
    assert "Another tab replaced the transcript" in page
    assert "&lt;Matthew&gt;" in page
    assert "LAURA: Laura" in page
    session.refresh_from_db()
    assert session.speaker_names is None
    again = {field.name: field.value() for field in answer.context["form"].hidden_fields()}
    assert gm.post(f"{path}speakers/", typed | again).status_code == 302
    session.refresh_from_db()
    assert session.speaker_names == ({"MATT": "<Matthew>"} if "MATT" in other else None)


def test_a_name_that_cannot_be_kept_is_a_form_error(gm: Client, path: str) -> None:
    gm.post(f"{path}edit/", {"text": LOG})
    answer = gm.post(f"{path}speakers/", {"name-MATT": "a\x00b"})
    assert answer.context["form"].errors.keys() == {"name-MATT"}


def test_ids_of_names_hold_no_spaces(gm: Client, path: str) -> None:
    gm.post(f"{path}edit/", {"text": "SAM: No.\nLady of the Ice: Yes.\n"})
    page = text(gm.post(f"{path}speakers/", {"name-Lady of the Ice": "a" * 101}))
    described, *others = re.findall('aria-describedby="(.*?)"', page)
    assert not others
    ids = re.findall(' id="(.*?)"', page)
    assert described in ids
    assert not any(" " in value for value in ids)
    assert len(ids) == len(set(ids))
    (label,) = re.findall('<label for="(.*?)">Lady of the Ice<', page)
    assert f"{label}_error" == described


def test_a_new_transcript_keeps_the_names_of_speakers_it_still_has(
    gm: Client, path: str, session: Session
) -> None:
    gm.post(f"{path}edit/", {"text": LOG})
    gm.post(f"{path}speakers/", {"name-LAURA": "Laura", "name-MATT": "Matt"})
    loaded = gm.get(f"{path}edit/").context["form"]["loaded"].value()
    gm.post(f"{path}edit/", {"text": "LAURA: Alone.", "loaded": loaded})
    session.refresh_from_db()
    assert session.speaker_names == {"LAURA": "Laura"}


def test_finding_words(gm: Client, path: str) -> None:
    gm.post(f"{path}edit/", {"text": LOG + "SAM: (a+b)* <i>\n"})
    page = text(gm.get(path, {"find": "dRaGoN"}))
    assert "<mark>dragon</mark>" in page
    assert "1 turn with" in page
    assert "Twenty" not in page
    assert "<mark>(a+b)* &lt;i&gt;</mark>" in text(gm.get(path, {"find": "(a+b)* <i>"}))
    assert "0 turns" in text(gm.get(path, {"find": "nowhere"}))
    assert gm.get(path, {"find": "\x00\ud800".encode("utf-8", "replace")}).status_code == 200


def test_words_are_found_across_lines_and_wide_spaces(gm: Client, path: str) -> None:
    gm.post(f"{path}edit/", {"text": "MATT: A lamp\nin the  (fog).\n"})
    page = text(gm.get(path, {"find": "Lamp in the (fog)"}))
    assert "1 turn with" in page
    assert "<mark>lamp\nin the  (fog)</mark>" in page


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch, owner: User) -> Session:
    spoken = [Turn("spk_0", "Matt", 10.0 * n, 10.0 * n + 9, f"turn {n}") for n in range(1, 1000)]
    monkeypatch.setattr(reader, "turns", lambda session: spoken)
    return Session.objects.create(owner=owner, name="Timed", transcript_text="any")


@pytest.mark.parametrize(
    ("at", "turn"),
    [("0:00", 1), ("0:35", 3), ("1:00", 6), ("1:00:00", 360), ("600", 60), ("9:59:59", 999)],
)
def test_jumping_to_a_time(gm: Client, timed: Session, at: str, turn: int) -> None:
    path = f"/sessions/{timed.pk}/transcript/"
    assert gm.get(path, {"at": at})["Location"] == f"{path}?part=1#t{turn}"


@pytest.mark.parametrize("at", ["soon", "1:99", "-1", "1:2:3:4", "\x00", "9" * 30])
def test_what_is_no_time_is_explained(gm: Client, timed: Session, at: str) -> None:
    answer = gm.get(f"/sessions/{timed.pk}/transcript/", {"at": at}, follow=True)
    assert answer.status_code == 200
    assert "Write a time as 1:02:03" in text(answer)


def test_a_huge_transcript_comes_in_parts(
    gm: Client, path: str, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "PART_TURNS", 2)
    gm.post(f"{path}edit/", {"text": LOG})
    first, second = text(gm.get(path)), text(gm.get(f"{path}?part=2"))
    assert ("Twenty" in first, "dragon" in first) == (True, False)
    assert ("Twenty" in second, "dragon" in second) == (False, True)
    assert "?part=2#t3" in text(gm.get(path, {"find": "dragon"}))
    for odd in ("0", "99", "x", "-1", "٣"):
        assert gm.get(f"{path}?part={odd}").status_code == 200


def test_a_real_evening_opens_on_one_page(gm: Client, owner: User) -> None:
    line = "MATT: " + "You see a lamp in the fog. " * 3 + "\nLAURA: I take it, slowly.\n"
    session = Session.objects.create(owner=owner, name="Long", transcript_text=line * 2700)
    assert len(session.transcript_text) > 300_000
    assert len(Reading(session).turns) == 5400
    page = text(gm.get(f"/sessions/{session.pk}/transcript/"))
    assert page.count("<li id=") == 5400
