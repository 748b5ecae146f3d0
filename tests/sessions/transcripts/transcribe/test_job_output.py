import json
from typing import Any

import pytest

from sessions_app.transcripts import read_transcript
from tests.support import real_sessions
from tests.support.transcribe_files import (
    EVENING,
    as_file,
    as_job,
    audio_segment,
    job,
    json_of,
    private_refusal,
    segments_of,
    spoken,
    word,
)


def test_a_job_is_read_with_text_and_metrics() -> None:
    transcript = read_transcript(as_file(EVENING), "job.json")
    assert transcript.text == "spk_0: Who goes there?\nspk_1: It's me. Open up!\n"
    assert json_of(transcript) == EVENING
    assert transcript.speaker_names == {}
    assert transcript.metrics == {
        "totalDuration": 4.5,
        "totalWordCount": 7,
        "speakerDistribution": {
            "spk_0": {"words": 3, "duration": 1.5},
            "spk_1": {"words": 4, "duration": 1.75},
        },
    }


def test_segments_are_ordered_by_time() -> None:
    late, early = audio_segment("Late.", "5", "6"), audio_segment("Early.", "1", "2")
    assert spoken(job(audio_segments=[late, early])) == [(None, "Early."), (None, "Late.")]


@pytest.mark.parametrize(
    "results",
    [
        {},
        {"transcripts": [{"transcript": " "}], "items": []},
        {"items": [word(".")]},
        {"audio_segments": [], "items": None},
        {"audio_segments": [audio_segment("", "0", "1")]},
    ],
)
def test_a_job_in_which_nobody_spoke_is_refused(results: dict[str, Any]) -> None:
    assert private_refusal(as_file(job(**results)), "job.json") == (
        "job.json has no words: nobody was heard in the recording."
    )


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ({"status": "FAILED"}, "is from a job that has not completed: its status is FAILED."),
        ({"status": "IN_PROGRESS"}, "is from a job that has not completed: its status is IN_PR"),
        ({"status": "SECRET"}, "is not a transcript of Amazon Transcribe: $.status is not COMPL"),
        ({"status": ["SECRET"]}, "is not a transcript of Amazon Transcribe: $.status is not a str"),
        ({"TranscriptionJob": {}}, "describes a job and is not its result: use the file that"),
        ({}, "is not a transcript of Amazon Transcribe: $.results is missing."),
        ([], "is not a transcript of Amazon Transcribe: $ is not an object."),
        ({"results": "SECRET"}, "is not a transcript of Amazon Transcribe: $.results is not an"),
    ],
)  # fmt: skip
def test_an_unfinished_job_or_another_document_is_refused(output: Any, message: str) -> None:
    assert private_refusal(as_file(output), "job.json").startswith(f"job.json {message}")


@pytest.mark.parametrize(
    "name",
    [
        "transcribe-01-plain.json",
        "transcribe-02-channel-identification.json",
        "transcribe-03-speaker-identification.json",
    ],
)
def test_real_output_keeps_words_marks_and_spaces(name: str) -> None:
    path = real_sessions.DATA / name
    if not path.exists():
        pytest.skip(f"no {name} beside the project")
    data = path.read_bytes()
    output = json.loads(data)
    transcript = read_transcript(data, name)
    assert json_of(transcript) == output

    # The service's own text has the same words, with the same marks and spaces between them.
    own = output["results"]["transcripts"][0]["transcript"]
    segments = segments_of(output)
    assert " ".join(segment.text for segment in segments) == own
    assert transcript.metrics["totalDuration"] == 141.54
    assert transcript.metrics["totalWordCount"] == 354

    labels = output["results"].get("speaker_labels", {"segments": []})["segments"]
    if labels:
        assert [(segment.label, segment.start, segment.end) for segment in segments] == [
            (label["speaker_label"], float(label["start_time"]), float(label["end_time"]))
            for label in labels
        ]
    speakers = {"01": [], "02": ["ch_1", "ch_0"], "03": ["spk_0", "spk_1", "spk_2"]}
    assert transcript.speakers == speakers[name.split("-")[1]]


@real_sessions.needs_sessions
def test_the_longest_real_evening_is_read_from_the_output_of_a_job() -> None:
    longest = max(real_sessions.sessions().values(), key=lambda lines: len(" ".join(lines)))
    data = as_file(as_job(longest))
    assert len(data) > 10 * 1024 * 1024
    transcript = read_transcript(data, "job.json")
    labels = dict.fromkeys(line.partition(": ")[0] for line in longest)
    assert transcript.speakers == list(labels)
    words = sum(len(line.partition(": ")[2].split()) for line in longest)
    assert transcript.metrics["totalWordCount"] > 0.98 * words  # it counts no lone dashes
