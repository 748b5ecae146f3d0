"""Downloads: a session as one file, a campaign as a ZIP archive.

Exports are for the game master. They leave out share links and storage keys.
"""

from sessions_app.exports.archive import Archive, archive_campaign
from sessions_app.exports.formats import FORMATS, ExportFile, export
from sessions_app.exports.webvtt_file import NoTimes, has_times

__all__ = ["FORMATS", "Archive", "ExportFile", "NoTimes", "archive_campaign", "export", "has_times"]
