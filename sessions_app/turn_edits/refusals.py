"""Why an edit is refused."""

from collections.abc import Iterable

from sessions_app.transcripts import Segment
from sessions_app.transcripts.plain_text import split_name


class EditRefused(ValueError):
    """The transcript cannot hold the edit. The message is meant for the person who made it."""


def why_not_plain(new: Iterable[Segment]) -> str:
    """Return why a plain text may read otherwise once these turns are in it."""
    for turn in new:
        if turn.label and split_name(f"{turn.label}: words")[0] != turn.label:
            return (
                "A plain transcript does not take this for a name. Write it with capitals, "
                "without a colon and not too long, such as LADY OF THE ICE."
            )
        lines = turn.text.split("\n")
        if any(split_name(line)[0] for line in lines[1 if turn.label else 0 :]):
            return (
                "One of the lines begins like “NAME: words”, and would be read as the turn of "
                "another speaker. Split the turn there, or leave out the colon."
            )
    return (
        "The lines that follow name nobody, and would become part of this turn. Name their "
        "speakers first, beginning with the last line, or replace the transcript."
    )
