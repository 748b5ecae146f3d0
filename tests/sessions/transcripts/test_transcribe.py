import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.transcripts import TranscriptError, read_transcript
from sessions_app.transcripts.transcribe.document import segments
from tests.support import real_sessions
from tests.support.transcribe_files import EVENING, as_file, audio_segment, job, refusal, word


def said(document: Any) -> list[tuple[str | None, str]]:
    return [(segment.label, segment.text) for segment in segments(document, "job.json")]


def text_of(*items: dict[str, Any]) -> str:
    return " / ".join(text for _, text in said(job(items=list(items))))


def error(document: Any) -> str:
    data = document if isinstance(document, bytes) else as_file(document)
    with pytest.raises(TranscriptError) as caught:
        read_transcript(data, "job.json")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert "SECRET" not in str(caught.value)
    return str(caught.value)


def test_audio_segments() -> None:
    transcript = read_transcript(as_file(EVENING), "job.json")
    assert transcript.text == "spk_0: Who goes there?\nspk_1: It's me. Open up!\n"
    assert transcript.json == EVENING
    assert transcript.speaker_names == {}
    assert transcript.metrics == {
        "totalDuration": 4.5,
        "totalWordCount": 7,
        "speakerDistribution": {
            "spk_0": {"words": 3, "duration": 1.5},
            "spk_1": {"words": 4, "duration": 1.75},
        },
    }


@pytest.mark.parametrize("name", ["", "job.txt", "job.json", "JOB.JSON"])
def test_json_is_known_by_its_beginning(name: str) -> None:
    data = b"\xef\xbb\xbf\r\n  " + as_file(EVENING)
    assert read_transcript(data, name).json == EVENING


def test_times_may_be_numbers_and_are_cut_to_milliseconds() -> None:
    document = job(audio_segments=[audio_segment("Hm.", 0.009999999776482582, "1.2345")])
    assert segments(document, "")[0][2:] == (0.01, 1.234)


def test_segments_come_in_the_order_of_time() -> None:
    late, early = audio_segment("Late.", "5", "6"), audio_segment("Early.", "1", "2")
    assert said(job(audio_segments=[late, early])) == [(None, "Early."), (None, "Late.")]


def test_words_without_segments_are_divided_at_sentences_and_pauses() -> None:
    text = text_of(
        word("Stop", 0), word("."), word("Who's", 0.6), word(",", None), word("um", 1.2),
        word("there", 3.8), word("?"), word("Me", 4.3),
    )  # fmt: skip
    assert text == "Stop. / Who's, um / there? / Me"


def test_punctuation_follows_its_word_and_brackets_precede_theirs() -> None:
    text = text_of(
        word("¿"), word("Qué", 0), word("?", None), word("("), word("dijo", 0.5), word(")"),
        word("«"), word("sí", 1), word("»"), word("-"), word("ya", 1.5),
    )  # fmt: skip
    assert text.replace(" / ", " ") == "¿Qué? (dijo) «sí»- ya"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["今日", "は", "。"], "今日は。"),
        (["สวัส", "ดี"], "สวัสดี"),
        (["안녕", "친구"], "안녕 친구"),
        (["NPC", "的"], "NPC 的"),
    ],
)
def test_scripts_without_spaces(words: list[str], text: str) -> None:
    assert text_of(*(word(w, None if w == "。" else n / 2) for n, w in enumerate(words))) == text


def test_the_first_alternative_counts() -> None:
    two = word("ship", 0)
    two["alternatives"].append({"confidence": "0.1", "content": "sheep"})
    assert text_of(two) == "ship"


def test_redacted_and_filtered_words() -> None:
    redacted = word("[PII]", 1)
    redacted["alternatives"] = [{"content": "[PII]", "redactions": [{"confidence": "1.0"}]}]
    text = text_of(
        word("I'm", 0.5), redacted, word("***", 1.5, vocabularyFilterMatch=True), word("", 2),
        word("damn", 2.5, vocabularyFilterMatch=True), word("", None), word("it", 3),
    )  # fmt: skip
    assert text == "I'm [PII] *** damn it"


def test_an_item_without_a_type_is_a_word_if_it_has_times() -> None:
    spoken, mark = word("So", 0), word("…")
    del spoken["type"]
    assert text_of(spoken, mark, word("well", 0.5)).startswith("So…")


def test_speakers_of_the_items_themselves() -> None:
    items = [
        word("Yes", 0, speaker_label="spk_1"), word(".", speaker_label="spk_1"),
        word("No", 0.5, speaker_label="spk_0"), word("!", speaker_label="spk_0"),
    ]  # fmt: skip
    assert said(job(items=items)) == [("spk_1", "Yes."), ("spk_0", "No!")]


def test_speakers_of_older_output_are_told_by_the_times() -> None:
    def span(start: float) -> dict[str, str]:
        return {"start_time": str(start), "end_time": str(start + 0.5)}

    labels = [
        {"speaker_label": "spk_0", **span(0), "items": [span(0), span(0.5)]},
        {"speaker_label": "spk_0", **span(1), "items": [span(1)]},
        {"speaker_label": "spk_1", **span(1.5), "items": [span(1.5)]},
    ]
    items = [word("A", 0), word("."), word("B", 0.5), word("C", 1), word("D", 1.5), word("?")]
    document = job(items=items, speaker_labels={"speakers": 2, "segments": labels})
    assert said(document) == [("spk_0", "A. B"), ("spk_0", "C"), ("spk_1", "D?")]
    document["results"]["speaker_labels"] = [document["results"]["speaker_labels"]]
    assert said(document) == [("spk_0", "A. B"), ("spk_0", "C"), ("spk_1", "D?")]
    # Segments that do not tell the speaker are of no help.
    document["results"]["audio_segments"] = [audio_segment("A. B C D?", "0", "2")]
    assert ("spk_1", "D?") in said(document)


def test_channels_are_woven_together() -> None:
    channels = [
        {"channel_label": "ch_0", "items": [word("Hello", 0), word("."), word("Bye", 2)]},
        {"channel_label": "ch_1", "items": [word("Hi", 1), word("!")]},
    ]
    document = job(items=[], channel_labels={"channels": channels, "number_of_channels": 2})
    assert said(document) == [("ch_0", "Hello."), ("ch_1", "Hi!"), ("ch_0", "Bye")]
    document["results"]["audio_segments"] = [
        audio_segment("Hello. Bye", "0", "2.5", channel_label="ch_0")
    ]
    assert said(document) == [("ch_0", "Hello. Bye")]


def test_speakers_within_channels_are_kept_apart() -> None:
    both = {"channel_label": "ch_1", "speaker_label": "spk_0"}
    several = [{"channel_label": "ch_0"}, {"channel_label": "ch_1"}]
    document = job(
        audio_segments=[audio_segment("Hm.", "0", "1", **both)],
        channel_labels={"channels": several},
    )
    assert said(document) == [("ch_1_spk_0", "Hm.")]
    del several[0]
    assert said(document) == [("spk_0", "Hm.")]


def test_without_times_the_text_is_kept_whole() -> None:
    transcript = read_transcript(as_file(job(transcripts=[{"transcript": "One  two."}])), "a.json")
    assert transcript.text == "One two.\n"
    assert transcript.metrics == {"totalWordCount": 2, "speakerDistribution": {}}


@pytest.mark.parametrize(
    "results",
    [
        {},
        {"transcripts": [{"transcript": " "}], "items": []},
        {"items": [word(".")]},
        {"audio_segments": {}, "items": None},
        {"audio_segments": [audio_segment("", "0", "1")]},
    ],
)
def test_nobody_was_heard(results: dict[str, Any]) -> None:
    assert error(job(**results)) == ("job.json holds no words: nobody was heard in the recording.")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"status": "FAILED"}, "is of a job that has not completed: its status is FAILED."),
        ({"status": "IN_PROGRESS"}, "is of a job that has not completed: its status is IN_PROG"),
        ({"status": "SECRET"}, "is not a transcript of Amazon Transcribe: $.status is not COMPL"),
        ({"status": ["SECRET"]}, "is not a transcript of Amazon Transcribe: $.status is not COM"),
        ({"TranscriptionJob": {}}, "describes a job and is not its result: take the file that"),
        ({}, "is not a transcript of Amazon Transcribe: $.results is missing."),
        ([], "is not a transcript of Amazon Transcribe: $ is no object."),
        ({"results": "SECRET"}, "is not a transcript of Amazon Transcribe: $.results is no obj"),
        (b'{\n  "results": {SECRET}}', "is not JSON from line 2, column 15 on."),
        (b'{"results": NaN}', "has a number that cannot be kept."),
        (b'{"results": ' + b"9" * 5000 + b"}", "has a number that cannot be kept."),
        (b'{"results":' + b"[" * 100_000, "is nested too deeply to be a transcript."),
        (b'{"a":' + b"[" * 900 + b"]" * 900 + b"}", "is nested too deeply to be a transcript."),
        (b'{"results": [0, 1e999]}', "cannot be kept because of $.results[1]: numbers must be "),
        (b'{"SECRET": {"items": ["\\u0000"]}}', "cannot be kept because of $.*.items[0]: null ch"),
        (b'{"results": {"SECRET\\ud800": 1}}', "cannot be kept because of $.results: half of a "),
    ],
)  # fmt: skip
def test_documents_that_are_refused(document: Any, message: str) -> None:
    assert error(document).startswith(f"job.json {message}")


@pytest.mark.parametrize(
    ("results", "place"),
    [
        ({"audio_segments": "SECRET"}, ".audio_segments is no list."),
        ({"audio_segments": [7]}, ".audio_segments[0] is no object."),
        ({"audio_segments": [audio_segment("SECRET", "1", "0")]},
         ".audio_segments[0].end_time lies before start_time."),
        ({"audio_segments": [audio_segment("SECRET", None, "0")]},
         ".audio_segments[0].start_time is missing."),
        ({"audio_segments": [audio_segment("SECRET", "SECRET", "0")]},
         ".audio_segments[0].start_time is no time in seconds."),
        ({"audio_segments": [audio_segment("a", 0, 1), audio_segment("b", "nan", 2)]},
         ".audio_segments[1].start_time is no time in seconds."),
        ({"audio_segments": [audio_segment("a", -1, 1)]},
         ".audio_segments[0].start_time is no time in seconds."),
        ({"audio_segments": [audio_segment("a", 0, 1e9)]},
         ".audio_segments[0].end_time is no time in seconds."),
        ({"audio_segments": [audio_segment("a", True, 1)]},
         ".audio_segments[0].start_time is no time in seconds."),
        ({"audio_segments": [audio_segment("a", 0, 1, speaker_label=7)]},
         ".audio_segments[0].speaker_label is no text."),
        ({"items": [word("a", 0), {"type": "pronunciation"}]},
         ".items[1].alternatives lists no word."),
        ({"items": [word("a", 0) | {"alternatives": [{}]}]},
         ".items[0].alternatives[0].content is missing."),
        ({"items": [word("a", 1, 0)]}, ".items[0].end_time lies before start_time."),
        ({"items": [word("a") | {"type": "pronunciation"}]}, ".items[0].start_time is missing."),
        ({"items": [word("a", 0)], "speaker_labels": {"segments": [{"items": [{}]}]}},
         ".speaker_labels.segments[0].items[0].start_time is missing."),
        ({"channel_labels": {"channels": [{"items": []}]}},
         ".channel_labels.channels[0].channel_label is missing."),
        ({"channel_labels": {"channels": [{"channel_label": "ch_0", "items": [7]}]}},
         ".channel_labels.channels[0].items[0] is no object."),
        ({"transcripts": [{}]}, ".transcripts[0].transcript is missing."),
        ({"audio_segments": [audio_segment("a", 0, 1, speaker_label="S" * 101)]},
         " names a speaker in over 100 characters."),
        ({"audio_segments": [audio_segment("a", n, n, speaker_label=f"s{n}") for n in range(201)]},
         " names more than 200 speakers."),
    ],
)  # fmt: skip
def test_the_json_path_of_what_is_wrong(results: dict[str, Any], place: str) -> None:
    assert error(job(**results)) == (
        f"job.json is not a transcript of Amazon Transcribe: $.results{place}"
    )


@pytest.mark.parametrize(
    "name",
    [
        "transcribe-01-plain.json",
        "transcribe-02-channel-identification.json",
        "transcribe-03-speaker-identification.json",
    ],
)
def test_real_output(name: str) -> None:
    path = real_sessions.DATA / name
    if not path.exists():
        pytest.skip(f"no {name} beside the project")
    data = path.read_bytes()
    document = json.loads(data)
    transcript = read_transcript(data, name)
    assert transcript.json == document

    # The service's own text has the same words, with the same marks and spaces between them.
    own = document["results"]["transcripts"][0]["transcript"]
    found = segments(document, name)
    assert " ".join(segment.text for segment in found) == own
    assert transcript.metrics["totalDuration"] == 141.54
    assert transcript.metrics["totalWordCount"] == 354

    labels = document["results"].get("speaker_labels", {"segments": []})["segments"]
    if labels:
        assert [(s.label, s.start, s.end) for s in found] == [
            (s["speaker_label"], float(s["start_time"]), float(s["end_time"])) for s in labels
        ]
    speakers = {"01": [], "02": ["ch_1", "ch_0"], "03": ["spk_0", "spk_1", "spk_2"]}
    assert transcript.speakers == speakers[name.split("-")[1]]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["status", "results", "items", "alternatives", "content", "type", "audio_segments",
             "transcript", "transcripts", "start_time", "end_time", "speaker_label", "segments",
             "speaker_labels", "channel_labels", "channels", "channel_label", "format",
             "transcript_json", "transcript_text", "speaker_names"]
        ),
        inner,
        max_size=6,
    ),
    max_leaves=30,
)  # fmt: skip


@given(json_values, st.booleans())
def test_any_json_is_read_or_refused(value: Any, wrapped: bool) -> None:
    message = refusal(as_file({"results": value} if wrapped else value), "job.json")
    assert message is None or re.fullmatch(r"job\.json [^\n]+\.", message)


words_with_speakers = st.lists(
    st.tuples(
        st.text(st.characters(categories=["L", "N", "S"]), min_size=1, max_size=8),
        st.sampled_from(["spk_0", "spk_1", "spk_2"]),
        st.floats(0, 5),
        st.sampled_from(["", ".", ","]),
    ),
    min_size=1,
)


@given(words_with_speakers)
def test_no_word_is_lost(spoken: list[tuple[str, str, float, str]]) -> None:
    items, time = [], 0.0
    for content, label, pause, mark in spoken:
        items.append(word(content, time, time + 0.2, speaker_label=label))
        items += [word(mark)] if mark else []
        time += 0.2 + pause
    found = segments(job(items=items), "job.json")
    assert "".join("".join(s.text.split()) for s in found) == "".join(
        c + m for c, _, _, m in spoken
    )
    assert [s.start for s in found] == sorted(s.start or 0.0 for s in found)
