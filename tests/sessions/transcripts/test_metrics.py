from sessions_app.transcripts import read_transcript


def test_words_are_counted_in_all_and_by_speaker() -> None:
    text = (
        "Thursday, the third evening.\n"
        "MATT: Roll for initiative.\n"
        "LAURA: Twenty – natural!\n"
        "MATT:\n"
        "You are\n"
        "  all dead.\n"
    )
    assert read_transcript(text.encode(), "log.txt").metrics == {
        "totalWordCount": 13,
        "speakerDistribution": {"MATT": {"words": 7}, "LAURA": {"words": 2}},
    }


def test_a_text_without_names_has_words_and_no_speakers() -> None:
    assert read_transcript(b"They met at noon.", "log.txt").metrics == {
        "totalWordCount": 4,
        "speakerDistribution": {},
    }
