"""The colours of speakers: on a page each has another, and keeps it through the campaign."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping

from django.db.models import QuerySet

from sessions_app.models import DAY, Session
from sessions_app.speaker_stats import speaker_stats
from sessions_app.transcripts.session_transcript import NUMBERED_LABEL

COLOURS = 12  # ``--voice-0`` to ``--voice-11`` in the style sheet
SESSIONS = 50  # of a campaign that decide, the first, so that no later one changes a colour


def speaker_colours(session: Session, names: Iterable[str]) -> dict[str, int]:
    """Return the number of a colour for each of the first twelve names, and none for the others.

    ``names`` are those of the session's speakers, and who speaks most comes first.
    """
    campaign = _assign(_leading_names(session), {})
    shown = list(dict.fromkeys(names))[:COLOURS]
    return _assign(shown, {name: campaign[name] for name in shown if name in campaign})


def first_sessions(session: Session) -> QuerySet[Session]:
    """Return the sessions that decide on the colours of this one's speakers."""
    filed = Session.objects.filter(owner=session.owner_id, campaign=session.campaign_id)
    return filed.only("metrics", "speaker_names").order_by(DAY, "created_at")[:SESSIONS]


def _leading_names(session: Session) -> list[str]:
    """Return the twelve who speak most in the campaign, in the order in which they first did."""
    words: Counter[str] = Counter()
    for other in first_sessions(session) if session.campaign_id else ():
        stats = speaker_stats(other)
        for share in stats.shares if stats else ():
            if not NUMBERED_LABEL.fullmatch(share.name):  # that of another job is another person
                words[share.name] += share.words
    leading = dict(words.most_common(COLOURS))
    return [name for name in words if name in leading]


def _assign(names: Iterable[str], known: Mapping[str, int]) -> dict[str, int]:
    """Give each name the colour that follows from it, or the next one that nobody has.

    Those in ``known`` have theirs already.
    """
    colours = dict(known)
    free = set(range(COLOURS)) - set(colours.values())
    for name in names:
        if name not in colours:
            own = int.from_bytes(hashlib.sha256(name.encode(errors="replace")).digest())
            colours[name] = min(free, key=lambda colour: (colour - own) % COLOURS)
            free.remove(colours[name])
    return colours
