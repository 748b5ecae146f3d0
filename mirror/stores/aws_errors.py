"""The errors of AWS, translated into ``StoreError`` by what is to be done about them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import urllib3.exceptions
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
)
from botocore.parsers import ResponseParserError
from django.dispatch import Signal

from mirror.errors import Failure, Kind, StoreError

# A body that is cut short is urllib3's error, not boto's.
AWS_ERRORS: tuple[type[Exception], ...] = (
    BotoCoreError,
    ClientError,
    urllib3.exceptions.HTTPError,
    OSError,
    ResponseParserError,
    KeyError,  # boto makes an empty answer of one that was cut: its members are missing
)
# AWS is asked too much, or stumbles: the same call may work a moment later.
BUSY = frozenset(
    {
        "InternalError",
        "InternalServerError",
        "LimitExceededException",
        "OperationAborted",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
# The item or the object itself is at fault: the same call will never work.
REFUSED = frozenset(
    {
        "EntityTooLarge",
        "InvalidArgument",
        "InvalidRequest",
        "ItemCollectionSizeLimitExceededException",
        "KeyTooLongError",
        "MetadataTooLarge",
        "SerializationException",
        "ValidationError",
        "ValidationException",
    }
)
# AWS no longer knows the credentials, or does not know them yet.
STALE_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)

# Sent when other credentials would have helped: a client keeps those that it was made with.
credentials_refused = Signal()


@contextmanager
def translated_errors(store: str, *more: type[Exception]) -> Iterator[None]:
    """Raise what a call to ``store`` raises as ``StoreError``, without the message."""
    try:
        yield
    except AWS_ERRORS + more as error:
        if is_about_credentials(error):
            credentials_refused.send(sender=None)
        raise StoreError(classify(error, store)) from None  # the cause's message may quote data


def is_about_credentials(error: Exception) -> bool:
    """Whether other credentials would have helped."""
    if isinstance(error, ClientError):
        return _code(error) in STALE_CREDENTIALS
    return isinstance(error, NoCredentialsError | CredentialRetrievalError)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def classify(error: Exception, store: str) -> Failure:
    """Sort an exception that a call to ``store`` raised."""
    if not isinstance(error, ClientError):
        # No answer, a broken one, or no credentials to ask with.
        return Failure(Kind.UNREACHABLE, type(error).__name__, store=store)
    code = _code(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in REFUSED:
        kind = Kind.REFUSED
    elif (
        code in BUSY
        or "Throttling" in code  # of a key, too: KMS.ThrottlingException
        or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        or status == HTTPStatus.TOO_MANY_REQUESTS
    ):
        kind = Kind.BUSY
    else:
        kind = Kind.UNREACHABLE  # credentials, rights, a missing table or bucket
    # The name of a subclass would be the code once more.
    return Failure(kind, ClientError.__name__, code, store, error.operation_name)
