from sessions_app.exports.markdown_file import as_markdown
from sessions_app.exports.text_file import as_text
from tests.sessions.exports.samples import ALL_FIELDS, sample_session
from tests.support.transcribe_files import EVENING, as_file


def test_a_session_becomes_markdown_with_all_its_texts_and_the_transcript() -> None:
    assert as_markdown(sample_session(as_file(EVENING), **ALL_FIELDS), True) == (
        "# Fog\n\nThe \\*Long\\* Shoal, 2026-02-06\n\n"
        "*Private: with the game master’s summary and notes.*\n\n"
        "## Description\n\nThree days of fog.\n\n"
        "## Summary\n\nThey *rang*.\n\n"
        "## Player recap\n\nYou rang.\n\n"
        "## Notes\n\n## Fog\n\n- Hour 6\n\n"
        "## Transcript\n\n"
        "(0:00:00) **Ruth\\_1:** Who goes there?\n\n"
        "(0:00:02) **spk\\_1:** It's me. Open up!\n"
    )


def test_markdown_in_the_transcript_and_the_name_is_escaped() -> None:
    text = "RUTH: <script>*a* `b` [c](d) # &amp;\n- one\n1. two\n\n\t# three\n"
    assert as_markdown(sample_session(text, name="# *F*"), False) == (
        "# \\# \\*F\\*\n\n2026-02-06\n\n"
        "*For players: without the game master’s summary and notes.*\n\n## Transcript\n\n"
        "**RUTH:** \\<script\\>\\*a\\* \\`b\\` \\[c\\](d) \\# \\&amp;  \n\\- one  \n1\\. two\n\n"
        "**RUTH:** \\# three\n"
    )


def test_what_only_the_game_master_may_read_stays_out_for_players() -> None:
    session = sample_session(as_file(EVENING), **ALL_FIELDS)
    for write in (as_markdown, as_text):
        text = write(session, False)
        assert "For players" in text
        assert "You rang." in text
        assert "They *rang*." not in text
        assert "Hour 6" not in text
