"""Turns of a plain text: only their own lines are rewritten."""

from __future__ import annotations

from typing import Any

import pytest

from sessions_app.models import Session
from sessions_app.transcripts import turns
from sessions_app.turn_edits import EditRefused, join_turn, replace_turn
from tests.support.transcribe_files import session_with

LOG = """\
The table is set.

MATT:  You come to a door.
It is shut.

It is also blue.
LAURA: I listen at it.


ASHLEY:
And I knock.
MATT: Who's there?
"""


def edited(number: int, label: str | None, *texts: str, text: str = LOG) -> Session:
    session = session_with(text)
    replace_turn(session, number, label, texts)
    return session


def said(session: Session) -> list[tuple[str | None, str]]:
    return [(turn.speaker_label, turn.text) for turn in turns(session)]


@pytest.mark.parametrize(
    ("number", "label", "texts", "before", "after"),
    [
        (2, "MATT", ["You see a door.\nIt is shut."], "MATT:  You come to a", "MATT: You see a"),
        (1, None, ["The table was set."], "The table is", "The table was"),
        (3, "MATT", ["It is red."], "It is also blue.", "MATT: It is red."),
        (2, "SAM", ["A door."], "MATT:  You come to a door.\nIt is shut.\n\nIt",
         "SAM: A door.\n\nMATT: It"),
        (4, "LAURA", ["I listen", "at it."], "LAURA: I listen at it.",
         "LAURA: I listen\nLAURA: at it."),
        (5, "ASHLEY", ["I knock."], "ASHLEY:\nAnd I knock.", "ASHLEY: I knock."),
        (6, "MATT", [], "MATT: Who's there?\n", ""),
        (2, "MATT", [], "MATT:  You come to a door.\nIt is shut.\n\nIt", "\nMATT: It"),
        (3, "MATT", [], "It is also blue.\n", ""),
    ],
)  # fmt: skip
def test_only_the_lines_of_the_turn_change(
    number: int, label: str | None, texts: list[str], before: str, after: str
) -> None:
    assert LOG.count(before) == 1
    session = edited(number, label, *texts)
    assert session.transcript_text == LOG.replace(before, after)
    turn = slice(number - 1, number)
    expected = said(session_with(LOG))
    expected[turn] = [(label, text) for text in texts]
    assert said(session) == expected
    assert session.metrics == session_with(session.transcript_text).metrics


@pytest.mark.parametrize("number", [2, 3, 4, 6])
def test_a_turn_is_joined_to_the_one_before_it(number: int) -> None:
    session = session_with(LOG)
    expected = said(session)
    (label, before), (_, words) = expected[number - 2 : number]
    expected[number - 2 : number] = [(label, f"{before}\n{words}")]
    if label is None:  # without a name each line is a turn
        with pytest.raises(EditRefused):
            join_turn(session, number)
        assert session.transcript_text == LOG
        return
    join_turn(session, number)
    assert said(session) == expected


@pytest.mark.parametrize(
    ("number", "label", "text", "reason"),
    [
        (2, "MATT", "A door.\nSAM: Oh.", "One of the lines begins like"),
        (1, None, "SAM: Oh.", "One of the lines begins like"),
        (2, "the old man", "Oh.", "does not take this for a name"),
        (2, "MATT: SAM", "Oh.", "does not take this for a name"),
    ],
)
def test_what_would_be_read_otherwise_is_refused(
    number: int, label: str | None, text: str, reason: str
) -> None:
    session = session_with(LOG)
    before: dict[str, Any] = dict(vars(session))
    with pytest.raises(EditRefused, match=reason):
        replace_turn(session, number, label, [text])
    assert {**vars(session), "_state": None} == {**before, "_state": None}


def test_a_name_before_lines_without_one_is_refused() -> None:
    with pytest.raises(EditRefused, match="name nobody"):
        edited(1, "MATT", "One.", text="One.\nTwo.\n")
    assert said(edited(2, "MATT", "Two.", text="One.\nTwo.\n")) == [
        (None, "One."),
        ("MATT", "Two."),
    ]


def test_the_only_turn_is_not_deleted() -> None:
    with pytest.raises(EditRefused, match="only turn"):
        edited(1, "MATT", text="MATT: Oh.\n")


def test_a_text_with_too_many_names_is_edited_line_by_line() -> None:
    glossary = "".join(f"WORD {number}: means {number}\n" for number in range(300))
    session = edited(7, None, "WORD 6: is six", text=glossary)
    assert session.transcript_text == glossary.replace("WORD 6: means 6", "WORD 6: is six")


def test_json_of_another_program_is_left_alone() -> None:
    session = session_with("MATT: Oh.\nSAM: No.\n", transcript_json=None)
    session.transcript_json = {"theirs": 1}
    replace_turn(session, 1, "MATT", ["Ah."])
    assert session.transcript_text == "MATT: Ah.\nSAM: No.\n"
    assert session.transcript_json == {"theirs": 1}
