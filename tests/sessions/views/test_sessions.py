from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Campaign
from sessions_app.models import Session
from tests.support.factories import make_campaign, make_session, make_user
from tests.support.pages import changed_fields, form_data, load_form, messages_of, text_of
from tests.support.transcribe_files import EVENING


@pytest.fixture
def path(session: Session) -> str:
    return f"/sessions/{session.pk}/"


def test_a_session_is_created_in_the_campaign_of_the_link(
    gm: Client, owner: User, campaign: Campaign
) -> None:
    path = f"/sessions/new/?campaign={campaign.pk}"
    assert load_form(gm, path)["campaign"] == campaign.pk
    answer = gm.post(path, {"name": "One", "campaign": campaign.pk, "notes": " kept\n"})
    session = Session.objects.get(owner=owner)
    assert (session.name, session.campaign, session.notes) == ("One", campaign, " kept\n")
    assert answer["Location"] == f"/sessions/{session.pk}/"
    assert messages_of(answer)


def test_a_session_and_its_transcript_are_created_at_once(gm: Client, owner: User) -> None:
    answer = gm.post("/sessions/new/", {"name": "One", "text": "MATT: Roll."})
    session = Session.objects.get(owner=owner)
    assert session.transcript_text == "MATT: Roll."
    assert session.metrics is not None
    assert messages_of(answer) == ["Session created."]


def test_the_day_of_a_new_session_is_taken_from_the_name_of_the_file(gm: Client) -> None:
    def new(**data: Any) -> Any:
        file = SimpleUploadedFile("2024-03-07 vault.txt", b"MATT: Roll.")
        return gm.post("/sessions/new/", {"name": "One", "file": file, **data})

    answer = new()
    assert Session.objects.get().played_on == date(2024, 3, 7)
    assert "you played on 7 March 2024" in messages_of(answer)[0]
    new(played_on="2024-03-08")
    assert Session.objects.filter(played_on=date(2024, 3, 8)).exists()


def test_the_day_when_a_session_was_added_is_not_taken_for_the_day_of_play(
    gm: Client, session: Session, path: str
) -> None:
    assert ">Added " in text_of(gm.get(path))
    session.played_on = date(2026, 3, 8)
    session.save()
    page = text_of(gm.get(path))
    assert "Sunday, 8 March 2026" in page
    assert ">Added " not in page


def test_the_day_of_a_new_session_is_taken_from_the_name_of_the_job(gm: Client) -> None:
    text = json.dumps({**EVENING, "jobName": "vault-20240307"})
    answer = gm.post("/sessions/new/", {"name": "One", "text": text})
    assert Session.objects.get().played_on == date(2024, 3, 7)
    assert messages_of(answer) == [
        "Session created. The job’s name says that you played on 7 March 2024."
    ]


def test_how_the_transcript_of_a_new_session_was_read_is_told(gm: Client) -> None:
    file = SimpleUploadedFile("a.txt", b"MATT: Caf\xe9.")
    answer = gm.post("/sessions/new/", {"name": "One", "file": file})
    assert messages_of(answer) == ["Session created.", "Read as Windows-1252."]


def test_a_transcript_that_cannot_be_read_keeps_all_that_was_typed(gm: Client) -> None:
    file = SimpleUploadedFile("a.txt", b"\x81")
    answer = gm.post("/sessions/new/", {"name": "One", "notes": "typed before", "file": file})
    page = text_of(answer)
    assert "typed before" in page
    assert "a.txt, line 1: this is neither UTF-8 nor Windows-1252." in page
    assert "Choose the file again" in page
    answer = gm.post("/sessions/new/", {"name": "", "text": "MATT: typed before"})
    assert "MATT: typed before" in text_of(answer)
    answer = gm.post("/sessions/new/", {"name": "", "file": SimpleUploadedFile("a.txt", b"Hello")})
    assert "Choose the file again" in text_of(answer)
    answer = gm.post("/sessions/new/", {"name": "One", "text": '{"typed before'})
    assert "typed before" in text_of(answer)
    assert not Session.objects.exists()


def test_a_form_without_a_transcript_says_nothing_of_one(gm: Client) -> None:
    page = text_of(gm.post("/sessions/new/", {"name": ""}))
    assert "or choose a file." not in page
    assert "Choose the file again" not in page


@pytest.mark.parametrize(
    "text", ["MATT: Roll.", "WEBVTT\n\n00:01.000 --> 00:02.000\nRoll.\n"], ids=["text", "times"]
)
def test_a_form_that_is_sent_twice_makes_one_session(gm: Client, text: str) -> None:
    form = load_form(gm, "/sessions/new/") | {"name": "One", "text": text}
    first, second = (gm.post("/sessions/new/", form) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Session.objects.get().pk == form["new_id"]


def test_going_back_and_typing_something_else_makes_a_second_session(gm: Client) -> None:
    form = load_form(gm, "/sessions/new/") | {"name": "One"}
    gm.post("/sessions/new/", form)
    gm.post("/sessions/new/", form | {"name": "Two", "notes": "Not lost"})
    assert set(Session.objects.values_list("name", "notes")) == {("One", ""), ("Two", "Not lost")}


@pytest.mark.parametrize("new_id", ["", "nonsense", "\x00"])
def test_a_form_without_a_valid_id_works(gm: Client, new_id: str) -> None:
    assert gm.post("/sessions/new/", {"name": "One", "new_id": new_id}).status_code in {200, 302}


def test_the_id_of_somebody_elses_session_tells_nothing(gm: Client, owner: User) -> None:
    theirs = make_session(make_user("other"), name="Private")
    answer = gm.post("/sessions/new/", {"name": "Private", "new_id": str(theirs.pk)})
    mine = Session.objects.get(owner=owner)
    assert mine.pk != theirs.pk
    assert answer["Location"] == f"/sessions/{mine.pk}/"


@pytest.mark.parametrize("campaign_id", ["nonsense", "", "%00", "0" * 500])
def test_an_invalid_campaign_in_the_link_is_ignored(gm: Client, campaign_id: str) -> None:
    assert gm.get(f"/sessions/new/?campaign={campaign_id}").status_code == 200


@pytest.mark.parametrize("name", ["", "x" * 201, "a\x00b"])
def test_an_invalid_name_is_a_form_error_and_nothing_typed_is_lost(gm: Client, name: str) -> None:
    answer = gm.post("/sessions/new/", {"name": name, "description": "typed before"})
    assert answer.status_code == 200
    assert answer.context["form"].errors.keys() == {"name"}
    assert "typed before" in text_of(answer)
    assert not Session.objects.exists()


def test_a_null_character_in_a_long_text_is_a_form_error(gm: Client, path: str) -> None:
    answer = gm.post(f"{path}edit/", {"notes": "a\x00b"})
    assert answer.status_code == 200
    assert "notes" in answer.context["form"].errors


def test_a_session_is_deleted_after_a_confirmation(
    gm: Client, campaign: Campaign, path: str
) -> None:
    assert "gone for good" in text_of(gm.get(f"{path}delete/"))
    assert Session.objects.exists()
    assert gm.post(f"{path}delete/")["Location"] == f"/campaigns/{campaign.pk}/"
    assert not Session.objects.exists()


def test_the_page_renders_markdown(gm: Client, path: str) -> None:
    page = text_of(gm.get(path))
    assert "<h3>What happened</h3>" in page
    assert "<em>won</em>" in page
    assert "<strong>Secret</strong> notes" in page


def test_titles_and_headings_name_the_session(gm: Client, path: str) -> None:
    for page, heading in (("", ""), ("edit/", "Edit “<bdi>The ninth lamp</bdi>”"),
                          ("delete/", "Delete “<bdi>The ninth lamp</bdi>”?")):  # fmt: skip
        text = text_of(gm.get(f"{path}{page}"))
        assert "The ninth lamp · Tabletop</title>" in text
        assert heading in text


def test_the_link_to_the_recap_comes_before_the_figures(gm: Client, path: str) -> None:
    Session.objects.update(metrics={"totalWordCount": 9, "speakerDistribution": {}})
    page = text_of(gm.get(path))
    assert page.index("Share the recap") < page.index("At the table")


def test_the_page_does_not_load_the_transcript(
    gm: Client, path: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(5) as queries:
        gm.get(path)
    for column in ("transcript_text", "transcript_json"):
        assert not any(f'."{column}",' in query["sql"] for query in queries.captured_queries)


def test_saving_one_field_clears_no_other(gm: Client, path: str) -> None:
    before = Session.objects.values().get()
    gm.post(f"{path}edit/", {"notes": "New notes"})
    after = Session.objects.values().get()
    assert changed_fields(before, after) == {"notes", "updated_at"}


def test_saving_an_unchanged_form_changes_nothing(gm: Client, path: str) -> None:
    before = Session.objects.values().get()
    assert gm.post(f"{path}edit/", load_form(gm, f"{path}edit/")).status_code == 302
    assert Session.objects.values().get() == before


def test_a_session_is_filed_in_another_campaign_or_unfiled(
    gm: Client, owner: User, session: Session, path: str
) -> None:
    other = make_campaign(owner, "Other")
    gm.post(f"{path}edit/", {"campaign": other.pk})
    session.refresh_from_db()
    assert session.campaign == other
    gm.post(f"{path}edit/", {"campaign": ""})
    session.refresh_from_db()
    assert session.campaign is None


def test_a_second_tab_that_saves_the_same_field_is_told(
    gm: Client, session: Session, path: str
) -> None:
    first, second = load_form(gm, f"{path}edit/"), load_form(gm, f"{path}edit/")
    gm.post(f"{path}edit/", first | {"notes": "From the first tab"})
    answer = gm.post(f"{path}edit/", second | {"notes": "From the second tab"})
    assert answer.status_code == 200
    assert "changed in another tab" in text_of(answer)
    assert "From the first tab" in text_of(answer)
    assert answer.context["form"]["notes"].value() == "From the second tab"
    session.refresh_from_db()
    assert session.notes == "From the first tab"
    # The second tab was shown both versions, so it may save its own now.
    assert gm.post(f"{path}edit/", form_data(answer)).status_code == 302
    session.refresh_from_db()
    assert session.notes == "From the second tab"


def test_two_tabs_that_change_different_fields_both_keep_their_changes(
    gm: Client, session: Session, path: str
) -> None:
    first, second = load_form(gm, f"{path}edit/"), load_form(gm, f"{path}edit/")
    gm.post(f"{path}edit/", first | {"notes": "From the first tab"})
    answer = gm.post(f"{path}edit/", second | {"summary": "From the second tab"})
    assert any("another tab" in message.lower() for message in messages_of(answer))
    session.refresh_from_db()
    assert (session.notes, session.summary) == ("From the first tab", "From the second tab")


@pytest.mark.parametrize("loaded", ["", "nonsense", "[]", '{"notes": 3}', "[" * 5000])
def test_a_form_with_invalid_fingerprints_is_saved(
    gm: Client, session: Session, path: str, loaded: str
) -> None:
    gm.post(f"{path}edit/", {"name": "Renamed", "loaded": loaded})
    session.refresh_from_db()
    assert (session.name, session.notes) == ("Renamed", "**Secret** notes")
