"""The speakers of a transcript as one recognises them: how much and what each of them says."""

from collections import Counter
from typing import NamedTuple

from sessions_app.models import Session
from sessions_app.transcript_reader import TranscriptReader
from sessions_app.transcripts import count_words
from sessions_app.transcripts.session_transcript import NUMBERED_LABEL

SAMPLES = 2
SAMPLE_WORDS = 6  # shorter turns, such as "Yes.", are samples only if there are no others
SESSIONS_WITH_NAMES = 50  # of the same campaign, the newest


class Voice(NamedTuple):
    """A speaker: label, number of words, and some turns."""

    label: str
    words: int
    samples: list[str]


def voices(reader: TranscriptReader) -> list[Voice]:
    """Return the speakers, the most talkative first."""
    words: Counter[str] = Counter()
    long: dict[str, list[str]] = {}
    short: dict[str, list[str]] = {}
    for turn in reader.turns:
        label, text = turn.speaker_label, turn.text
        if not label:
            continue
        count = count_words(text)
        words[label] += count
        samples = (long if count >= SAMPLE_WORDS else short).setdefault(label, [])
        if len(samples) < SAMPLES:
            samples.append(text)
    return [
        Voice(label, count, [*long.get(label, []), *short.get(label, [])][:SAMPLES])
        for label, count in words.most_common()
    ]


def names_in_campaign(session: Session) -> list[str]:
    """Return the names of speakers in other sessions of the campaign, or else unfiled ones."""
    others = (
        Session.objects.filter(owner=session.owner_id, campaign=session.campaign_id)
        .exclude(pk=session.pk)
        .values_list("speaker_names", "metrics")[:SESSIONS_WITH_NAMES]
    )
    names: set[str] = set()
    for given, metrics in others:  # another program may have written anything into them
        named = given if isinstance(given, dict) else {}
        names.update(name for name in named.values() if isinstance(name, str))
        spoke = metrics.get("speakerDistribution") if isinstance(metrics, dict) else None
        labels = spoke if isinstance(spoke, dict) else {}
        names.update(
            label for label in labels if label not in named and not NUMBERED_LABEL.fullmatch(label)
        )
    return sorted(names, key=str.casefold)
