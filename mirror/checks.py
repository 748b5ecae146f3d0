"""System checks: configurations with which the mirror would miss writes or mix up rows."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import pgtrigger
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.db.models import UUIDField

from mirror.conf import DEFAULTS, REQUIRED, setting
from mirror.documents import registry


@register("mirror")
def check_settings(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """E001: ``MIRROR`` has a wrong key or value. E002: no such storage. E006: with a location."""
    unknown = set(settings.MIRROR) - DEFAULTS.keys() - set(REQUIRED)
    invalid = unknown | {name for name in REQUIRED if name not in settings.MIRROR}
    if not invalid and setting("DISPATCH") not in {"inline", "worker"}:
        invalid = {"DISPATCH"}
    if invalid:
        names = ", ".join(sorted([*REQUIRED, *DEFAULTS]))
        return [
            Error(
                f"MIRROR is wrong about {', '.join(sorted(invalid))}.",
                hint=f"It takes {names}; {' and '.join(REQUIRED)} have no default.",
                id="mirror.E001",
            )
        ]
    if setting("ENABLED") and setting("STORAGE") not in settings.STORAGES:
        return [
            Error(
                f"STORAGES has no {setting('STORAGE')!r}, which MIRROR['STORAGE'] names.",
                id="mirror.E002",
            )
        ]
    return _check_storage() if setting("ENABLED") else []


def _check_storage() -> list[CheckMessage]:
    options = settings.STORAGES[setting("STORAGE")].get("OPTIONS", {})
    if not options.get("location", getattr(settings, "AWS_LOCATION", "")):
        return []
    return [
        Error(
            f"The storage {setting('STORAGE')!r} has a location, and the keys in the items do not.",
            hint="Give the mirror a bucket of its own, and the storage's OPTIONS 'location': ''.",
            id="mirror.E006",
        )
    ]


@register("mirror")
def check_documents(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """E003: a model without triggers. E004: two that may share S3 keys. E005: two of one entity."""
    problems: list[CheckMessage] = []
    captured = {
        model._meta.label
        for model, trigger in pgtrigger.registered()
        if trigger.name == "mirror_update"
    }
    options = [document.mirror_options for document in registry.documents()]
    problems += [
        Error(
            f"{uncaptured.label} is mirrored, but its changes are not captured.",
            hint="Add triggers = capture_changes() to its Meta, and run makemigrations.",
            obj=uncaptured.model,
            id="mirror.E003",
        )
        for uncaptured in options
        if uncaptured.model._meta.label not in captured
    ]
    for one, two in combinations(options, 2):
        uuids = all(isinstance(model._meta.pk, UUIDField) for model in (one.model, two.model))
        folders = {*one.body_folders, one.texts_folder} & {*two.body_folders, two.texts_folder}
        if folders and not uuids:
            problems.append(
                Error(
                    f"{one.label} and {two.label} both keep objects in {', '.join(sorted(folders))}"
                    ", and their primary keys can be equal.",
                    hint="Register one of them with another texts_folder or other body_folders.",
                    id="mirror.E004",
                )
            )
        if one.entity == two.entity:
            problems.append(
                Error(
                    f"{one.label} and {two.label} are both entity {one.entity!r}.", id="mirror.E005"
                )
            )
    return problems
