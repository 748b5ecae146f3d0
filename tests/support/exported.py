"""Exports to import: as this site writes them, and as nobody should."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from django.contrib.auth.models import User

from sessions_app.exports import archive_campaign, archive_everything, export
from sessions_app.importing import ImportResult, import_file
from sessions_app.models import Session


def exported(session: Session, **changes: Any) -> bytes:
    """Return the JSON of a session, with values that somebody changed."""
    values = json.loads(export(session, "json").content) | changes
    return json.dumps(values).encode()


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a ZIP archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def archive_of(subject: Any) -> bytes:
    """Return the archive of a campaign, or of everything that a user has."""
    made = archive_everything(subject) if isinstance(subject, User) else archive_campaign(subject)
    return b"".join(made.chunks)


def bring_in(owner: User, data: bytes, name: str = "Fog.json", **options: Any) -> ImportResult:
    """Import a file."""
    return import_file(owner, io.BytesIO(data), name, **options)
