import json
import uuid

import pytest
from django.contrib.auth.models import User

from campaigns.models import Campaign
from sessions_app.exports.formats import export
from sessions_app.exports.json_file import JSON_FIELDS, campaign_as_json
from sessions_app.models import Highlight, Session
from sessions_app.transcripts import turns
from tests.sessions.exports.samples import ALL_FIELDS, sample_session
from tests.support.transcribe_files import EVENING, as_file, session_with

pytestmark = pytest.mark.django_db

# What an export leaves out, and why.
LEFT_OUT = {
    Session: {"owner": "an import has an owner of its own", "share_token": "a secret"},
    Campaign: {"owner": "an import has an owner of its own", "share_token": "a secret"},
    Highlight: {"id": "means nothing elsewhere", "session": "it stands in its session"},
}


def test_a_session_as_json_has_all_its_fields_and_its_transcript_can_be_read_again() -> None:
    session = sample_session(as_file(EVENING), **ALL_FIELDS)
    file = export(session, "json")
    values = json.loads(file.content)
    assert b"SECRET" not in file.content
    assert values["format"] == "tabletop-session"
    assert values["version"] == 2
    assert uuid.UUID(values["id"]) == session.pk
    assert values["campaign"] == "The *Long*\nShoal"
    assert values["created_at"] == "2026-02-06T19:30:02+00:00"
    assert values["played_on"] == "2026-02-06"
    for field in JSON_FIELDS:
        assert values[field] == getattr(session, field)
    again = session_with(file.content)
    assert (turns(again), again.metrics) == (turns(session), session.metrics)
    assert again.transcript_text == session.transcript_text


def test_an_export_is_compact_and_begins_with_its_format() -> None:
    content = export(sample_session(as_file(EVENING)), "json").content
    assert content.startswith(b'{"format":"tabletop-session","version":2,')
    assert b'": ' not in content
    assert content.count(b"\n") == 1


def test_no_field_of_a_model_is_forgotten(owner: User) -> None:
    session = Session.objects.create(owner=owner, campaign=Campaign.objects.create(owner=owner))
    Highlight.objects.create(session=session, quote="Roll.", turn=1)
    values = json.loads(export(session, "json").content)
    assert session.campaign is not None
    exported = {
        Session: values,
        Campaign: json.loads(campaign_as_json(session.campaign)),
        Highlight: values["highlights"][0],
    }
    for model, left_out in LEFT_OUT.items():
        fields = {field.name for field in model._meta.concrete_fields}
        assert fields == left_out.keys() | (fields & exported[model].keys())
