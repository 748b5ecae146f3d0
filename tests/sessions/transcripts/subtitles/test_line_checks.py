import pytest

from tests.support.transcribe_files import private_refusal


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.vtt", "WEBVTT\n\nNOTE SECRET", "has no cues: no line has a time range such as 00:01"),
        ("a.vtt", "WEBVTT\n\n00:01,000 --> 00:02,000\nSECRET",
         "has an arrow in line 3, but no time range such as 00:01:02.500 --> 00:01:04.000."),
        ("a.vtt", "WEBVTT\n\n00:01.000 --> 00:61.000\nSECRET",
         "has an arrow in line 3, but no time range such as "),
        ("a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\nSECRET --> 1",
         "has an arrow in line 4, but no time range such as "),
        ("a.vtt", "WEBVTT\n\n00:02.000 --> 00:01.999\nSECRET",
         "has a cue that ends before it begins in line 3."),
        ("a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\nA\n\nSECRET\nSECRET\n",
         "has text without a time in line 6."),
        ("a.vtt", "WEBVTT\n\nNOTEBOOK SECRET\n\n00:01.000 --> 00:02.000\nA",
         "has text without a time in line 3."),
        ("a.vtt", "WEBVTT\n\nSECRET\nSECRET\n00:01.000 --> 00:02.000\nA",
         "has text without a time in line 3."),
        ("a.srt", "SECRET", "has no cues: no line has a time range such as 00:01:02,500"),
        ("a.srt", "SECRET\n\n1\n00:00:01,000 --> 00:00:02,000\nA",
         "is not SRT: no cue begins in line 1."),
        ("a.srt", "\n00:00:01,000 --> 00:00:02,000\nSECRET",
         "has a cue without a number before line 2."),
        ("a.srt", "1\n00:00:01,000 --> 00:00:02,000\nSECRET\n00:00:02,000 --> 00:00:03,000\nA",
         "has a cue without a number before line 4."),
        ("a.srt", "1\n00:00:01,000 --> 00:00:02,00\nSECRET",
         "has an arrow in line 2, but no time range such as 00:01:02,500 --> 00:01:04,000."),
    ],
)  # fmt: skip
def test_a_line_that_would_be_skipped_is_named_and_not_quoted(
    name: str, text: str, message: str
) -> None:
    assert private_refusal(text.encode(), name).startswith(f"{name} {message}")


def test_more_than_50_000_cues_are_refused() -> None:
    text = "WEBVTT\n\n" + "00:01.000 --> 00:02.000\nA\n\n" * 50_001
    assert private_refusal(text.encode(), "a.vtt") == "a.vtt has more than 50,000 cues."
