"""Whether the stores answer now."""

from __future__ import annotations

from collections.abc import Callable

from mirror.conf import has_bucket, setting
from mirror.documents.items import ItemKey
from mirror.errors import StoreError
from mirror.stores.clients import inline_clients
from mirror.stores.dynamodb import DYNAMODB
from mirror.stores.s3 import S3
from mirror.sync.budget import INLINE_SECONDS, Budget, BudgetSpent


def ask_stores() -> dict[str, str]:
    """Make a small request to each store; return why it does not answer, or an empty text.

    Each may take as long as a person's request waits for AWS, so that one which hangs does not make
    the other look silent. None is asked while the mirror is switched off.
    """
    if not setting("ENABLED"):
        return {}
    calls: dict[str, Callable[[], object]] = {
        DYNAMODB: lambda: inline_clients().items.get_many([ItemKey("ping", "ping")])
    }
    if has_bucket():
        calls[S3] = lambda: next(iter(inline_clients().objects.list("ping/")), None)
    answers = {}
    for store, call in calls.items():
        try:
            Budget(INLINE_SECONDS).run(store, call)
            answers[store] = ""
        except StoreError as error:
            answers[store] = error.failure.reason
        except BudgetSpent:
            answers[store] = "earlier calls hang"
    return answers
