"""The best places of the sessions that a search has found, each with a link to it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import groupby
from operator import and_, itemgetter, or_
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.safestring import SafeString

from config.web.markdown import first_words
from sessions_app.models import Session
from sessions_app.search_index import Kind, SearchText
from sessions_app.search_marks import Marker
from sessions_app.search_speakers import names
from sessions_app.search_times import start_times
from sessions_app.search_words import Wanted, in_passage
from sessions_app.transcripts.plain_text import split_name
from sessions_app.transcripts.session_transcript import speaker_names
from sessions_app.transcripts.speaker_names import shown_name

MAX_PLACES = 3  # of each session
LABELS = {
    Kind.DESCRIPTION: "Description",
    Kind.NOTES: "Notes",
    Kind.SUMMARY: "Summary",
    Kind.RECAP: "Player recap",
    Kind.SPEAKERS: "Speakers",
}
ANCHORS = {Kind.NOTES: "#notes", Kind.SUMMARY: "#summary", Kind.RECAP: "#recap"}


@dataclass(frozen=True)
class Place:
    """A field, or a turn of the transcript, with the words that were found in it.

    ``label`` names the field or the speaker, if that is known; ``seconds`` is the time of the turn.
    """

    href: str
    label: str
    text: SafeString
    seconds: float | None = None


@dataclass(frozen=True)
class Hit:
    """A session that was found. The matches in its name are marked."""

    session: Session
    name: SafeString
    places: list[Place] = field(default_factory=list)


@dataclass(frozen=True)
class _Line:
    """A line of a passage: the one with most of the words."""

    kind: str
    number: int
    speaker: str
    text: str


def hits(sessions: Iterable[Session], wanted: Wanted, query: str) -> list[Hit]:
    """Return a hit for each session of a page, in the same order."""
    found = list(sessions)
    marker = Marker(wanted)
    lines = _best_lines([session.pk for session in found], wanted, marker)
    spoken = {
        pk for pk, best in lines.items() if any(line.kind == Kind.TRANSCRIPT for line in best)
    }
    times = start_times(spoken) if spoken else {}
    return [
        Hit(
            session,
            marker.marked(session.name),
            [
                _place(session, line, times.get(session.pk, []), marker, query)
                for line in lines[session.pk]
            ],
        )
        for session in found
    ]


def _best_lines(sessions: list[UUID], wanted: Wanted, marker: Marker) -> dict[UUID, list[_Line]]:
    """Return the lines with all words of each session, then those with some of them."""
    if not sessions:
        return {}
    best: dict[UUID, dict[tuple[str, int], _Line]] = {session: {} for session in sessions}
    # All passages of a session are compared: to look up two hundred words that begin alike, in each
    # session, takes longer.
    wanted_in_passage = [in_passage(group) for group in wanted.groups]
    conditions = [reduce(and_, wanted_in_passage), reduce(or_, wanted_in_passage)]
    queries = [
        SearchText.objects.filter(session_id=session)
        .passages()
        .spaced()
        .filter(condition)
        .order_by("kind", "lines")
        .values_list("session_id", "kind", "lines", "text")[:MAX_PLACES]
        for session in sessions
        for condition in conditions[: len(wanted.groups)]  # the same if there is one group
    ]
    for session, kind, numbers, text in queries[0].union(*queries[1:], all=True):
        if len(best[session]) < MAX_PLACES:
            line = _best_line(kind, numbers, text, marker)
            best[session].setdefault((kind, line.number), line)
    return _with_speakers({session: list(lines.values()) for session, lines in best.items()})


def _with_speakers(best: dict[UUID, list[_Line]]) -> dict[UUID, list[_Line]]:
    """Add the speakers of lines that were found in the middle."""
    unnamed = {
        (pk, line.number)
        for pk, lines in best.items()
        for line in lines
        if line.kind == Kind.TRANSCRIPT and not line.speaker
    }
    speakers = names(unnamed)
    return {
        pk: [
            replace(line, speaker=line.speaker or speakers.get((pk, line.number), ""))
            for line in lines
        ]
        for pk, lines in best.items()
    }


def _best_line(kind: str, numbers: list[int], text: str, marker: Marker) -> _Line:
    """Return the line with most of the words, above all the rare ones, or where a phrase begins."""
    lines = {line.number: line for line in _lines(kind, numbers, text)}
    groups = {
        number: {span.group for span in marker.spans(line.text)} for number, line in lines.items()
    }
    lines_with = Counter(group for found in groups.values() for group in found)
    best = max(groups, key=lambda number: sum(1 / lines_with[group] for group in groups[number]))
    over_lines = [] if groups[best] else marker.spans(text)  # or the speaker
    return lines[numbers[text.count("\n", 0, over_lines[0].start)] if over_lines else best]


def _lines(kind: str, numbers: list[int], text: str) -> Iterator[_Line]:
    speaker = ""
    pieces = zip(numbers, text.split("\n"), strict=False)
    for number, group in groupby(pieces, key=itemgetter(0)):  # a long line has several
        line = " ".join(piece for _, piece in group)
        name, words = split_name(line) if kind == Kind.TRANSCRIPT else (None, line)
        speaker = name or speaker
        yield _Line(kind, number, speaker, words.strip())


def _place(
    session: Session, line: _Line, times: list[float | None], marker: Marker, query: str
) -> Place:
    if line.kind != Kind.TRANSCRIPT:
        kind = Kind(line.kind)
        text = marker.snippet(first_words(line.text, len(line.text)))
        href = session.get_absolute_url() + ANCHORS.get(kind, "")
        return Place(href, LABELS[kind], text)
    text = marker.snippet(line.text)
    parameters = urlencode({"q": query, "line": line.number})
    href = f"{reverse('transcript', args=[session.pk])}?{parameters}"
    seconds = times[line.number - 1] if line.number <= len(times) else None
    return Place(href, shown_name(line.speaker, speaker_names(session)), text, seconds)
