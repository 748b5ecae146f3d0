from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from sessions_app import transcript_reader
from sessions_app.models import Session
from sessions_app.transcript_reader import TranscriptReader
from sessions_app.transcripts import Turn
from tests.support.factories import make_campaign, make_session, make_user
from tests.support.pages import load_form, messages_of, text_of
from tests.support.transcribe_files import EVENING

TOGETHER = "What several say together counts for each of them."
LOG = "MATT: Roll for initiative.\nLAURA: Twenty!\nMATT: A dragon.\n"


@pytest.fixture
def session(owner: User) -> Session:
    return make_session(owner, notes="Kept")


@pytest.fixture
def path(session: Session) -> str:
    return f"/sessions/{session.pk}/transcript/"


def hidden_fields(response: Any) -> dict[str, Any]:
    form = response.context["form"]
    return {field.name: field.value() for field in form.hidden_fields()}


def test_the_words_of_a_speaker_are_counted_alike_on_every_page(
    gm: Client, path: str, session: Session
) -> None:
    text = "LAURA: Yes — of course.\nASHLEY: No.\nLAURA & ASHLEY: We go now.\nMATT: Then — go!\n"
    gm.post(f"{path}edit/", {"text": text})
    page = text_of(gm.get(f"{path}speakers/"))
    assert re.findall(r"_helptext\">([^<]*?)<span", page) == [
        "3 words alone.",
        "3 words. LAURA and ASHLEY together: leave it empty to show the name of each.",
        "2 words.",
        "1 word alone.",
    ]
    page = text_of(gm.get(session.get_absolute_url()))
    assert re.findall(r"<td>(\d+)</td>", page) == ["6", "4", "2"]
    assert "<dd>9</dd>" in page
    assert TOGETHER in page
    gm.post(f"{path}edit/", load_form(gm, f"{path}edit/") | {"text": LOG})
    assert TOGETHER not in text_of(gm.get(session.get_absolute_url()))


def test_without_a_transcript_the_page_has_a_form_to_add_one(gm: Client, path: str) -> None:
    assert "Add the transcript" in text_of(gm.get(path))


def test_a_pasted_transcript_is_saved_with_its_metrics(
    gm: Client, path: str, session: Session
) -> None:
    answer = gm.post(f"{path}edit/", {"text": LOG.replace("\n", "\r\n")})
    assert answer["Location"] == path
    session.refresh_from_db()
    assert session.transcript_text == LOG
    assert session.metrics is not None
    assert session.metrics["totalWordCount"] == 6
    assert session.notes == "Kept"
    page = text_of(gm.get(path))
    assert page.count("<li id=") == 3
    assert "Roll for initiative." in page


def test_an_uploaded_transcript_is_saved(gm: Client, path: str, session: Session) -> None:
    file = SimpleUploadedFile("log.txt", LOG.encode())
    assert gm.post(f"{path}edit/", {"text": "", "file": file}).status_code == 302
    session.refresh_from_db()
    assert session.transcript_text == LOG


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"SECRET: \x81", "line 1"), (b"SECRET: \x00", "line 1"), (b"\n ", "empty")],
)
def test_a_file_that_cannot_be_read_is_a_form_error(
    gm: Client, path: str, session: Session, content: bytes, problem: str
) -> None:
    answer = gm.post(f"{path}edit/", {"file": SimpleUploadedFile("log.txt", content)})
    assert answer.status_code == 200
    errors = str(answer.context["form"].errors)
    assert problem in errors
    assert "SECRET" not in errors
    session.refresh_from_db()
    assert not session.has_transcript


def test_the_person_is_told_how_a_file_was_read(gm: Client, path: str) -> None:
    subtitles = "WEBVTT\n\n00:01.000 --> 00:02.000\nCafé\n\n00:61.000 --> 00:62.000\nLost\n"
    file = SimpleUploadedFile("a.vtt", subtitles.encode("latin-1"))
    page = text_of(gm.post(f"{path}edit/", {"file": file}, follow=True))
    assert "Transcript saved." in page
    assert "Read as Windows-1252." in page
    assert "1 broken cue was skipped, at line 6." in page


def test_an_empty_form_is_a_form_error(gm: Client, path: str) -> None:
    assert "Paste the transcript, or choose a file." in text_of(
        gm.post(f"{path}edit/", {"text": " "})
    )


def test_text_and_a_file_at_once_are_refused(gm: Client, path: str, session: Session) -> None:
    file = SimpleUploadedFile("log.txt", LOG.encode())
    page = text_of(gm.post(f"{path}edit/", {"text": "SAM: Mine.", "file": file}))
    assert "Paste the transcript or choose a file, not both." in page
    assert "SAM: Mine." in page
    session.refresh_from_db()
    assert not session.has_transcript


@pytest.mark.parametrize("start", ["{music plays}", "WEBVTTs are subtitles"])
def test_a_pasted_text_that_begins_almost_like_another_format_is_plain_text(
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
def test_the_format_of_a_pasted_text_is_recognised(
    gm: Client, path: str, session: Session, pasted: str
) -> None:
    gm.post(f"{path}edit/", {"text": pasted})
    assert TranscriptReader(Session.objects.get()).has_times


@pytest.mark.parametrize(
    ("pasted", "problem"),
    [
        ('{"results":\n {"a" 1}}', "The text is broken at line 2, column 7."),
        ("WEBVTT\n\n00:01 --> 00:02\nHello.\n", "Line 3: '00:01 --> …' is not a valid time."),
        (
            "\nWEBVTT\n\n00:00.500 --> 00:01.000\nHello.\n",
            "Line 1: WebVTT must begin with WEBVTT here.",
        ),
        ("1\n00:01 --> 00:02\nHello.\n", "Line 2: '00:01 --> …' is not a valid time."),
    ],
)
def test_the_error_of_a_pasted_text_names_the_line(
    gm: Client, path: str, session: Session, pasted: str, problem: str
) -> None:
    errors = gm.post(f"{path}edit/", {"text": pasted}).context["form"].non_field_errors()
    assert errors == [problem]


@pytest.mark.parametrize("data", [{"text": "MATT: a\x00b"}, {"text": "x", "loaded": "\x00"}])
def test_a_null_character_is_a_form_error(gm: Client, path: str, data: dict[str, str]) -> None:
    answer = gm.post(f"{path}edit/", data)
    assert answer.status_code == 200
    assert answer.context["form"].errors


@pytest.mark.parametrize("page", ["", "edit/"])
def test_a_second_tab_that_saves_a_transcript_is_told(
    gm: Client, path: str, session: Session, page: str
) -> None:
    loaded = hidden_fields(gm.get(f"{path}{page}"))
    gm.post(f"{path}edit/", {"text": LOG} | loaded)
    answer = gm.post(f"{path}edit/", {"text": "SAM: Mine."} | loaded)
    assert "Another tab has saved a transcript" in text_of(answer)
    assert "SAM: Mine." in text_of(answer)
    session.refresh_from_db()
    assert session.transcript_text == LOG
    gm.post(f"{path}edit/", {"text": "SAM: Mine."} | hidden_fields(answer))
    session.refresh_from_db()
    assert session.transcript_text == "SAM: Mine."


def test_a_form_without_a_fingerprint_replaces_nothing(
    gm: Client, path: str, session: Session
) -> None:
    gm.post(f"{path}edit/", {"text": LOG})
    assert "Another tab has saved a transcript" in text_of(
        gm.post(f"{path}edit/", {"text": "SAM: Mine."})
    )
    session.refresh_from_db()
    assert session.transcript_text == LOG


def test_removing_a_transcript_removes_its_metrics_and_keeps_the_notes(
    gm: Client, path: str, session: Session
) -> None:
    gm.post(f"{path}edit/", {"text": LOG})
    gm.post(f"{path}delete/")
    session.refresh_from_db()
    assert not session.has_transcript
    assert session.metrics is None
    assert session.notes == "Kept"


def test_names_of_speakers_are_saved_shown_and_removed(
    gm: Client, path: str, session: Session
) -> None:
    gm.post(f"{path}edit/", {"text": LOG})
    gm.post(f"{path}speakers/", {"name-MATT": "Matthew <GM>", "name-LAURA": ""})
    session.refresh_from_db()
    assert session.speaker_names == {"MATT": "Matthew <GM>"}
    assert session.transcript_text == LOG
    page = text_of(gm.get(path))
    assert "Matthew &lt;GM&gt;" in page
    assert "LAURA" in page
    gm.post(f"{path}speakers/", {"name-LAURA": "Laura"})
    session.refresh_from_db()
    assert session.speaker_names == {"MATT": "Matthew <GM>", "LAURA": "Laura"}
    gm.post(f"{path}speakers/", {"name-LAURA": "", "name-MATT": "", "name-OTHER": "No"})
    session.refresh_from_db()
    assert session.speaker_names is None


@pytest.mark.parametrize("other", ["MATT: I am another.", "SAM: Me.", "Nobody is named."])
def test_names_for_a_transcript_that_another_tab_replaced_need_a_confirmation(
    gm: Client, path: str, session: Session, other: str
) -> None:
    gm.post(f"{path}edit/", {"text": LOG})
    typed = {"name-MATT": "<Matthew>", "name-LAURA": "Laura"}
    loaded = hidden_fields(gm.get(f"{path}speakers/"))
    gm.post(f"{path}edit/", {"text": other} | hidden_fields(gm.get(f"{path}edit/")))
    answer = gm.post(f"{path}speakers/", typed | loaded)
    page = text_of(answer)
    assert "Another tab has replaced the transcript" in page
    assert "&lt;Matthew&gt;" in page
    assert "LAURA: Laura" in page
    session.refresh_from_db()
    assert session.speaker_names is None
    assert gm.post(f"{path}speakers/", typed | hidden_fields(answer)).status_code == 302
    session.refresh_from_db()
    assert session.speaker_names == ({"MATT": "<Matthew>"} if "MATT" in other else None)


def test_a_name_with_a_null_character_is_a_form_error(gm: Client, path: str) -> None:
    gm.post(f"{path}edit/", {"text": LOG})
    answer = gm.post(f"{path}speakers/", {"name-MATT": "a\x00b"})
    assert answer.context["form"].errors.keys() == {"name-MATT"}


def test_a_label_with_spaces_gives_a_field_with_a_valid_id(gm: Client, path: str) -> None:
    gm.post(f"{path}edit/", {"text": "SAM: No.\nLady of the Ice: Yes.\n"})
    page = text_of(gm.post(f"{path}speakers/", {"name-Lady of the Ice": "a" * 101}))
    described = [value.split() for value in re.findall('aria-describedby="(.*?)"', page)]
    ids = re.findall(' id="(.*?)"', page)
    assert {key for keys in described for key in keys} <= set(ids)
    assert not any(" " in value for value in ids)
    assert len(ids) == len(set(ids))
    (label,) = re.findall('<label for="(.*?)">Lady of the Ice<', page)
    assert [f"{label}_helptext", f"{label}_error"] in described


def test_a_new_transcript_keeps_the_names_of_the_speakers_it_has(
    gm: Client, path: str, session: Session
) -> None:
    gm.post(f"{path}edit/", {"text": LOG})
    gm.post(f"{path}speakers/", {"name-LAURA": "Laura", "name-MATT": "Matt"})
    loaded = hidden_fields(gm.get(f"{path}edit/"))
    gm.post(f"{path}edit/", {"text": "LAURA: Alone."} | loaded)
    session.refresh_from_db()
    assert session.speaker_names == {"LAURA": "Laura"}


def test_words_are_found_and_highlighted(gm: Client, path: str) -> None:
    gm.post(f"{path}edit/", {"text": LOG + "SAM: (a+b)* <i>\n"})
    page = text_of(gm.get(path, {"find": "dRaGoN"}))
    assert "<mark>dragon</mark>" in page
    assert "1 turn with" in page
    assert "Twenty" not in page
    assert "<mark>(a+b)* &lt;i&gt;</mark>" in text_of(gm.get(path, {"find": "(a+b)* <i>"}))
    assert "0 turns" in text_of(gm.get(path, {"find": "nowhere"}))
    assert gm.get(path, {"find": "\x00\ud800".encode("utf-8", "replace")}).status_code == 200


def test_words_are_found_across_line_breaks_and_several_spaces(gm: Client, path: str) -> None:
    gm.post(f"{path}edit/", {"text": "MATT: A lamp\nin the  (fog).\n"})
    page = text_of(gm.get(path, {"find": "Lamp in the (fog)"}))
    assert "1 turn with" in page
    assert "<mark>lamp\nin the  (fog)</mark>" in page


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch, owner: User) -> Session:
    spoken = [Turn("spk_0", "Matt", 10.0 * n, 10.0 * n + 9, f"turn {n}") for n in range(1, 1000)]
    monkeypatch.setattr(transcript_reader, "turns", lambda session: spoken)
    return make_session(owner, transcript_text="any")


@pytest.mark.parametrize(
    ("at", "turn"),
    [("0:00", 1), ("0:35", 3), ("1:00", 6), ("1:00:00", 360), ("600", 60), ("9:59:59", 999)],
)
def test_a_time_leads_to_the_turn_that_is_spoken_then(
    gm: Client, timed: Session, at: str, turn: int
) -> None:
    path = f"/sessions/{timed.pk}/transcript/"
    assert gm.get(path, {"at": at})["Location"] == f"{path}?part=1#t{turn}"


@pytest.mark.parametrize("at", ["soon", "1:99", "-1", "1:2:3:4", "\x00", "9" * 30])
def test_an_invalid_time_is_explained(gm: Client, timed: Session, at: str) -> None:
    answer = gm.get(f"/sessions/{timed.pk}/transcript/", {"at": at}, follow=True)
    assert answer.status_code == 200
    assert "Write the time as 1:02:03" in text_of(answer)


def test_a_very_long_transcript_is_divided_into_parts(
    gm: Client, path: str, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcript_reader, "PART_TURNS", 2)
    gm.post(f"{path}edit/", {"text": LOG})
    first, second = text_of(gm.get(path)), text_of(gm.get(f"{path}?part=2"))
    assert ("Twenty" in first, "dragon" in first) == (True, False)
    assert ("Twenty" in second, "dragon" in second) == (False, True)
    assert "?part=2#t3" in text_of(gm.get(path, {"find": "dragon"}))
    for invalid in ("0", "99", "x", "-1", "٣"):
        assert gm.get(f"{path}?part={invalid}").status_code == 200


def test_turns_are_in_lists_of_fifty(gm: Client, timed: Session) -> None:
    page = text_of(gm.get(f"/sessions/{timed.pk}/transcript/"))
    lists = re.findall(r'<ol(?: start="(\d+)")?>(.*?)</ol>', page, re.DOTALL)
    assert [start for start, _ in lists] == ["", *map(str, range(51, 1000, 50))]
    assert [items.count("<li id=") for _, items in lists] == [50] * 19 + [49]


@pytest.mark.parametrize(("turn", "found"), [("7", 7), ("0", 1), ("99999", 999), ("x", 1)])
def test_a_link_leads_to_a_turn(gm: Client, timed: Session, turn: str, found: int) -> None:
    path = f"/sessions/{timed.pk}/transcript/"
    assert gm.get(path, {"turn": turn})["Location"] == f"{path}?part=1#t{found}"


def test_each_half_hour_is_a_place_to_jump_to(gm: Client, timed: Session) -> None:
    page = text_of(gm.get(f"/sessions/{timed.pk}/transcript/"))
    places = re.findall(r'<a href="\?part=1#t(\d+)"><b>(.*?)</b>', page)
    assert places == [("180", "30:00"), ("360", "1:00:00"), ("540", "1:30:00"),
                      ("720", "2:00:00"), ("900", "2:30:00")]  # fmt: skip
    assert "Matt: turn 360" in page


@pytest.mark.no_cover  # many turns, and other tests cover the code
def test_without_times_the_places_are_some_thousand_words_apart(owner: User) -> None:
    session = make_session(owner, transcript_text="MATT: one two three four\n" * 3000)
    places = TranscriptReader(session).places()
    assert [(place.turn.number, place.words) for place in places] == [(1251, 5000), (2501, 10000)]
    endless = make_session(owner, transcript_text="MATT: one two three four\n" * 100_000)
    assert len(TranscriptReader(endless).places()) <= transcript_reader.MAX_PLACES
    assert TranscriptReader(make_session(owner)).places() == []


def test_headings_and_titles_name_the_session(gm: Client, path: str, session: Session) -> None:
    gm.post(f"{path}edit/", {"text": LOG})
    for page, title in (("", "Transcript of"), ("turns/1/", "Turn 1 of"),
                        ("edit/", "Replace the transcript of"),
                        ("delete/", "Remove the transcript of"),
                        ("speakers/", "Name the speakers of")):  # fmt: skip
        text = text_of(gm.get(f"{path}{page}"))
        assert f"<title>{title} {session.name} · Tabletop</title>" in text
        assert session.name in text
    assert f"<h1>Transcript of <bdi>{session.name}</bdi></h1>" in text_of(gm.get(path))


def test_speakers_are_listed_by_their_words_with_samples(gm: Client, path: str) -> None:
    log = "SAM: Yes.\nMATT: You come to a door, and it is blue.\n"
    log += "MATT: It <opens> by itself, slowly, at night.\n"
    gm.post(f"{path}edit/", {"text": log + "SAM & MATT: No!\n"})
    page = text_of(gm.get(f"{path}speakers/"))
    assert re.findall('<label for="id_.">(.*?)</label>', page) == ["MATT", "SAM", "SAM &amp; MATT"]
    assert "16 words alone." in page
    assert "“You come to a door, and it is blue.”" in page
    assert "“It &lt;opens&gt; by itself, slowly, at night.”" in page
    assert "SAM and MATT together" in page


def test_a_joint_label_shows_the_names_of_its_people(gm: Client, path: str) -> None:
    gm.post(f"{path}edit/", {"text": "SAM & MATT: No!\nSAM: Well.\nMATT: Yes.\n"})
    gm.post(f"{path}speakers/", {"name-SAM": "Sam"})
    assert ">Sam &amp; MATT</b>" in text_of(gm.get(path))
    assert 'placeholder="Sam &amp; MATT"' in text_of(gm.get(f"{path}speakers/"))
    gm.post(f"{path}speakers/", {"name-SAM & MATT": "The two"})
    assert ">The two</b>" in text_of(gm.get(path))


def test_names_of_the_campaigns_other_sessions_are_offered(gm: Client, owner: User) -> None:
    campaign = make_campaign(owner)
    metrics = {"speakerDistribution": {"spk_0": {"words": 1}, "ASHLEY": {"words": 1}}}
    make_session(owner, campaign, speaker_names={"spk_0": "Laura", "x": 1}, metrics=metrics)
    make_session(owner, campaign, speaker_names=["x"], metrics=[1])
    make_session(owner, speaker_names={"spk_0": "Unfiled"})
    make_session(make_user("other"), campaign, speaker_names={"spk_0": "Theirs"})
    session = make_session(owner, campaign, transcript_text=LOG)
    page = text_of(gm.get(f"/sessions/{session.pk}/transcript/speakers/"))
    assert re.findall('<option value="(.*?)">', page) == ["ASHLEY", "Laura"]


def test_the_transcript_of_an_evening_is_one_part(gm: Client, owner: User) -> None:
    line = "MATT: " + "You see a lamp in the fog. " * 3 + "\nLAURA: I take it, slowly.\n"
    session = make_session(owner, transcript_text=line * 2700)
    assert len(session.transcript_text) > 300_000
    assert len(TranscriptReader(session).turns) == 5400
    page = text_of(gm.get(f"/sessions/{session.pk}/transcript/"))
    assert page.count("<li id=") == 5400


def test_the_keyboard_skips_the_turns_and_leads_back_to_the_top(gm: Client, path: str) -> None:
    Session.objects.update(transcript_text=LOG)
    for page in (text_of(gm.get(path)), text_of(gm.get(f"{path}?find=dragon"))):
        places = [page.index(piece) for piece in (
            'href="#turns-end">Skip the transcript', 'id="turn-list"', 'id="turns-end" tabindex',
            '<a href="#main">Back to the top',
        )]  # fmt: skip
        assert places == sorted(places)


JOB_OF_DAY = json.dumps({**EVENING, "jobName": "evening-2026-03-15"}).encode()


@pytest.mark.parametrize(
    ("name", "content", "day", "told"),
    [
        ("2026-03-14 session.txt", b"MATT: Hello.", date(2026, 3, 14),
         "The file’s name says that you played on 14 March 2026."),
        ("job.json", JOB_OF_DAY, date(2026, 3, 15),
         "The job’s name says that you played on 15 March 2026."),
        ("session.txt", b"MATT: Hello.", None, ""),
    ],
)  # fmt: skip
def test_the_day_of_a_session_without_one_is_taken_from_the_file_or_the_job(
    gm: Client, path: str, session: Session, name: str, content: bytes, day: date, told: str
) -> None:
    def upload() -> list[str]:
        file = SimpleUploadedFile(name, content)
        return messages_of(gm.post(f"{path}edit/", load_form(gm, f"{path}edit/") | {"file": file}))

    assert " ".join(upload()) == f"Transcript saved. {told}".strip()
    session.refresh_from_db()
    assert session.played_on == day
    Session.objects.update(played_on=date(2026, 1, 1))
    assert upload() == ["Transcript saved."]
    session.refresh_from_db()
    assert session.played_on == date(2026, 1, 1)
