"""The models: whether every change is captured, and whether two could share keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004
from django.db.models import Model, OneToOneField, UUIDField

from mirror.capture import PREFIX
from mirror.checks.triggers import marks_own
from mirror.conf import setting
from mirror.documents import registry
from mirror.documents.document import Document
from mirror.documents.rows import folders
from mirror.triggers_in_database import captured


@register("mirror")
def check_registered(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """W028: nothing is mirrored at all. What is captured without a document has W026."""
    if not setting("ENABLED") or registry.documents() or captured():
        return []
    return [
        Warning(
            "Nothing is mirrored: no app in INSTALLED_APPS has a documents.py with a document.",
            hint="Add your app to INSTALLED_APPS. If it has no documents.py yet, run"
            " manage.py mirror_document app.Model --write.",
            id="mirror.W028",
        )
    ]


@register("mirror")
def check_capture(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """E003: a model without triggers. E012: one whose parent's changes do not mark it dirty.

    E035: a proxy, which has no table and so no triggers of its own.
    """
    updates = {
        model._meta.label_lower: trigger.render_func(model)
        for model, triggers in captured().items()
        for trigger in triggers
        if trigger.name == f"{PREFIX}update"
    }
    problems: list[CheckMessage] = []
    for document in registry.documents():
        options = document.mirror_options
        if options.model._meta.proxy:
            problems.append(_proxy(options.model._meta))
            continue
        if not marks_own(options.model, updates.get(options.label, "")):
            mend = (
                "Remove own=False from capture_changes() in its Meta"
                if options.label in updates
                else "Add triggers = capture_changes() to its Meta"
            )
            problems.append(
                Error(
                    f"{options.label} is mirrored, but its changes are not captured.",
                    hint=f"{mend}, and run makemigrations.",
                    obj=options.model,
                    id="mirror.E003",
                )
            )
        problems += _uncaptured_parents(options.model, updates)
    return problems


def _proxy(proxy: Any) -> CheckMessage:
    own = proxy.concrete_model._meta
    return Error(
        f"{proxy.label_lower} is a proxy: its rows are those of {own.label}.",
        hint=f"Remove its document, and capture_changes() from its Meta: {own.label} has both."
        if own.label_lower in registry.labels()
        else f"Register {own.label} instead, with capture_changes() in its Meta, not the proxy's.",
        obj=proxy.model,
        id="mirror.E035",
    )


def _uncaptured_parents(model: type[Model], updates: dict[str, str]) -> Iterator[CheckMessage]:
    """Yield a problem for each table that ``model`` inherits and that does not mark it dirty."""
    label = model._meta.label_lower
    for parent in model._meta.all_parents:
        other = parent._meta.label
        if not _shares_primary_key(model, parent):
            hint = f"Give it a ForeignKey to {other} instead: a row has one primary key."
        elif f"'{label}'" not in updates.get(other.lower(), ""):
            own = "" if other.lower() in registry.labels() else ", own=False"
            hint = (
                f'Write triggers = capture_changes(children=["{label}"]{own}) in the Meta of'
                f" {other} (with its other children), and run makemigrations."
            )
        else:
            continue
        yield Error(
            f"{label} inherits the table of {other}, whose changes do not mark it dirty.",
            hint=hint,
            obj=model,
            id="mirror.E012",
        )


def _shares_primary_key(model: type[Model], parent: type[Model]) -> bool:
    key = model._meta.pk
    while key.model is not parent and isinstance(key, OneToOneField):
        key = key.target_field
    return key.model is parent


@register("mirror")
def check_pairs(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """E004: two models that may share S3 keys. E005: two of one entity."""
    problems: list[CheckMessage] = []
    for one, other in combinations(registry.documents(), 2):
        labels = f"{one.mirror_options.label} and {other.mirror_options.label}"
        shared = ", ".join(sorted({*folders(one)} & {*folders(other)}))
        if shared and not (_has_uuid(one) and _has_uuid(other)):
            problems.append(
                Error(
                    f"{labels} both keep objects in {shared}, and their primary keys can be equal.",
                    hint="Register one of them with another texts_folder or other body_folders.",
                    id="mirror.E004",
                )
            )
        if one.mirror_options.entity == other.mirror_options.entity:
            problems.append(
                Error(
                    f"{labels} are both entity {one.mirror_options.entity!r}.",
                    hint="Register one of them with another entity.",
                    id="mirror.E005",
                )
            )
    return problems


def _has_uuid(document: type[Document]) -> bool:
    return isinstance(document.mirror_options.model._meta.pk, UUIDField)
