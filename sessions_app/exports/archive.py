"""A campaign as one ZIP archive."""

import tempfile
import zipfile
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from typing import IO, NamedTuple

from campaigns.models import Campaign
from sessions_app.exports.file_names import UniqueNames, file_name
from sessions_app.exports.formats import export
from sessions_app.exports.webvtt_file import NoTimes
from sessions_app.models import Session

IN_MEMORY = 4 * 1024 * 1024  # bytes; a larger archive is written to a temporary file
AT_ONCE = 2  # sessions in memory: each may have a transcript of many megabytes


class Archive(NamedTuple):
    """A safe name, and the open file, read from its beginning; closing it removes it."""

    name: str
    file: IO[bytes]


def archive_campaign(campaign: Campaign) -> Archive:
    """Pack a campaign: what it is about, and each session as Markdown, JSON and WebVTT.

    The files lie in a folder named after the campaign. The archive is complete when this returns,
    so that an error cannot cut a download short.
    """
    folder = file_name(campaign.name)
    names = UniqueNames()
    with ExitStack() as opened:  # closes the file, should anything go wrong before it is whole
        file = opened.enter_context(tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
            about = f"# {campaign.name}\n\n{campaign.description}\n".encode()
            name = names.take("About this campaign")
            packed.writestr(_entry(f"{folder}/{name}.md", campaign.updated_at), about)
            own = campaign.sessions.filter(owner=campaign.owner_id).order_by("created_at", "id")
            for session in own.iterator(chunk_size=AT_ONCE):
                session.campaign = campaign  # known already: no query for each session
                _pack(packed, session, folder, names)
        opened.pop_all()
    file.seek(0)
    return Archive(f"{folder}.zip", file)


def _pack(packed: zipfile.ZipFile, session: Session, folder: str, names: UniqueNames) -> None:
    stem = names.take(file_name(session.name))
    for ending in ("md", "json", "vtt"):
        entry = _entry(f"{folder}/{stem}.{ending}", session.updated_at)
        with suppress(NoTimes):  # then there is no WebVTT
            packed.writestr(entry, export(session, ending).content)


def _entry(path: str, changed: datetime) -> zipfile.ZipInfo:
    time = changed.astimezone(UTC)
    year = max(time.year, 1980)  # where the calendar of ZIP begins
    entry = zipfile.ZipInfo(path, (year, time.month, time.day, time.hour, time.minute, time.second))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry
