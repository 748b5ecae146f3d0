"""A speaker keeps a colour, and two have the same only if there are more speakers than colours."""

import re
from itertools import permutations

from sessions_app.models import Session
from sessions_app.speaker_colours import COLOURS, speaker_colours
from sessions_app.speaker_stats import speaker_stats
from sessions_app.transcript_reader import TranscriptReader
from tests.support.paths import PROJECT
from tests.support.transcribe_files import session_with

TABLE = ["MATT", "LAURA", "TRAVIS", "LIAM", "MARISHA", "SAM", "TALIESIN", "ASHLEY"]


def test_a_colour_follows_from_the_name() -> None:
    for name in TABLE:
        assert len({speaker_colours(names)[name] for names in ([name], [name, "zz 1"])}) == 1
    colours = {tuple(sorted(speaker_colours(names).items())) for names in permutations(TABLE, 8)
               if names[0] == "SAM"}  # fmt: skip
    assert len(colours) == 1


def test_as_many_speakers_as_colours_have_different_ones() -> None:
    names = [f"spk_{number}" for number in range(40)]
    colours = speaker_colours(names)
    assert sorted(colours[name] for name in names[:COLOURS]) == list(range(COLOURS))
    assert set(colours) == set(names)
    assert set(colours.values()) <= set(range(COLOURS))


def test_the_page_of_a_session_and_its_transcript_have_the_same_colours() -> None:
    lines = [f"P{n}: {'word ' * (40 - n)}\n" for n in range(30)]
    session = session_with("".join([*lines, "P0 and P1: Yes!\n"]))
    session.speaker_names = {"P3": "Matt"}
    reader = TranscriptReader(session)
    stats = speaker_stats(session)
    assert stats
    shown = {share.name: share.colour for share in stats.shares}
    read = {numbered.turn.speaker_name: numbered.colour for numbered in reader.part(1)}
    assert read == {**shown, "P0 and P1": None}


def test_a_transcript_without_metrics_has_colours() -> None:
    reader = TranscriptReader(Session(transcript_text="RUTH: Hm.\nBEA: No.\n"))
    assert {numbered.colour for numbered in reader.part(1)} == set(
        speaker_colours(["RUTH", "BEA"]).values()
    )


def test_the_style_sheet_has_every_colour_in_light_and_dark() -> None:
    css = (PROJECT / "config/web/static/site/site.css").read_text()
    for number in range(COLOURS):
        assert len(re.findall(rf"--voice-{number}: #", css)) == 2
        assert f".voice-{number} {{ color: var(--voice-{number}); }}" in css
