"""The page of one turn, also in two tabs."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from sessions_app.models import Session
from sessions_app.transcripts import turns
from tests.support.factories import make_session
from tests.support.pages import changed_fields, load_form, messages_of, text_of
from tests.support.transcribe_files import EVENING

LOG = "MATT: You come to a dor.\nLAURA: I listen.\nMATT: Silence.\n"
TIMED: dict[str, Any] = {"transcript_json": EVENING}


@pytest.fixture
def session(owner: User) -> Session:
    return make_session(owner, name="Fog Signal", transcript_text=LOG, notes="Kept")


def turn_path(session: Session, number: int) -> str:
    return f"/sessions/{session.pk}/transcript/turns/{number}/"


def said(session: Session) -> list[tuple[str | None, str]]:
    session.refresh_from_db()
    return [(turn.speaker_label, turn.text) for turn in turns(session)]


def test_a_word_is_corrected_in_place(gm: Client, session: Session) -> None:
    path = turn_path(session, 1)
    page = text_of(gm.get(path))
    assert "You come to a dor." in page
    assert "I listen." in page  # the turn after it
    answer = gm.post(path, load_form(gm, path) | {"words": "You come to a door."})
    assert answer["Location"] == f"/sessions/{session.pk}/transcript/?part=1#t1"
    session.refresh_from_db()
    assert session.transcript_text == LOG.replace("dor", "door")
    assert session.metrics is not None
    assert session.metrics["totalWordCount"] == 8
    assert session.notes == "Kept"


def test_the_end_of_a_long_turn_leads_up_to_the_next(gm: Client, session: Session) -> None:
    session.transcript_text = f"MATT: First {'rain ' * 99}last.\nLAURA: Soon {'fog ' * 99}late.\n"
    session.save()
    before = text_of(gm.get(turn_path(session, 2)))
    assert "rain last." in before
    assert "First rain" not in before
    after = text_of(gm.get(turn_path(session, 1)))
    assert "Soon fog" in after
    assert "fog late." not in after


@pytest.mark.parametrize(("words", "link"), [({"transcript_text": LOG}, "number"), (TIMED, "time")])
def test_the_transcript_says_how_to_get_to_the_page_of_a_turn(
    gm: Client, owner: User, words: dict[str, Any], link: str
) -> None:
    page = text_of(gm.get(f"{make_session(owner, **words).get_absolute_url()}transcript/"))
    assert f"To correct or highlight a turn, open its {link}." in page


SAID_AT = r'<li id="t{}"><div class="told" role="status"><div class="success">{}</div></div>'


def test_what_was_done_is_said_at_the_turn(gm: Client, session: Session) -> None:
    for number, changes, said_there in (
        (2, {"words": "I hear."}, "Turn saved."),
        (3, {"do": "join"}, "Turns joined."),
        (1, {"do": "delete"}, "Turn deleted."),
    ):
        path = turn_path(session, number)
        page = text_of(gm.post(path, load_form(gm, path) | changes, follow=True))
        place = number - 1 if "join" in changes.values() else number
        assert SAID_AT.format(place, said_there) in page
        assert page.count(said_there) == 1
    answer = gm.post(f"{turn_path(session, 1)}highlight/", {"quote": "hear"}, follow=True)
    assert SAID_AT.format(1, "Highlighted. It is listed with the session.") in text_of(answer)


def test_what_another_tab_changed_is_said_at_the_turn(gm: Client, session: Session) -> None:
    path = turn_path(session, 2)
    loaded = load_form(gm, path)
    gm.post(path, loaded | {"speaker": "SAM"}, follow=True)
    page = text_of(gm.post(path, loaded | {"words": "I hear."}, follow=True))
    assert re.search(
        '<li id="t2">.*>Another tab has changed this, too .*>Turn saved.<.*</li>', page
    )


def test_a_turn_is_given_to_somebody_else_by_name_or_label(gm: Client, session: Session) -> None:
    Session.objects.update(speaker_names={"LAURA": "Laura <L>"})
    path = turn_path(session, 3)
    assert 'value="Laura &lt;L&gt;"' in text_of(gm.get(path))
    gm.post(path, load_form(gm, path) | {"speaker": " Laura  <L> "})
    assert said(session)[2] == ("LAURA", "Silence.")
    gm.post(path, load_form(gm, path) | {"speaker": "Lady of the Ice"})
    assert said(session)[2] == ("Lady of the Ice", "Silence.")
    assert said(session)[:2] == [("MATT", "You come to a dor."), ("LAURA", "I listen.")]


def test_an_empty_line_cuts_a_turn(gm: Client, session: Session) -> None:
    path = turn_path(session, 1)
    gm.post(path, load_form(gm, path) | {"words": "You come\r\n \r\n\r\nto a dor.\r\n"})
    assert said(session)[:3] == [
        ("MATT", "You come"),
        ("MATT", "to a dor."),
        ("LAURA", "I listen."),
    ]


def test_a_turn_is_joined_and_what_was_typed_is_kept(gm: Client, session: Session) -> None:
    path = turn_path(session, 2)
    answer = gm.post(path, load_form(gm, path) | {"words": "I hear.", "do": "join"})
    assert answer["Location"].endswith("#t1")
    assert said(session) == [("MATT", "You come to a dor.\nI hear."), ("MATT", "Silence.")]


def test_a_turn_is_deleted_but_not_the_only_one(gm: Client, session: Session) -> None:
    for left in (2, 1):
        path = turn_path(session, left + 1)
        answer = gm.post(path, load_form(gm, path) | {"do": "delete", "words": ""})
        assert answer["Location"].endswith(f"#t{left}")
        assert len(said(session)) == left
    path = turn_path(session, 1)
    assert "This is the only turn" in text_of(gm.post(path, load_form(gm, path) | {"do": "delete"}))
    assert len(said(session)) == 1


def test_a_refused_edit_shows_what_was_typed(gm: Client, session: Session) -> None:
    path = turn_path(session, 1)
    for typed, problem in (
        ({"words": "You come.\nSAM: To what?"}, "would be read as the turn of another speaker"),
        ({"words": " "}, "To remove it, delete it."),
        ({"speaker": "the old man"}, "does not take this for a name"),
        ({"speaker": "x" * 101}, "at most 100 characters"),
        ({"words": "a\x00b"}, "Null characters"),
    ):
        page = text_of(gm.post(path, load_form(gm, path) | typed))
        assert problem in page
        assert all(value.strip("\x00") in page for value in typed.values())
    session.refresh_from_db()
    assert session.transcript_text == LOG


def test_of_two_tabs_that_correct_a_turn_the_second_is_told(gm: Client, session: Session) -> None:
    path = turn_path(session, 1)
    loaded = load_form(gm, path)
    gm.post(path, loaded | {"words": "You come to a door."})
    answer = gm.post(path, loaded | {"words": "You come to a tower."})
    page = text_of(answer)
    assert "This has been changed in another tab" in page
    assert "You come to a door." in page
    assert "You come to a tower." in page
    assert said(session)[0] == ("MATT", "You come to a door.")
    form = answer.context["form"]
    again = {name: form[name].value() for name in form.fields}
    gm.post(path, again)
    assert said(session)[0] == ("MATT", "You come to a tower.")


@pytest.mark.parametrize("changes", [{"words": "Silence, then a knock."}, {"do": "delete"}])
def test_a_turn_is_found_again_after_another_tab_deleted_one_before_it(
    gm: Client, session: Session, changes: dict[str, str]
) -> None:
    loaded = load_form(gm, turn_path(session, 3))
    first = turn_path(session, 1)
    gm.post(first, load_form(gm, first) | {"do": "delete"})
    gm.post(turn_path(session, 3), loaded | changes)
    rest = [("MATT", changes["words"])] if "words" in changes else []
    assert said(session) == [("LAURA", "I listen."), *rest]


def test_a_turn_that_another_tab_changed_is_not_taken_for_one_with_the_same_words(
    gm: Client, owner: User
) -> None:
    log = "SAM: Yeah.\nMATT: You come to a dor.\nLAURA: Yeah.\nSAM: Yeah.\nMATT: Silence.\n"
    session = make_session(owner, transcript_text=log)
    path = turn_path(session, 1)
    loaded = load_form(gm, path)
    gm.post(path, loaded | {"words": "Yes."})
    page = text_of(gm.post(path, loaded | {"words": "Yep."}))
    assert "Yep." in page
    assert session.transcript_text == log
    assert said(session)[0] == ("SAM", "Yes.")
    assert said(session)[3] == ("SAM", "Yeah.")


def test_a_turn_that_another_tab_changed_is_not_deleted(gm: Client, session: Session) -> None:
    path = turn_path(session, 1)
    loaded = load_form(gm, path)
    gm.post(path, loaded | {"words": "Other words."})
    for typed in ({}, {"words": "My words."}):
        page = text_of(gm.post(path, loaded | {"do": "delete"} | typed))
        assert "it is not deleted yet" in page
        assert "Other words." in page
        assert said(session)[0] == ("MATT", "Other words.")


def test_words_for_a_turn_that_is_gone_are_given_back(gm: Client, session: Session) -> None:
    path = turn_path(session, 3)
    loaded = load_form(gm, path)
    Session.objects.update(transcript_text="SAM: Alone.")
    page = text_of(gm.post(path, loaded | {"words": "Typed <long>"}))
    assert "This turn is gone" in page
    assert "Typed &lt;long&gt;" in page
    for number in (0, 3, 10**20):
        assert gm.get(turn_path(session, number)).status_code == 404


def test_an_unchanged_form_saves_nothing(gm: Client, session: Session) -> None:
    before = Session.objects.values().get()
    path = turn_path(session, 2)
    gm.post(path, load_form(gm, path))
    assert changed_fields(before, Session.objects.values().get()) == set()


def test_a_job_output_is_corrected_in_json_and_text(gm: Client, owner: User) -> None:
    session = make_session(owner, **TIMED)
    path = turn_path(session, 2)
    assert "at 0:02" in text_of(gm.get(path))
    answer = gm.post(path, load_form(gm, path) | {"words": "It is me.\n\nOpen up!"})
    assert messages_of(answer) == ["Turn saved."]
    assert said(session) == [("spk_0", "Who goes there?"), ("spk_1", "It is me."),
                             ("spk_1", "Open up!")]  # fmt: skip
    assert session.transcript_text == (
        "spk_0: Who goes there?\nspk_1: It is me.\nspk_1: Open up!\n"
    )


def highlight(gm: Client, session: Session, number: int, **typed: str) -> str:
    """Type into the form of a turn, and press Highlight instead of Save."""
    path = turn_path(session, number)
    data = load_form(gm, path) | typed
    return text_of(gm.post(f"{path}highlight/", data, follow=True))


def test_a_correction_that_is_not_saved_yet_is_kept_by_highlight(
    gm: Client, session: Session
) -> None:
    page = text_of(gm.get(turn_path(session, 1)))
    assert re.search(r'<textarea name="quote"[^>]* form="turn-form"', page)
    assert re.search(r'<button form="turn-form" formaction="[^"]*/1/highlight/#highlight"', page)
    page = highlight(gm, session, 1, words="Not a dor <yet>", quote="a dor")
    assert "Not a dor &lt;yet&gt;" in page
    assert "Highlighted. Your correction is not saved yet." in page
    assert session.highlights.get().quote == "a dor"
    assert said(session)[0] == ("MATT", "You come to a dor.")


def test_a_correction_is_kept_if_the_words_cannot_be_highlighted(
    gm: Client, session: Session
) -> None:
    page = highlight(gm, session, 1, words="Typed", speaker="SAM", quote="a window")
    assert "does not have these words in a row" in page
    assert all(typed in page for typed in ("Typed", 'value="SAM"', "a window"))


def test_without_a_correction_highlight_leads_to_the_turn(gm: Client, session: Session) -> None:
    assert SAID_AT.format(2, "Highlighted. It is listed with the session.") in highlight(
        gm, session, 2, quote="listen"
    )


def test_a_correction_is_kept_after_another_tab_deleted_a_turn_before_it(
    gm: Client, session: Session
) -> None:
    loaded = load_form(gm, turn_path(session, 3))
    first = turn_path(session, 1)
    gm.post(first, load_form(gm, first) | {"do": "delete"})
    typed = loaded | {"words": "Silence?", "quote": "Silence."}
    page = text_of(gm.post(f"{turn_path(session, 3)}highlight/", typed))
    assert "Silence?" in page
    assert "Turn 2 of 2" in page
