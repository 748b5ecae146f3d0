"""What is read of a job's output. msgspec skips everything else without making objects of it."""

import msgspec

Seconds = str | float | int | None  # Amazon Transcribe writes a string
NOTHING = msgspec.Raw(b"null")


class Alternative(msgspec.Struct, gc=False):
    """One way to hear a word."""

    content: str


class Timed(msgspec.Struct, gc=False):
    """Something with a beginning and an end."""

    start_time: Seconds = None
    end_time: Seconds = None


class Item(Timed, kw_only=True, gc=False):
    """A word, or a punctuation mark, which has no times."""

    alternatives: list[Alternative]
    type: str | None = None
    speaker_label: str | None = None
    channel_label: str | None = None


class AudioSegment(Timed, kw_only=True, gc=False):
    """What was said in one breath, since 2024."""

    transcript: str
    speaker_label: str | None = None
    channel_label: str | None = None
    continues_turn: bool | None = None  # ours: see ``turn_edits``


class SpeakerSegment(msgspec.Struct, gc=False):
    """Who spoke the words that have these times."""

    speaker_label: str | None = None
    items: list[Timed] | None = None


class SpeakerLabels(msgspec.Struct):
    """Who spoke when, in output of before 2024."""

    segments: list[SpeakerSegment] | None = None


class ChannelName(msgspec.Struct):
    """One channel of the recording."""

    channel_label: str


class Channel(ChannelName, kw_only=True):
    """The words of one channel: each is an ``Item``, decoded once it is needed."""

    items: list[msgspec.Raw] | None = None


class ChannelNames(msgspec.Struct):
    """The channels of the recording."""

    channels: list[ChannelName] | None = None


class ChannelLabels(msgspec.Struct):
    """The channels with their words."""

    channels: list[Channel] | None = None


class WholeText(msgspec.Struct):
    """Everything that was said, without times."""

    transcript: str


class SegmentResults(msgspec.Struct):
    """The segments, and whether something else names the speakers."""

    audio_segments: list[msgspec.Raw] | None = None  # each is an AudioSegment
    speaker_labels: msgspec.Raw = NOTHING
    channel_labels: ChannelNames | None = None


class Job(msgspec.Struct):
    """The output of a job, without its words: in the segments there are the same."""

    results: SegmentResults | None = None
    status: str | None = None
    TranscriptionJob: msgspec.Raw = NOTHING


class SpeakerResults(msgspec.Struct):
    """Who spoke when."""

    speaker_labels: SpeakerLabels | list[SpeakerLabels] | None = None


class SpeakerJob(msgspec.Struct):
    """The output of a job with its speakers."""

    results: SpeakerResults


class NamedJob(msgspec.Struct):
    """The output of a job with its name."""

    jobName: str | None = None  # noqa: N815 - Amazon's own


class WordResults(msgspec.Struct):
    """The words: by item, by channel, and as a text. Each item is decoded once it is needed."""

    items: list[msgspec.Raw] | None = None
    channel_labels: ChannelLabels | None = None
    transcripts: list[WholeText] | None = None


class WordJob(msgspec.Struct):
    """The output of a job with its words."""

    results: WordResults
