"""The keys of items, tried with a row that has nothing but its primary key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register

from mirror.checks.attributes import KEYS, PRIMARY_KEYS, TEXTS
from mirror.documents import registry
from mirror.documents.document import Document
from mirror.documents.field_values import stored
from mirror.documents.render import require_own_key
from mirror.documents.sample_rows import sample_key
from mirror.errors import Unmirrorable

REQUIRED = {"pk", "sk"}


@register("mirror")
def check_keys(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """E024: ``keys`` that are missing, or that another row may have, too."""
    return [
        Error(f"{document.__name__}: {text}", hint=hint, obj=document, id="mirror.E024")
        for document in registry.documents()
        for text, hint in _problems(document)
    ]


def _problems(document: type[Document]) -> Iterator[tuple[str, str]]:
    model = document.mirror_options.model
    key = stored(model._meta.pk)
    name = model._meta.model_name
    own = "encode_id(instance.pk)" if isinstance(key, TEXTS) else "instance.pk"
    hint = (
        "Write a classmethod keys(cls, instance) that returns"
        f' {{"pk": f"…", "sk": f"{name}#{{{own}}}"}}.'
    )
    if getattr(document.keys, "__func__", None) is vars(Document)["keys"].__func__:
        yield "it defines no keys.", hint
        return
    if not isinstance(key, PRIMARY_KEYS):  # E011
        return
    try:
        row = model()
        row.pk = sample_key(key)
        keys: Any = document.keys(row)
    except Exception:  # noqa: BLE001 - whatever the adopter's code raises for want of a value
        return
    if not isinstance(keys, Mapping):
        yield "its keys are no dictionary. Does keys() return one?", hint
        return
    if any(type(value) is not str for value in keys.values()):  # for want of a value
        return
    if not REQUIRED <= keys.keys() <= KEYS:
        yield f"its keys are {', '.join(sorted(keys)) or 'none'}.", hint
        return
    try:
        require_own_key(keys, str(sample_key(key)))
    except Unmirrorable:
        yield "neither pk nor sk ends with the row's primary key after a #.", hint
