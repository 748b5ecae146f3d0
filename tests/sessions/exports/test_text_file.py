from sessions_app.exports.text_file import as_text
from tests.sessions.exports.samples import ALL_FIELDS, sample_session
from tests.support.transcribe_files import EVENING, as_file


def test_a_session_becomes_plain_text_with_all_its_texts_and_the_transcript() -> None:
    assert as_text(sample_session(as_file(EVENING), **ALL_FIELDS), True) == (
        "Fog\n===\n\nThe *Long* Shoal, 2026-02-06\n\n"
        "Private: with the game master’s summary and notes.\n\n"
        "Description\n-----------\n\nThree days of fog.\n\n"
        "Summary\n-------\n\nThey *rang*.\n\n"
        "Player recap\n------------\n\nYou rang.\n\n"
        "Notes\n-----\n\n## Fog\n\n- Hour 6\n\n"
        "Transcript\n----------\n\n"
        "Ruth_1: Who goes there?\n\nspk_1: It's me. Open up!\n"
    )
    assert as_text(sample_session("They met.", name="Fog"), False) == (
        "Fog\n===\n\n2026-02-06\n\n"
        "For players: without the game master’s summary and notes.\n\n"
        "Transcript\n----------\n\nThey met.\n"
    )
