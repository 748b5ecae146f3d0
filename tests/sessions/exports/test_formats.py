import io
import json
import tempfile
import uuid
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Campaign
from sessions_app.exports import archive, json_file
from sessions_app.exports.file_names import MAX_BYTES, UniqueNames, file_name
from sessions_app.exports.formats import export
from sessions_app.exports.markdown_file import as_markdown
from sessions_app.exports.text_file import as_text
from sessions_app.exports.webvtt_file import NoTimes, as_webvtt, has_times
from sessions_app.models import Session
from sessions_app.transcripts import Segment, Turn, cues, put_transcript, read_transcript, turns
from sessions_app.transcripts.transcribe.document import as_document
from tests.support.transcribe_files import EVENING, as_file

EVENING_OF = datetime(2026, 2, 6, 19, 30, 2, tzinfo=UTC)


def session_of(data: bytes | str = "", **fields: Any) -> Session:
    defaults = {"name": "Fog", "created_at": EVENING_OF, "updated_at": EVENING_OF}
    session = Session(**defaults | fields)
    if data:
        put_transcript(session, read_transcript(data.encode() if isinstance(data, str) else data))
        session.speaker_names = fields.get("speaker_names")
    return session


FULL = {
    "campaign": Campaign(name="The *Long*\nShoal"),
    "description": "Three days of fog.",
    "notes": "## Fog\n\n- Hour 6",
    "summary": "They *rang*.",
    "player_recap": "You rang.",
    "speaker_names": {"spk_0": "Ruth_1"},
    "share_token": "SECRET",
    "audio_storage_key": "SECRET",
    "transcription_job_id": "SECRET",
}


def read_again(subtitles: str) -> Session:
    return session_of(subtitles)


def without_labels(found: list[Turn]) -> list[tuple[Any, ...]]:
    return [turn[1:] for turn in found]


def test_markdown() -> None:
    assert as_markdown(session_of(as_file(EVENING), **FULL)) == (
        "# Fog\n\nThe \\*Long\\* Shoal, 2026-02-06\n\n"
        "## Description\n\nThree days of fog.\n\n"
        "## Summary\n\nThey *rang*.\n\n"
        "## Player recap\n\nYou rang.\n\n"
        "## Notes\n\n## Fog\n\n- Hour 6\n\n"
        "## Transcript\n\n"
        "(0:00:00) **Ruth\\_1:** Who goes there?\n\n"
        "(0:00:02) **spk\\_1:** It's me. Open up!\n"
    )


def test_markdown_escapes_what_was_said() -> None:
    text = "RUTH: <script>*a* `b` [c](d) # &amp;\n- one\n1. two\n\n\t# three\n"
    assert as_markdown(session_of(text, name="# *F*")) == (
        "# \\# \\*F\\*\n\n2026-02-06\n\n## Transcript\n\n"
        "**RUTH:** \\<script\\>\\*a\\* \\`b\\` \\[c\\](d) \\# \\&amp;  \n\\- one  \n1\\. two\n\n"
        "**RUTH:** \\# three\n"
    )


def test_plain_text() -> None:
    assert as_text(session_of(as_file(EVENING), **FULL)) == (
        "Fog\n===\n\nThe *Long* Shoal, 2026-02-06\n\n"
        "Description\n-----------\n\nThree days of fog.\n\n"
        "Summary\n-------\n\nThey *rang*.\n\n"
        "Player recap\n------------\n\nYou rang.\n\n"
        "Notes\n-----\n\n## Fog\n\n- Hour 6\n\n"
        "Transcript\n----------\n\n"
        "Ruth_1: Who goes there?\n\nspk_1: It's me. Open up!\n"
    )
    assert as_text(session_of("They met.", name="Fog")) == (
        "Fog\n===\n\n2026-02-06\n\nTranscript\n----------\n\nThey met.\n"
    )


def test_a_session_of_which_only_the_name_is_known() -> None:
    assert as_markdown(session_of()) == "# Fog\n\n2026-02-06\n"
    assert as_text(session_of()) == "Fog\n===\n\n2026-02-06\n"
    assert json.loads(export(session_of(), "json").content)["campaign"] is None


def test_webvtt() -> None:
    session = session_of(as_file(EVENING), name="Fog -->\n5", speaker_names={"spk_0": "R > B & C"})
    assert as_webvtt(session) == (
        "WEBVTT - Fog → 5\n"
        "\n00:00:00.500 --> 00:00:02.000\n<v R &gt; B &amp; C>Who goes there?\n"
        "\n00:00:02.250 --> 00:00:03.000\n<v spk_1>It's me.\n"
        "\n00:00:03.500 --> 00:00:04.500\n<v spk_1>Open up!\n"
    )


def test_webvtt_needs_times() -> None:
    assert has_times(session_of(as_file(EVENING)))
    untimed = as_file({"results": {"transcripts": [{"transcript": "Hello."}]}})
    for session in (session_of("RUTH: Hello."), session_of(), session_of(untimed)):
        assert not has_times(session)
        with pytest.raises(NoTimes):
            export(session, "vtt")


words = st.lists(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=9), min_size=1
).map(" ".join)
names = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=20)
spans = st.lists(
    st.tuples(
        st.one_of(st.none(), names),
        words | st.sampled_from(["Note: it rains", "<v Bea>x", "a --> b", "&lt;", "{\\an8}x", "1"]),
        st.integers(0, 5_000),
        st.integers(0, 30_000),
    ),
    min_size=1,
    max_size=12,
)


@given(spans, st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_webvtt_read_again_gives_the_same(
    said: list[tuple[str | None, str, int, int]], title: str
) -> None:
    found, moment = [], 0
    for label, text, pause, length in said:
        start = moment + pause
        moment = start + length
        found.append(Segment(label, " ".join(text.split()), start / 1000, moment / 1000))
    session = session_of(as_file(as_document([s for s in found if s.text], "test")), name=title)
    again = read_again(as_webvtt(session))
    assert cues(again) == cues(session)
    assert turns(again) == turns(session)
    assert again.metrics == session.metrics


def test_words_before_a_colon_do_not_become_a_speaker() -> None:
    session = session_of(as_file(as_document([Segment(None, "Note: it rains", 0, 1)], "test")))
    assert "Note&#58; it rains" in as_webvtt(session)
    assert turns(read_again(as_webvtt(session))) == [Turn(None, None, 0, 1, "Note: it rains")]


def test_names_given_by_people_survive_webvtt() -> None:
    session = session_of(as_file(EVENING), speaker_names={"spk_0": "Ruth <3", "spk_1": "Bea & co"})
    assert without_labels(turns(read_again(as_webvtt(session)))) == without_labels(turns(session))


def test_json() -> None:
    session = session_of(as_file(EVENING), **FULL)
    file = export(session, "json")
    values = json.loads(file.content)
    assert b"SECRET" not in file.content
    assert values["format"] == "tabletop-session"
    assert values["version"] == 1
    assert uuid.UUID(values["id"]) == session.pk
    assert values["campaign"] == "The *Long*\nShoal"
    assert values["created_at"] == "2026-02-06T19:30:02+00:00"
    for field in json_file.JSON_FIELDS:
        assert values[field] == getattr(session, field)
    again = session_of()
    put_transcript(again, read_transcript(file.content, file.name))
    assert (turns(again), again.metrics) == (turns(session), session.metrics)
    assert again.transcript_text == session.transcript_text


@pytest.mark.parametrize(
    ("ending", "content_type"),
    [
        ("md", "text/markdown; charset=utf-8"),
        ("txt", "text/plain; charset=utf-8"),
        ("vtt", "text/vtt; charset=utf-8"),
        ("json", "application/json"),
    ],
)
def test_every_format(ending: str, content_type: str) -> None:
    file = export(session_of(as_file(EVENING), name="Zoë: a/b"), ending)
    assert file[:2] == (f"Zoë a b.{ending}", content_type)
    assert "Who goes there?" in file.content.decode()


def test_unknown_format() -> None:
    with pytest.raises(KeyError):
        export(session_of(), "exe")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Session 1: Goblin Arrows", "Session 1 Goblin Arrows"),
        ("../../etc/passwd", "etc passwd"),
        ("C:\\a|b?*<>\"'", "C a b '"),
        ("line\nbreak\x00\x7f\ttab", "line break tab"),
        ("Zoe\u0308’s ★ night", "Zoë’s night"),
        ("हिन्दी 龍", "हिन्दी 龍"),
        ("gpj.\u202eexe", "gpj. exe"),
        (".hidden.", "hidden"),
        ("-rf", "rf"),
        ("", "unnamed"),
        ("…///", "unnamed"),
        ("con", "_con"),
        ("Lpt1.old", "_Lpt1.old"),
        ("contract", "contract"),
    ],
)
def test_file_names(name: str, expected: str) -> None:
    assert file_name(name, "md") == f"{expected}.md"
    assert file_name(name) == expected


@given(st.text())
def test_any_name_makes_a_safe_one(name: str) -> None:
    safe = file_name(name)
    assert 0 < len(safe.encode()) <= MAX_BYTES + 1
    assert safe.isprintable()
    assert not set(safe) & set('/\\:*?"<>|')
    assert safe == safe.strip(" .").lstrip("-")
    assert file_name(safe) in {safe, safe[1:]}


def test_long_names_are_cut_between_characters() -> None:
    assert file_name("é" * 100) == "é" * 60
    assert file_name("a" + "é" * 100) == "a" + "é" * 59


def test_names_are_numbered() -> None:
    unique = UniqueNames()
    given_names = ["Fog", "fog", "Fog (2)", "FOG", "v1.5", "v1.5"]
    assert [unique.take(name) for name in given_names] == [
        "Fog", "fog (2)", "Fog (2) (2)", "FOG (3)", "v1.5", "v1.5 (2)",
    ]  # fmt: skip


@pytest.fixture
def campaign(owner: User) -> Campaign:
    campaign = Campaign.objects.create(owner=owner, name="../Shoal", description="Lamps.")
    for name, data in [
        ("Fog", as_file(EVENING)),
        ("fog", b"RUTH: Hello."),
        ("About this campaign", b""),
    ]:
        session = Session(owner=owner, campaign=campaign, name=name)
        if data:
            put_transcript(session, read_transcript(data))
        session.save()
    Session.objects.create(owner=owner, name="Unfiled")
    return campaign


def unpack(campaign: Campaign) -> dict[str, str]:
    packed = archive.archive_campaign(campaign)
    assert packed.name == f"{file_name(campaign.name)}.zip"
    with packed.file, zipfile.ZipFile(io.BytesIO(packed.file.read())) as file:
        assert file.testzip() is None
        assert len(file.namelist()) == len(set(file.namelist()))
        return {name: file.read(name).decode() for name in file.namelist()}


@pytest.mark.django_db
def test_archive_of_a_campaign(campaign: Campaign) -> None:
    files = unpack(campaign)
    assert list(files) == [
        "Shoal/About this campaign.md",
        "Shoal/Fog.md",
        "Shoal/Fog.json",
        "Shoal/Fog.vtt",
        "Shoal/fog (2).md",
        "Shoal/fog (2).json",
        "Shoal/About this campaign (2).md",
        "Shoal/About this campaign (2).json",
    ]
    assert files["Shoal/About this campaign.md"] == "# ../Shoal\n\nLamps.\n"
    fog = campaign.sessions.get(name="Fog")
    for ending in ("md", "json", "vtt"):
        assert files[f"Shoal/Fog.{ending}"] == export(fog, ending).content.decode()


@pytest.mark.django_db
def test_archive_asks_the_database_once(
    campaign: Campaign, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        archive.archive_campaign(campaign).file.close()


@pytest.mark.django_db
def test_archive_of_an_empty_campaign(owner: User) -> None:
    assert list(unpack(Campaign.objects.create(owner=owner, name="New"))) == [
        "New/About this campaign.md"
    ]


@pytest.mark.django_db
def test_metrics_that_promise_too_much_do_not_stop_an_archive(campaign: Campaign) -> None:
    campaign.sessions.filter(name="fog").update(metrics={"totalDuration": 7})
    assert "Shoal/fog (2).vtt" not in unpack(campaign)


@pytest.mark.django_db
def test_a_failed_archive_leaves_no_file(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    real = tempfile.SpooledTemporaryFile

    def spooled(**options: Any) -> Any:
        made.append(real(**options))
        return made[0]

    def fail(session: Session, ending: str) -> None:
        raise OSError

    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", spooled)
    monkeypatch.setattr(archive, "export", fail)
    with pytest.raises(OSError):  # noqa: PT011 - its class is all there is
        archive.archive_campaign(campaign)
    assert made[0].closed


@pytest.mark.django_db
def test_a_large_archive_does_not_stay_in_memory(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "IN_MEMORY", 100)
    with archive.archive_campaign(campaign).file as file:
        assert getattr(file, "_rolled", None) is True
