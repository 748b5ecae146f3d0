"""Which models are mirrored, and how: filled by each app's ``documents.py``."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import models

from mirror.documents.document import Document, Options
from mirror.documents.items import ENTITY

D = TypeVar("D", bound=type[Document])

_documents: dict[str, type[Document]] = {}


def register(  # noqa: PLR0913 - options that are named, with defaults
    model: type[models.Model],
    *,
    entity: str,
    version: str = "1",
    long_texts: Sequence[str] = (),
    texts_folder: str = "texts",
    body_folders: Sequence[str] = (),
    lower_case: bool = True,
    entity_attribute: str = ENTITY,
    without_attribute: Sequence[str] = (),
) -> Callable[[D], D]:
    """Mirror ``model`` as the decorated document says.

    ``entity`` and ``version`` are ElectroDB's names. ``long_texts`` are the fields whose text may
    move to S3, to ``texts_folder``, when the item grows too large (two models whose primary keys
    can be equal need two folders). ``body_folders`` are the top folders that ``bodies`` uses.
    ``without_attribute`` are the fields that have no attribute on purpose: ``bodies`` holds them,
    or they are not mirrored.

    Without ``lower_case`` the items have the keys as ``keys`` returns them. ``entity_attribute``
    is the name in the item of what holds ``entity``: any other than ElectroDB's leaves out the
    version, too. Change either only with ``mirror_sync --all``.
    """

    def decorate(document: D) -> D:
        document.mirror_options = Options(
            model,
            entity,
            version,
            tuple(long_texts),
            texts_folder,
            tuple(body_folders),
            lower_case,
            entity_attribute,
            tuple(without_attribute),
        )
        _documents[document.mirror_options.label] = document
        return document

    return decorate


def document_for(label: str) -> type[Document]:
    """Return the document of the model with this label; raises ``KeyError`` if there is none."""
    return _documents[label]


def documents() -> list[type[Document]]:
    """Return every registered document."""
    return list(_documents.values())


def labels() -> list[str]:
    """Return the labels of all mirrored models."""
    return list(_documents)
