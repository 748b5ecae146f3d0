"""Downloads: a session as one file, a campaign or everything as a ZIP archive.

Exports are for the game master. They leave out share links. JSON and archives are backups:
``sessions_app.importing`` brings them back.
"""

from sessions_app.exports.archive import Archive, archive_campaign, archive_everything
from sessions_app.exports.formats import FORMATS, ExportFile, export
from sessions_app.exports.webvtt_file import NoTimes, has_times

__all__ = [
    "FORMATS",
    "Archive",
    "ExportFile",
    "NoTimes",
    "archive_campaign",
    "archive_everything",
    "export",
    "has_times",
]
