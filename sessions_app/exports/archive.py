"""A campaign, or everything that a game master has, as one ZIP archive.

An archive is packed while it is sent: it takes neither a temporary file nor more memory than its
largest session, and the first bytes leave at once. A reader that goes away closes the generator,
and no further session is read.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID
from zipfile import ZIP_DEFLATED

from django.contrib.auth.models import User
from django.db.models import F, Func, IntegerField, QuerySet, Value
from zipstream import ZipStream

from campaigns.models import Campaign
from config.web.large_work import one_at_a_time
from sessions_app.exports.file_names import UniqueNames, file_name
from sessions_app.exports.formats import export
from sessions_app.exports.json_file import campaign_as_json
from sessions_app.exports.webvtt_file import NoTimes
from sessions_app.models import Session, SessionQuerySet

AT_ONCE = 512 * 1024  # bytes of compressed texts that are read together; JSON one by one
TEXTS = ("description", "notes", "summary", "player_recap", "transcript_text")
UNFILED = "Unfiled sessions"  # the folder of sessions without a campaign

Files = Iterator[tuple[str, bytes]]  # path and content


class Archive(NamedTuple):
    """A safe file name, and the bytes, which are packed as they are read."""

    name: str
    chunks: Iterator[bytes]


def archive_campaign(campaign: Campaign) -> Archive:
    """Pack a campaign: what it is, and each session as Markdown, JSON and, with times, WebVTT.

    The files are in a folder named after the campaign.
    """
    folder = file_name(campaign.name)
    return Archive(f"{folder}.zip", _pack(_campaign_files(campaign, folder)))


def archive_everything(owner: User) -> Archive:
    """Pack all campaigns and all unfiled sessions of a game master, each in a folder."""
    day = datetime.now(UTC).date()
    return Archive(f"Tabletop {day:%Y-%m-%d}.zip", _pack(_all_files(owner)))


def _pack(files: Files) -> Iterator[bytes]:
    archive = ZipStream(compress_type=ZIP_DEFLATED)
    while packed := _pack_next(archive, files):
        yield from packed
    yield from archive.finalize()


def _pack_next(archive: ZipStream, files: Files) -> list[bytes]:
    """Write the next file and pack it. Only what is packed waits for a slow reader."""
    with one_at_a_time():
        for path, content in files:
            archive.add(content, path)
            del content
            return list(archive.file())
    return []


def _all_files(owner: User) -> Files:
    folders = UniqueNames()
    for pk in list(Campaign.objects.filter(owner=owner).values_list("pk", flat=True)):
        campaign = Campaign.objects.filter(owner=owner, pk=pk).first()
        if campaign is not None:  # nobody deleted it meanwhile
            yield from _campaign_files(campaign, folders.take(file_name(campaign.name)))
    unfiled = Session.objects.filter(owner=owner, campaign=None)
    yield from _session_files(unfiled, folders.take(UNFILED), UniqueNames())


def _campaign_files(campaign: Campaign, folder: str) -> Files:
    names = UniqueNames()
    yield f"{folder}/{names.take('campaign')}.json", campaign_as_json(campaign)
    about = f"# {campaign.name}\n\n{campaign.description}\n"
    yield f"{folder}/{names.take('About this campaign')}.md", about.encode()
    yield from _session_files(campaign.sessions.filter(owner=campaign.owner_id), folder, names)


def _session_files(sessions: SessionQuerySet, folder: str, names: UniqueNames) -> Files:
    """Yield the files of each session, the earliest first."""
    sessions = sessions.reverse()
    complete = sessions.with_json_as_text().select_related("campaign")
    complete = complete.prefetch_related("highlights")
    for portion in _portions(sessions):
        for session in complete.filter(pk__in=portion):
            stem = f"{folder}/{names.take(file_name(session.name))}"
            for extension in ("md", "json", "vtt"):
                with suppress(NoTimes):  # a session without times has no WebVTT
                    yield f"{stem}.{extension}", export(session, extension, private=True).content


def _portions(sessions: QuerySet[Session]) -> Iterator[list[UUID]]:
    """Yield the ids of sessions that fit in memory together, in their order.

    A server-side cursor would do, but a pooler such as pgbouncer may break it.
    """
    size = sum(map(_stored_size, TEXTS), Value(0))
    portion: list[UUID] = []
    room = AT_ONCE
    for pk, stored in list(sessions.values_list("pk", size)):
        if portion and stored > room:
            yield portion
            portion, room = [], AT_ONCE
        portion.append(pk)
        room -= stored
    if portion:
        yield portion


def _stored_size(column: str) -> Func:
    """Return the bytes that a column takes, which PostgreSQL knows without reading them."""
    return Func(F(column), function="pg_column_size", output_field=IntegerField())
