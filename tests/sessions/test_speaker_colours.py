"""Two speakers never share a colour on a page, and each keeps it through a campaign."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.contrib.auth.models import User
from django.test import Client

from campaigns.models import Campaign
from sessions_app.models import Session
from sessions_app.speaker_colours import COLOURS, first_sessions, speaker_colours
from sessions_app.transcript_reader import TranscriptReader
from tests.support.factories import make_campaign
from tests.support.pages import text_of
from tests.support.paths import PROJECT
from tests.support.transcribe_files import session_with

TABLE = ["MATT", "LAURA", "TRAVIS", "LIAM", "MARISHA", "SAM", "TALIESIN", "ASHLEY"]


def played(
    owner: User, campaign: Campaign | None, day: int, names: list[str], **fields: object
) -> Session:
    """Save an evening. Who is named first speaks most."""
    lines = [f"{name}: {'word ' * (2 * len(names) - place)}\n" for place, name in enumerate(names)]
    session = session_with(
        "".join(lines), owner=owner, campaign=campaign, played_on=date(2026, 1, day), **fields
    )
    session.save()
    return session


def shown(session: Session) -> dict[str | None, int | None]:
    """Return the colours on the page of the transcript."""
    session.refresh_from_db()
    return {turn.turn.speaker_name: turn.colour for turn in TranscriptReader(session).part(1)}


def test_the_twelve_who_speak_most_have_colours_of_their_own_and_the_others_none(
    owner: User,
) -> None:
    names = [f"V{number}" for number in range(30)]
    colours = shown(played(owner, None, 1, names))
    assert {colours[name] for name in names[:COLOURS]} == set(range(COLOURS))
    assert {colours[name] for name in names[COLOURS:]} == {None}


def test_a_speaker_keeps_the_colour_whoever_else_is_there(owner: User) -> None:
    campaign = make_campaign(owner)
    sessions = [
        played(owner, campaign, 2 + absent, [name for name in TABLE if name != TABLE[absent]])
        for absent in range(len(TABLE))
    ]
    sessions += [
        played(owner, campaign, 20 + len(guests), [*guests, *TABLE[:6]])
        for guests in (["GUEST A", "GUEST B"], ["GUEST C", "GUEST D", "GUEST E", "GUEST F"])
    ]
    found = [shown(session) for session in sessions]
    for name in TABLE:
        assert len({colours[name] for colours in found if name in colours}) == 1, name
    for colours in found:
        assert len(set(colours.values())) == len(colours)
    # A later evening changes nothing of an earlier one.
    played(owner, campaign, 28, ["NOBODY KNOWS HIM", *TABLE])
    assert [shown(session) for session in sessions] == found


def test_speakers_of_other_campaigns_and_labels_that_each_job_numbers_anew_count_for_nothing(
    owner: User,
) -> None:
    campaign = make_campaign(owner)
    sessions = [
        played(owner, campaign, 9 + day, names)
        for day, names in enumerate([TABLE, list(reversed(TABLE))])
    ]
    before = [shown(session) for session in sessions]
    played(owner, make_campaign(owner), 1, [*reversed(TABLE), "OTHER"])
    played(owner, campaign, 1, [f"spk_{number}" for number in range(20)])
    assert [shown(session) for session in sessions] == before


def test_only_the_first_evenings_of_a_campaign_are_read(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sessions_app.speaker_colours.SESSIONS", 2)
    campaign = make_campaign(owner)
    for day in (1, 2, 3):
        played(owner, campaign, day, [f"V{day}"], name=str(day))
    read = [session.name for session in first_sessions(Session.objects.get(name="3"))]
    assert read == ["1", "2"]


def test_the_page_of_a_session_and_its_transcript_have_the_same_colours(
    gm: Client, owner: User
) -> None:
    session = played(owner, make_campaign(owner), 1, [f"P{n}" for n in range(14)])
    session.transcript_text += "P0 and P1: Yes!\n"
    session.speaker_names = {"P3": "Matt"}
    session.save()
    read = shown(session)
    assert read["P0 and P1"] is None
    page = text_of(gm.get(session.get_absolute_url()))
    bars = re.findall(
        r'<th scope="row">(.*?)</th>.*?<svg class="bar(?: voice-(\d+))?"', page, re.DOTALL
    )
    assert {name: int(colour) if colour else None for name, colour in bars} == {
        name: colour for name, colour in read.items() if name != "P0 and P1"
    }


def test_a_transcript_without_metrics_has_colours() -> None:
    reader = TranscriptReader(Session(transcript_text="RUTH: Hm.\nBEA: No.\n"))
    assert {numbered.colour for numbered in reader.part(1)} == set(
        speaker_colours(Session(), ["RUTH", "BEA"]).values()
    )


def test_the_style_sheet_has_every_colour_in_light_and_dark() -> None:
    css = (PROJECT / "config/web/static/site/site.css").read_text()
    for number in range(COLOURS):
        assert len(re.findall(rf"--voice-{number}: #", css)) == 2
        assert f".voice-{number} {{ color: var(--voice-{number}); }}" in css
