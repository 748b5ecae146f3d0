import json
import uuid

from sessions_app.exports.formats import export
from sessions_app.exports.json_file import JSON_FIELDS
from sessions_app.transcripts import turns
from tests.sessions.exports.samples import ALL_FIELDS, sample_session
from tests.support.transcribe_files import EVENING, as_file, session_with


def test_a_session_as_json_has_all_its_fields_and_can_be_read_again() -> None:
    session = sample_session(as_file(EVENING), **ALL_FIELDS)
    file = export(session, "json")
    values = json.loads(file.content)
    assert b"SECRET" not in file.content
    assert values["format"] == "tabletop-session"
    assert values["version"] == 1
    assert uuid.UUID(values["id"]) == session.pk
    assert values["campaign"] == "The *Long*\nShoal"
    assert values["created_at"] == "2026-02-06T19:30:02+00:00"
    for field in JSON_FIELDS:
        assert values[field] == getattr(session, field)
    again = session_with(file.content)
    assert (turns(again), again.metrics) == (turns(session), session.metrics)
    assert again.transcript_text == session.transcript_text
