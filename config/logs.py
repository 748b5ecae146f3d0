"""The log formatters. They keep what people wrote out of the log."""

import json
import logging
import re
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType

# The id of the request that this thread answers, as in the answer's header ``X-Request-ID``.
request_id: ContextVar[str] = ContextVar("request_id", default="")

# The tokens of share links and of links that were mailed; query strings.
SECRETS_IN_URLS = re.compile(
    r"(/share/(?:campaign/)?|/accounts/email/|/password/reset/[^/\s]+/)[^/\s?\"']+|(\?)[^\s\"']+"
)


def without_secrets(text: str) -> str:
    """Leave the secrets in URLs out of a text."""
    return SECRETS_IN_URLS.sub(lambda match: f"{match[1] or match[2]}…", text)


class PrivateFormatter(logging.Formatter):
    """Prints the places and exception classes of a traceback, but no exception messages.

    PostgreSQL's messages quote the failing row and boto's quote the arguments, so a transcript
    would end up in the log. Tokens and query strings in URLs are left out as well. A format may
    name ``request_id``, which has a space before it, or is empty.
    """

    def format(self, record: logging.LogRecord) -> str:
        known = request_id.get()
        record.request_id = f" [{known}]" if known else ""
        return without_secrets(super().format(record))

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


class JsonFormatter(PrivateFormatter):
    """Prints each record as one JSON object on one line, with the same things left out."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
        }
        if known := request_id.get():
            line["request_id"] = known
        if record.exc_info:
            line["exception"] = without_secrets(self.formatException(record.exc_info))
        return json.dumps(line)
