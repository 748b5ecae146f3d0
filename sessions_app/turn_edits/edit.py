"""Edits one turn of a session, and checks that nothing else has changed."""

from collections.abc import Sequence
from typing import Any

from sessions_app.models import Session
from sessions_app.transcripts import Segment, compute_metrics, segments
from sessions_app.transcripts.merge import as_plain_text, merge_segments
from sessions_app.transcripts.plain_text import MAX_LINES
from sessions_app.turn_edits.refusals import EditRefused, why_not_plain
from sessions_app.turn_edits.text import rewrite
from sessions_app.turn_edits.timed import group_by_turn, joined, respoken, spread, with_segments


def replace_turn(session: Session, number: int, label: str | None, texts: Sequence[str]) -> None:
    """Let a turn, from 1, be said by ``label``, and be divided into ``texts``; none deletes it.

    The caller saves. Raises ``EditRefused``, and then has changed nothing.
    """
    found = segments(session)
    index = number - 1
    if _is_timed(found):
        groups = group_by_turn(found)
        _put_timed(session, groups, index, index + 1, respoken(groups[index], label, texts))
    else:
        turn = Segment(label, "")
        _put_text(session, found, index, index + 1, [turn._replace(text=text) for text in texts])


def join_turn(session: Session, number: int) -> None:
    """Make a turn, from 2, part of the turn before it, whose speaker then says both.

    The caller saves. Raises ``EditRefused``, and then has changed nothing.
    """
    found = segments(session)
    first, end = number - 2, number
    if _is_timed(found):
        groups = group_by_turn(found)
        _put_timed(session, groups, first, end, [joined(*groups[first:end])])
    else:
        before, turn = found[first:end]
        both = before._replace(text=f"{before.text}\n{turn.text}")
        _put_text(session, found, first, end, [both])


def _is_timed(found: list[Segment]) -> bool:
    return bool(found) and found[0].start is not None


def _put_timed(
    session: Session,
    groups: list[list[Segment]],
    first: int,
    end: int,
    new: list[list[Segment]],
) -> None:
    wanted = spread(groups, first, end, new)
    edited = Session(transcript_json=with_segments(session.transcript_json, wanted))
    _put(session, edited, wanted, "")


def _put_text(
    session: Session, found: list[Segment], first: int, end: int, new: list[Segment]
) -> None:
    json, text = _source(session, found)
    wanted = [*found[:first], *new, *found[end:]]
    edited = Session(transcript_json=json, transcript_text=rewrite(text, found, first, end, new))
    if edited.transcript_text.count("\n") > MAX_LINES:
        raise EditRefused(f"A transcript has at most {MAX_LINES:,} lines.")
    _put(session, edited, wanted, why_not_plain(new))


def _source(session: Session, found: list[Segment]) -> tuple[Any, str]:
    """Return the JSON to keep and the plain text to edit.

    A job's output without times says no more than a text does, which can name the speakers: it is
    replaced by one. JSON in a form of another program, which no page shows, is left alone.
    """
    if segments(Session(transcript_json=session.transcript_json)):
        return None, as_plain_text(found)
    return session.transcript_json, session.transcript_text


def _put(session: Session, edited: Session, wanted: list[Segment], problem: str) -> None:
    """Take over the edited transcript if it reads as ``wanted``, and refuse it otherwise."""
    if not wanted:
        raise EditRefused("This is the only turn. Remove the transcript instead.")
    stored = segments(edited)
    if _said(stored) != _said(wanted):
        raise EditRefused(problem or "The transcript cannot hold this.")
    session.transcript_json = edited.transcript_json
    session.transcript_text = edited.transcript_text or as_plain_text(stored)
    session.metrics = compute_metrics(stored)


def _said(found: list[Segment]) -> list[tuple[str | None, str]]:
    return [(turn.label, turn.text) for turn in merge_segments(found)]
