from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Campaign
from sessions_app.models import Session
from tests.support.exported import archive_of, exported
from tests.support.factories import make_campaign, make_session, make_user
from tests.support.pages import load_form, messages_of, text_of
from tests.support.transcribe_files import EVENING, as_file

IMPORT = "/sessions/import/"
DATES = "/sessions/import/dates/"


def upload(name: str, data: bytes | str = "MATT: hello there\n") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data.encode() if isinstance(data, str) else data)


def post(client: Client, *files: SimpleUploadedFile, **data: Any) -> Any:
    return client.post(IMPORT, {"file": list(files), **data})


def test_each_file_becomes_a_session_of_the_campaign(
    gm: Client, owner: User, campaign: Campaign
) -> None:
    assert load_form(gm, f"{IMPORT}?campaign={campaign.pk}")["campaign"] == campaign.pk
    answer = post(
        gm, upload("2024-03-17_the-vault.txt"), upload("02.txt"), campaign=str(campaign.pk)
    )
    page = text_of(answer)
    assert "2 sessions created from 2 files." in page
    vault = campaign.sessions.get(played_on=date(2024, 3, 17))
    assert vault.name == "2024 03 17 the vault"
    assert f'href="/sessions/{vault.pk}/"' in page
    assert campaign.sessions.get(name="02").played_on is None


def test_a_file_that_cannot_be_read_keeps_no_other_out(gm: Client) -> None:
    page = text_of(post(gm, upload("a.txt"), upload("b.txt", b"\x81"), upload("c.txt")))
    assert "2 sessions created from 3 files." in page
    assert "b.txt, line 1: this is neither UTF-8 nor Windows-1252." in page
    assert page.count('class="failed"') == 1
    assert Session.objects.count() == 2


def test_how_a_file_was_read_is_told_and_a_word_file_is_none_of_its_archives(gm: Client) -> None:
    page = text_of(post(gm, upload("a.txt", b"MATT: Caf\xe9."), upload("b.docx", b"PK\x03\x04x")))
    assert "Read as Windows-1252." in page
    assert "b.docx: Word files can&#x27;t be read. Save it as plain text." in page


def test_a_file_that_was_imported_before_is_not_doubled(gm: Client, campaign: Campaign) -> None:
    post(gm, upload("a.txt"), campaign=str(campaign.pk))
    page = text_of(post(gm, upload("a.txt"), campaign=str(campaign.pk)))
    assert "0 sessions created from 1 file." in page
    assert "is already here, and was left as it is." in page
    assert Session.objects.count() == 1
    assert "Another session has the same name" in text_of(
        post(gm, upload("a.txt", "MATT: else"), campaign=str(campaign.pk))
    )


def test_the_day_is_read_from_the_name_of_the_job(gm: Client) -> None:
    job = {**EVENING, "jobName": "evening-20240317"}
    post(gm, upload("job.json", json.dumps(job)))
    assert Session.objects.get().played_on == date(2024, 3, 17)


def test_exports_come_back_whole(gm: Client, owner: User) -> None:
    campaign = make_campaign(owner, "Lamps", description="Fog.")
    session = make_session(owner, campaign, "One", notes="Kept", played_on=date(2024, 3, 17))
    make_session(owner, campaign, "Two")
    one, archive = exported(session), archive_of(campaign)
    Session.objects.all().delete()
    campaign.delete()
    page = text_of(post(gm, upload("One.json", one), upload("Lamps.zip", archive)))
    assert "2 sessions created from 2 files." in page
    back = Session.objects.get(name="One")
    assert (back.pk, back.notes, back.played_on) == (session.pk, "Kept", date(2024, 3, 17))
    assert back.campaign is not None
    assert back.campaign.name == "Lamps"
    assert Campaign.objects.count() == 1


@pytest.mark.parametrize("data", [{}, {"campaign": "nonsense"}])
def test_a_form_without_files_or_with_a_foreign_campaign_is_refused(
    gm: Client, data: dict[str, str]
) -> None:
    answer = gm.post(IMPORT, data)
    assert answer.context["form"].errors
    foreign = make_campaign(make_user("other"))
    answer = post(gm, upload("a.txt"), campaign=str(foreign.pk))
    assert answer.context["form"].errors.keys() == {"campaign"}
    assert not Session.objects.exists()


def test_a_folder_is_imported_without_the_files_of_other_programs(gm: Client) -> None:
    folder = [upload("a.TXT"), upload("desktop.ini"), upload(".DS_Store", b"\x00")]
    page = text_of(gm.post(IMPORT, {"folder": folder}))
    assert "1 session created from 1 file." in page
    assert gm.post(IMPORT, {"folder": folder[1:]}).context["form"].errors


def test_what_a_file_is_called_is_escaped(gm: Client) -> None:
    page = text_of(post(gm, upload("<b>&.txt"), upload("<i>.txt", b"\xe9")))
    assert "&lt;b&gt;&amp;" in page
    assert "<b>&" not in page
    assert "<i>" not in page


def test_the_dates_of_all_that_was_imported_are_set_at_once(
    gm: Client, owner: User, campaign: Campaign
) -> None:
    batch = {"batch": "1", "campaign": str(campaign.pk)}
    post(gm, upload("2024-03-17.txt"), **batch)
    post(gm, upload("b.txt"), upload("c.txt"), **batch)
    form = gm.get(DATES).context["form"]
    assert [field.label for field in form] == ["2024 03 17", "b", "c"]
    assert [field.initial for field in form] == [date(2024, 3, 17), None, None]
    first, second, third = (field.name for field in form)
    typed = {
        first: "2024-03-17", f"initial-{first}": "2024-03-17",
        second: "2024-03-24", f"initial-{second}": "",
        third: "", f"initial-{third}": "",
    }  # fmt: skip
    # Another tab sets a day that this form does not change.
    Session.objects.filter(pk=third).update(played_on=date(2020, 1, 1))
    assert "is-invalid" not in text_of(gm.post(DATES, typed | {second: "soon"}))
    assert not Session.objects.filter(pk=second, played_on__isnull=False)
    answer = gm.post(DATES, typed)
    assert answer["Location"] == f"/campaigns/{campaign.pk}/"
    assert messages_of(answer) == ["Dates saved."]
    days = Session.objects.order_by("name").values_list("played_on", flat=True)
    assert list(days) == [date(2024, 3, 17), date(2024, 3, 24), date(2020, 1, 1)]


def test_a_typed_day_that_is_none_is_shown_again(gm: Client) -> None:
    post(gm, upload("a.txt"))
    session = Session.objects.get()
    page = text_of(gm.post(DATES, {str(session.pk): "soon"}))
    assert 'value="soon"' in page
    assert "Enter a valid date." in page


def test_the_dates_are_those_of_one_visit_and_of_own_sessions(
    gm: Client, client: Client, owner: User
) -> None:
    assert "You have not imported any sessions lately" in text_of(gm.get(DATES))
    post(gm, upload("a.txt"), batch="1")
    post(gm, upload("b.txt"), batch="2")
    assert [field.label for field in gm.get(DATES).context["form"]] == ["b"]
    Session.objects.update(owner=make_user("other"))
    assert not gm.get(DATES).context["form"].fields


@pytest.mark.parametrize("count", [1, 12])
def test_the_page_of_dates_has_a_constant_number_of_queries(
    gm: Client, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    post(gm, *(upload(f"{number}.txt") for number in range(count)))
    with django_assert_num_queries(3):
        assert len(gm.get(DATES).context["form"].fields) == count


def test_only_the_latest_sessions_wait_for_their_dates(
    gm: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sessions_app.views.imports.MAX_RECENT", 2)
    post(gm, upload("a.txt"), upload("b.txt"), upload("c.txt"))
    assert [field.label for field in gm.get(DATES).context["form"]] == ["b", "c"]


def test_a_transcript_in_json_may_take_longer_to_store_than_other_statements_take(
    gm: Client,
) -> None:
    """Of 20 seconds, as the web server sets, a busy machine needs most for 100,000 words."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '20s'")
        post(gm, upload("plain.txt"))
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("20s",)
        post(gm, upload("evening.json", as_file(EVENING)))
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("2min",)
