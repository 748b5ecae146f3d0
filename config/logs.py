"""The log formatter. It keeps what people wrote out of the log."""

import logging
import re
import traceback
from types import TracebackType

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
    would end up in the log. Tokens and query strings in URLs are left out as well.
    """

    def format(self, record: logging.LogRecord) -> str:
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
