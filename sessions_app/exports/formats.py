"""The formats in which a session can be downloaded.

JSON is complete: importing it brings the session back. WebVTT can be imported as a transcript, and
then gives the same turns. Markdown and plain text are for reading.
"""

from collections.abc import Callable
from typing import NamedTuple

from config.web.large_work import one_at_a_time
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


def export(session: Session, extension: str, *, private: bool = False) -> ExportFile:
    """Return the session as a file with this extension, one of ``FORMATS``.

    Markdown and plain text have the game master's summary and notes only if ``private``, and say
    so, in the name of the file as well. Raises ``KeyError`` for another extension, and ``NoTimes``
    for ``vtt`` if the transcript has no times.
    """
    content_type, write = FORMATS[extension]
    mark = " (private)" if private and extension in READABLE else ""
    name = f"{file_name(session.name)}{mark}.{extension}"
    with one_at_a_time():
        content = write(session, private)
        return ExportFile(
            name, content_type, content.encode() if isinstance(content, str) else content
        )


READABLE = ("md", "txt")  # the formats that a game master may hand to players
FORMATS: dict[str, tuple[str, Callable[[Session, bool], str | bytes]]] = {
    "md": ("text/markdown; charset=utf-8", as_markdown),
    "txt": ("text/plain; charset=utf-8", as_text),
    "vtt": ("text/vtt; charset=utf-8", lambda session, _: as_webvtt(session)),
    "json": ("application/json", lambda session, _: as_json(session)),
}
