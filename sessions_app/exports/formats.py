"""The formats in which a session can be downloaded.

JSON and WebVTT can be imported again as a transcript. WebVTT then gives the same turns.
"""

from collections.abc import Callable
from typing import NamedTuple

from sessions_app.exports.file_names import file_name
from sessions_app.exports.json_file import as_json
from sessions_app.exports.markdown_file import as_markdown
from sessions_app.exports.text_file import as_text
from sessions_app.exports.webvtt_file import as_webvtt
from sessions_app.models import Session


class ExportFile(NamedTuple):
    """A file to download: a safe name, its content type for HTTP, and its bytes."""

    name: str
    content_type: str
    content: bytes


def export(session: Session, extension: str) -> ExportFile:
    """Return the session as a file with this extension, one of ``FORMATS``.

    Raises ``KeyError`` for another extension, and ``NoTimes`` for ``vtt`` if the transcript has no
    times.
    """
    content_type, write = FORMATS[extension]
    return ExportFile(file_name(session.name, extension), content_type, write(session).encode())


FORMATS: dict[str, tuple[str, Callable[[Session], str]]] = {
    "md": ("text/markdown; charset=utf-8", as_markdown),
    "txt": ("text/plain; charset=utf-8", as_text),
    "vtt": ("text/vtt; charset=utf-8", as_webvtt),
    "json": ("application/json", as_json),
}
