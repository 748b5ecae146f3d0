"""A session as a file to download: for its game master, not for players.

Share links and places in storage are not exported. The JSON can be read again as a transcript, and
so can the WebVTT, which gives the same turns.
"""

from collections.abc import Callable
from typing import NamedTuple

from sessions_app.exports.file_names import file_name
from sessions_app.exports.json_file import as_json
from sessions_app.exports.markdown_file import as_markdown
from sessions_app.exports.text_file import as_text
from sessions_app.exports.webvtt_file import as_webvtt
from sessions_app.models import Session


class File(NamedTuple):
    """A file to download: a safe name, its type for HTTP, and its bytes."""

    name: str
    content_type: str
    content: bytes


def export(session: Session, ending: str) -> File:
    """Return the session as a file with this ending, one of ``FORMATS``.

    Raises ``KeyError`` for another ending, and ``NoTimes`` for ``vtt`` where there are no times.
    """
    content_type, write = FORMATS[ending]
    return File(file_name(session.name, ending), content_type, write(session).encode())


FORMATS: dict[str, tuple[str, Callable[[Session], str]]] = {
    "md": ("text/markdown; charset=utf-8", as_markdown),
    "txt": ("text/plain; charset=utf-8", as_text),
    "vtt": ("text/vtt; charset=utf-8", as_webvtt),
    "json": ("application/json", as_json),
}
