"""A campaign as one ZIP archive."""

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from typing import IO, NamedTuple
from uuid import UUID

from django.db.models import F, Func, IntegerField, QuerySet, Value
from django.db.models.functions import Coalesce

from campaigns.models import Campaign
from sessions_app.exports.file_names import UniqueNames, file_name
from sessions_app.exports.formats import export
from sessions_app.exports.webvtt_file import NoTimes
from sessions_app.models import Session

IN_MEMORY = 4 * 1024 * 1024  # bytes; a larger archive is written to a temporary file
AT_ONCE = 2 * 1024 * 1024  # bytes of compressed transcripts that are read together
TRANSCRIPT = ("transcript_text", "transcript_json")
FIRST_ZIP_YEAR = 1980  # ZIP cannot store earlier dates


class Archive(NamedTuple):
    """A safe file name, and the open file at its beginning. Closing the file removes it."""

    name: str
    file: IO[bytes]


def archive_campaign(campaign: Campaign) -> Archive:
    """Pack a campaign: its description, and each session as Markdown, JSON and WebVTT.

    The files are in a folder named after the campaign. The archive is complete when this returns,
    so an error cannot cut a download short.
    """
    folder = file_name(campaign.name)
    names = UniqueNames()
    with ExitStack() as on_error:  # closes the file unless the archive is completed
        file = on_error.enter_context(tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            about = f"# {campaign.name}\n\n{campaign.description}\n".encode()
            name = names.take("About this campaign")
            archive.writestr(_zip_info(f"{folder}/{name}.md", campaign.updated_at), about)
            own = campaign.sessions.filter(owner=campaign.owner_id).reverse()
            for portion in _portions(own):
                for session in own.filter(pk__in=portion):
                    session.campaign = campaign  # saves a query for each session
                    _add_session(archive, session, folder, names)
        on_error.pop_all()
    file.seek(0)
    return Archive(f"{folder}.zip", file)


def _portions(sessions: QuerySet[Session]) -> Iterator[list[UUID]]:
    """Yield the ids of sessions that fit in memory together, in their order.

    A server-side cursor would do, but a pooler such as pgbouncer may break it.
    """
    size = sum((_stored_size(name) for name in TRANSCRIPT), start=Value(0))
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


def _stored_size(column: str) -> Coalesce:
    """Return the bytes that a column takes, which PostgreSQL knows without reading them."""
    size = Func(F(column), function="pg_column_size", output_field=IntegerField())
    return Coalesce(size, 0)


def _add_session(
    archive: zipfile.ZipFile, session: Session, folder: str, names: UniqueNames
) -> None:
    stem = names.take(file_name(session.name))
    for extension in ("md", "json", "vtt"):
        info = _zip_info(f"{folder}/{stem}.{extension}", session.updated_at)
        with suppress(NoTimes):  # a session without times has no WebVTT
            archive.writestr(info, export(session, extension).content)


def _zip_info(path: str, modified: datetime) -> zipfile.ZipInfo:
    time = modified.astimezone(UTC)
    year = max(time.year, FIRST_ZIP_YEAR)
    info = zipfile.ZipInfo(path, (year, time.month, time.day, time.hour, time.minute, time.second))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16  # Unix permissions
    return info
