"""The admin of sessions: its list, and what its forms accept."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Campaign
from sessions_app.models import Session
from sessions_app.transcripts import read_transcript
from tests.support.factories import (
    TRANSCRIPT,
    make_campaign,
    make_session,
    make_sessions,
    make_user,
)
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
