"""Imports: transcript files as sessions, and what was exported, whole.

``import_file`` brings in one file, for the page and for the command; all of it or nothing.
"""

from sessions_app.importing.errors import ImportRefused
from sessions_app.importing.file_names import printable, session_name
from sessions_app.importing.outcomes import ImportResult, Outcome
from sessions_app.importing.owners import find_owner, get_or_create_campaign
from sessions_app.importing.paths import import_paths
from sessions_app.importing.reading import named_day
from sessions_app.importing.storing import import_file

__all__ = [
    "ImportRefused",
    "ImportResult",
    "Outcome",
    "find_owner",
    "get_or_create_campaign",
    "import_file",
    "import_paths",
    "named_day",
    "printable",
    "session_name",
]
