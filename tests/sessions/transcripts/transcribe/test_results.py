from typing import Any

import pytest

from sessions_app.transcripts import read_transcript
from tests.support.transcribe_files import (
    as_file,
    audio_segment,
    job,
    private_refusal,
    spoken,
    word,
)


def test_items_may_name_their_speakers() -> None:
    items = [
        word("Yes", 0, speaker_label="spk_1"), word(".", speaker_label="spk_1"),
        word("No", 0.5, speaker_label="spk_0"), word("!", speaker_label="spk_0"),
    ]  # fmt: skip
    assert spoken(job(items=items)) == [("spk_1", "Yes."), ("spk_0", "No!")]


def test_in_older_output_the_times_tell_the_speakers() -> None:
    def span(start: float) -> dict[str, str]:
        return {"start_time": str(start), "end_time": str(start + 0.5)}

    labels = [
        {"speaker_label": "spk_0", **span(0), "items": [span(0), span(0.5)]},
        {"speaker_label": "spk_0", **span(1), "items": [span(1)]},
        {"speaker_label": "spk_1", **span(1.5), "items": [span(1.5)]},
    ]
    items = [word("A", 0), word("."), word("B", 0.5), word("C", 1), word("D", 1.5), word("?")]
    output = job(items=items, speaker_labels={"speakers": 2, "segments": labels})
    assert spoken(output) == [("spk_0", "A. B"), ("spk_0", "C"), ("spk_1", "D?")]
    output["results"]["speaker_labels"] = [output["results"]["speaker_labels"]]
    assert spoken(output) == [("spk_0", "A. B"), ("spk_0", "C"), ("spk_1", "D?")]
    # Segments without speakers are ignored.
    output["results"]["audio_segments"] = [audio_segment("A. B C D?", "0", "2")]
    assert ("spk_1", "D?") in spoken(output)


def test_the_words_of_several_channels_are_merged_by_time() -> None:
    channels = [
        {"channel_label": "ch_0", "items": [word("Hello", 0), word("."), word("Bye", 2)]},
        {"channel_label": "ch_1", "items": [word("Hi", 1), word("!")]},
    ]
    output = job(items=[], channel_labels={"channels": channels, "number_of_channels": 2})
    assert spoken(output) == [("ch_0", "Hello."), ("ch_1", "Hi!"), ("ch_0", "Bye")]
    output["results"]["audio_segments"] = [
        audio_segment("Hello. Bye", "0", "2.5", channel_label="ch_0")
    ]
    assert spoken(output) == [("ch_0", "Hello. Bye")]


def test_speakers_of_several_channels_are_kept_apart() -> None:
    both = {"channel_label": "ch_1", "speaker_label": "spk_0"}
    channels = [{"channel_label": "ch_0"}, {"channel_label": "ch_1"}]
    output = job(
        audio_segments=[audio_segment("Hm.", "0", "1", **both)],
        channel_labels={"channels": channels},
    )
    assert spoken(output) == [("ch_1_spk_0", "Hm.")]
    del channels[0]
    assert spoken(output) == [("spk_0", "Hm.")]


def test_without_times_the_text_is_kept_as_a_whole() -> None:
    transcript = read_transcript(as_file(job(transcripts=[{"transcript": "One  two."}])), "a.json")
    assert transcript.text == "One two.\n"
    assert transcript.metrics == {"totalWordCount": 2, "speakerDistribution": {}}


@pytest.mark.parametrize(
    ("results", "problem"),
    [
        ({"audio_segments": "SECRET"}, ".audio_segments is not a list."),
        ({"audio_segments": [7]}, ".audio_segments[0] is not an object."),
        ({"audio_segments": [audio_segment("SECRET", "1", "0")]},
         ".audio_segments[0].end_time is before start_time."),
        ({"audio_segments": [audio_segment("SECRET", None, "0")]},
         ".audio_segments[0].start_time is missing."),
        ({"audio_segments": [audio_segment("SECRET", "SECRET", "0")]},
         ".audio_segments[0].start_time is not a time in seconds."),
        ({"audio_segments": [audio_segment("a", 0, 1), audio_segment("b", "nan", 2)]},
         ".audio_segments[1].start_time is not a time in seconds."),
        ({"audio_segments": [audio_segment("a", -1, 1)]},
         ".audio_segments[0].start_time is not a time in seconds."),
        ({"audio_segments": [audio_segment("a", 0, 1e9)]},
         ".audio_segments[0].end_time is not a time in seconds."),
        ({"audio_segments": [audio_segment("a", True, 1)]},
         ".audio_segments[0].start_time is not a time in seconds."),
        ({"audio_segments": [audio_segment("a", 0, 1, speaker_label=7)]},
         ".audio_segments[0].speaker_label is not a string."),
        ({"items": [word("a", 0), {"type": "pronunciation"}]},
         ".items[1].alternatives is missing."),
        ({"items": [word("a", 0) | {"alternatives": [{}]}]},
         ".items[0].alternatives[0].content is missing."),
        ({"items": [word("a", 1, 0)]}, ".items[0].end_time is before start_time."),
        ({"items": [word("a") | {"type": "pronunciation"}]}, ".items[0].start_time is missing."),
        ({"items": [word("a", 0)], "speaker_labels": {"segments": [{"items": [{}]}]}},
         ".speaker_labels.segments[0].items[0].start_time is missing."),
        ({"channel_labels": {"channels": [{"items": []}]}},
         ".channel_labels.channels[0].channel_label is missing."),
        ({"channel_labels": {"channels": [{"channel_label": "ch_0", "items": [7]}]}},
         ".channel_labels.channels[0].items[0] is not an object."),
        ({"transcripts": [{}]}, ".transcripts[0].transcript is missing."),
        ({"items": [word("a", 0) | {"alternatives": []}]}, ".items[0].alternatives is empty."),
        ({"items": [word("a", 0) | {"alternatives": "SECRET"}]},
         ".items[0].alternatives is not a list."),
    ],
)  # fmt: skip
def test_an_error_names_the_json_path(results: dict[str, Any], problem: str) -> None:
    assert private_refusal(as_file(job(**results)), "job.json") == (
        f"job.json is not a transcript of Amazon Transcribe: $.results{problem}"
    )


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        (["S" * 101], "has a speaker with a name of more than 100 characters."),
        ([f"s{number}" for number in range(201)], "has more than 200 speakers."),
    ],
)
def test_too_many_speakers_and_too_long_names_are_refused(labels: list[str], problem: str) -> None:
    segments = [audio_segment("a", n, n, speaker_label=label) for n, label in enumerate(labels)]
    assert private_refusal(as_file(job(audio_segments=segments)), "a.json") == f"a.json {problem}"
