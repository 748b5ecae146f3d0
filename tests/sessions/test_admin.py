"""The admin of sessions: its list, and what its forms accept."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Campaign
from sessions_app.models import Highlight, Session
from sessions_app.transcripts import read_transcript
from tests.support.factories import (
    TRANSCRIPT,
    make_campaign,
    make_session,
    make_sessions,
    make_user,
)
from tests.support.pages import changed_fields, load_admin_form, messages_of, text_of
from tests.support.transcribe_files import session_with


@pytest.fixture
def campaign(owner: User) -> Campaign:
    return make_campaign(owner)


def test_the_list_takes_a_constant_number_of_queries(
    admin_client: Client,
    campaign: Campaign,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    make_sessions(campaign.owner, 3, campaign, transcript_text=TRANSCRIPT)
    admin_client.get("/admin/sessions_app/session/")
    with django_assert_max_num_queries(12) as few:
        assert admin_client.get("/admin/sessions_app/session/").status_code == 200
    make_sessions(campaign.owner, 60, campaign, transcript_text=TRANSCRIPT)
    with django_assert_max_num_queries(len(few)):
        assert admin_client.get("/admin/sessions_app/session/").status_code == 200


def test_the_list_does_not_load_the_transcripts(
    admin_client: Client, campaign: Campaign, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_session(campaign.owner, campaign, transcript_text=TRANSCRIPT)
    with django_assert_max_num_queries(12) as asked:
        admin_client.get("/admin/sessions_app/session/")
    assert not any('"transcript_text",' in query["sql"] for query in asked.captured_queries)


@pytest.mark.parametrize(
    ("query", "count"),
    [("q=The+Lamps", 2), ("transcript=yes", 2), ("transcript=no", 1), ("campaign__isempty=1", 1)],
)
def test_the_list_is_searched_and_filtered(
    admin_client: Client, campaign: Campaign, query: str, count: int
) -> None:
    make_sessions(campaign.owner, 2, campaign, transcript_text=TRANSCRIPT)
    make_session(campaign.owner)
    page = admin_client.get(f"/admin/sessions_app/session/?{query}")
    assert page.context["cl"].result_count == count


def test_a_session_in_the_campaign_of_another_owner_is_refused(
    admin_client: Client, campaign: Campaign
) -> None:
    answer = admin_client.post(
        "/admin/sessions_app/session/add/",
        {"name": "S", "owner": make_user("other").pk, "campaign": campaign.pk},
    )
    assert answer.status_code == 200
    assert "belongs to another game master" in answer.content.decode()
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("metrics", "[1]", "Enter a JSON object"),
        *(
            (field, value, "Enter a JSON object")
            for field in ("metrics", "speaker_names")
            for value in ("[]", '""', "0", "false", "[{}]", '"{}"')
        ),
        ("metrics", '{"a": NaN}', "Numbers must be finite"),
        ("metrics", '{"a": "\\u0000"}', "Null characters are not allowed"),
        ("speaker_names", '{"\\ud800": 1}', "surrogate"),
        ("transcript_json", "{", "Enter a valid JSON"),
        ("transcript_text", "a\x00b", "Null characters are not allowed"),
    ],
)
def test_a_value_that_postgresql_refuses_is_an_error_in_the_form(
    admin_client: Client, owner: User, field: str, value: str, message: str
) -> None:
    answer = admin_client.post(
        "/admin/sessions_app/session/add/", {"name": "S", "owner": owner.pk, field: value}
    )
    assert answer.status_code == 200
    assert message in answer.content.decode()
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("", None), ("null", None), ("{}", {}), ('{"a": 0}', {"a": 0})],
)
@pytest.mark.parametrize("field", ["metrics", "speaker_names"])
def test_a_json_object_or_nothing_is_saved(
    admin_client: Client, owner: User, field: str, typed: str, stored: object
) -> None:
    session = make_session(owner)
    Session.objects.filter(pk=session.pk).update(**{field: {"old": 1}})
    path = f"/admin/sessions_app/session/{session.pk}/change/"
    answer = admin_client.post(path, {"name": "S", "owner": owner.pk, field: typed})
    assert answer.status_code == 302
    session.refresh_from_db()
    assert getattr(session, field) == stored


def test_the_metrics_of_an_edited_transcript_are_recomputed(
    admin_client: Client, owner: User
) -> None:
    session = session_with("RUTH: Hello.", owner=owner, name="Fog")
    session.save()
    form = {
        "name": "Fog", "owner": owner.pk, "speaker_names": "null", "transcript_json": "null",
        "metrics": json.dumps(session.metrics), "transcript_text": "RUTH: One two three.",
    }  # fmt: skip
    address = f"/admin/sessions_app/session/{session.pk}/change/"
    assert admin_client.post(address, form).status_code == 302
    session.refresh_from_db()
    assert session.metrics == read_transcript(b"RUTH: One two three.").metrics
    form |= {"transcript_text": "RUTH: One.", "metrics": '{"totalWordCount": 99}'}
    assert admin_client.post(address, form).status_code == 302
    session.refresh_from_db()
    assert session.metrics == {"totalWordCount": 99}


def change_page(session: Session) -> str:
    return f"/admin/sessions_app/session/{session.pk}/change/"


def test_renaming_undoes_nothing_that_the_owner_saved_meanwhile(
    admin_client: Client, owner: User
) -> None:
    session = session_with("RUTH: Hello.", owner=owner, name="Fog", player_recap="Old")
    session.save()
    form = load_admin_form(admin_client, change_page(session))
    Session.objects.update(player_recap="New", metrics={"totalWordCount": 7})
    with CaptureQueriesContext(connection) as asked:
        answer = admin_client.post(change_page(session), form | {"name": "Fog Signal"})
    assert answer.status_code == 302
    assert any("FOR UPDATE" in query["sql"] for query in asked)  # so the owner's save waits
    assert any("Another tab has changed this, too" in message for message in messages_of(answer))
    session.refresh_from_db()
    assert (session.name, session.player_recap) == ("Fog Signal", "New")
    assert session.metrics == {"totalWordCount": 7}


def test_saving_an_unchanged_form_rewrites_no_text(admin_client: Client, owner: User) -> None:
    session = session_with("RUTH: Hello.\nPIM: Yes.", owner=owner, name="Fog")
    session.notes = "  one\n\ntwo \n"
    session.speaker_names = {}
    session.transcript_text = "\n RUTH: Hello. \n"
    session.save()
    before = Session.objects.values().get()
    form = load_admin_form(admin_client, change_page(session))
    assert admin_client.post(change_page(session), form).status_code == 302
    assert Session.objects.values().get() == before
    admin_client.post(change_page(session), form | {"notes": "three\r\nfour"})
    after = Session.objects.values().get()
    assert changed_fields(before, after) == {"notes", "updated_at"}
    assert after["notes"] == "three\nfour"


def test_staff_see_what_the_owner_wrote_into_the_same_field(
    admin_client: Client, owner: User
) -> None:
    session = make_session(owner, notes="As it was")
    form = load_admin_form(admin_client, change_page(session))
    Session.objects.update(notes="From the <owner>")
    answer = admin_client.post(change_page(session), form | {"notes": "From staff"})
    assert answer.status_code == 200
    page = text_of(answer)
    assert "From the &lt;owner&gt;" in page
    assert "From staff" in page
    session.refresh_from_db()
    assert session.notes == "From the <owner>"


def test_an_empty_json_object_is_told_from_none(admin_client: Client, owner: User) -> None:
    session = make_session(owner)
    form = load_admin_form(admin_client, change_page(session))
    admin_client.post(change_page(session), form | {"speaker_names": "{}"})
    session.refresh_from_db()
    assert session.speaker_names == {}


def test_no_link_leads_staff_to_a_page_of_the_owner_alone(
    admin_client: Client, owner: User
) -> None:
    page = text_of(admin_client.get(change_page(make_session(owner))))
    assert "View on site" not in page


def test_staff_who_may_only_look_see_no_fingerprints(client: Client, owner: User) -> None:
    viewer = make_user("viewer", is_staff=True)
    viewer.user_permissions.add(
        Permission.objects.get(content_type__app_label="sessions_app", codename="view_session")
    )
    client.force_login(viewer)
    page = client.get(change_page(make_session(owner, notes="Readable")))
    assert "Readable" in text_of(page)
    assert "loaded" not in text_of(page).lower()


def test_share_links_are_revoked_and_logged(
    admin_client: Client, admin_user: User, owner: User
) -> None:
    shared = [make_session(owner, name=name, share_token=name) for name in ("a", "b", "c")]
    private = make_session(owner)
    before = Session.objects.values("updated_at").get(pk=private.pk)
    answer = admin_client.post(
        "/admin/sessions_app/session/",
        {
            "action": "revoke_share_links",
            "_selected_action": [shared[0].pk, shared[1].pk, private.pk],
        },
    )
    assert messages_of(answer) == ["2 share links revoked."]
    assert set(Session.objects.values_list("share_token", flat=True)) == {None, "c"}
    assert Session.objects.values("updated_at").get(pk=private.pk) == before
    logged = LogEntry.objects.filter(user=admin_user)
    assert {entry.object_id for entry in logged} == {str(row.pk) for row in shared[:2]}
    assert {entry.get_change_message() for entry in logged} == {"Revoked the share link."}


def test_highlights_are_listed_and_deleted_but_not_rewritten(
    admin_client: Client, owner: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    session = make_session(owner, transcript_text=TRANSCRIPT)
    Highlight.objects.create(session=session, quote="Roll! " * 50, speaker="MATT", turn=1)
    admin_client.get("/admin/sessions_app/highlight/")
    with django_assert_max_num_queries(12) as few:
        answer = admin_client.get("/admin/sessions_app/highlight/?q=Roll")
    assert "MATT: Roll!" in text_of(answer)
    assert not any('"transcript_text",' in query["sql"] for query in few.captured_queries)
    Highlight.objects.bulk_create(
        Highlight(session=make_session(owner), quote="Roll!", turn=turn) for turn in range(20)
    )
    with django_assert_max_num_queries(len(few)):
        admin_client.get("/admin/sessions_app/highlight/?q=Roll")
    page = f"/admin/sessions_app/highlight/{session.highlights.get().pk}"
    assert "Roll!" in text_of(admin_client.get(f"{page}/change/"))
    assert admin_client.post(f"{page}/change/", {"quote": "x"}).status_code == 403
    assert admin_client.get("/admin/sessions_app/highlight/add/").status_code == 403
    assert admin_client.post(f"{page}/delete/", {"post": "yes"}).status_code == 302
    assert not session.highlights.exists()


def test_the_years_and_days_above_the_list_are_those_of_play(
    admin_client: Client, campaign: Campaign
) -> None:
    for day in (date(2019, 3, 14), date(2021, 5, 6)):
        make_session(campaign.owner, campaign, f"Of {day.year}", played_on=day)
    page = text_of(admin_client.get("/admin/sessions_app/session/"))
    assert "?played_on__year=2019" in page
    page = text_of(admin_client.get("/admin/sessions_app/session/?played_on__year=2019"))
    assert "Of 2019" in page
    assert "Of 2021" not in page
