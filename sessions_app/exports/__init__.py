"""A session as a file, and a campaign as an archive, to download.

The game master's own: neither share links nor places in storage are exported.
"""

from sessions_app.exports.archive import Archive, archive_campaign
from sessions_app.exports.formats import FORMATS, File, export
from sessions_app.exports.webvtt_file import NoTimes, has_times

__all__ = ["FORMATS", "Archive", "File", "NoTimes", "archive_campaign", "export", "has_times"]
