"""The log formatter. It keeps what people wrote out of the log."""

import logging
import re
import traceback
from types import TracebackType

SECRETS_IN_URLS = re.compile(r"(/share/(?:campaign/)?)[^/\s?\"']+|(\?)[^\s\"']+")


class PrivateFormatter(logging.Formatter):
    """Prints the places and exception classes of a traceback, but no exception messages.

    PostgreSQL's messages quote the failing row and boto's quote the arguments, so a transcript
    would end up in the log. The tokens of share links and query strings are left out as well.
    """

    def format(self, record: logging.LogRecord) -> str:
        return SECRETS_IN_URLS.sub(lambda match: f"{match[1] or match[2]}…", super().format(record))

    def formatException(  # noqa: N802 - the name that logging calls
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        lines: list[str] = []
        error = ei[1]
        while error is not None:
            frames = "".join(traceback.format_tb(error.__traceback__))
            kind = type(error)
            lines.append(f"{frames}{kind.__module__}.{kind.__qualname__}")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\ncaused by:\n".join(lines)
