"""Log lines that keep what people wrote to themselves."""

import logging
import re
import traceback
from types import TracebackType

SECRET_PATH = re.compile(r"(/share/)[^/\s?\"']+|(\?)[^\s\"']+")


class PrivateFormatter(logging.Formatter):
    """Print a traceback's places and exception classes, never an exception's message.

    PostgreSQL's errors quote the failing row and boto's quote the arguments: a transcript would
    end up in the log. A share link's token and a query string are left out as well.
    """

    def format(self, record: logging.LogRecord) -> str:
        return SECRET_PATH.sub(lambda found: f"{found[1] or found[2]}…", super().format(record))

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
