"""The settings: ``MIRROR``, ``STORAGES`` and ``USE_TZ``."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from mirror.conf import DEFAULTS, REQUIRED, setting
from mirror.documents import TimeAttribute, registry


@register("mirror")
def check_settings(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """E001: ``MIRROR`` has a wrong key or value. E002: no such storage. E015: with a location."""
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
                hint=f"Add {setting('STORAGE')!r} with the backend mirror.stores.s3.ObjectStorage.",
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
            id="mirror.E015",
        )
    ]


@register("mirror")
def check_time_zones(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """E014: times without a zone, of which an hour in autumn means two."""
    attributes = [
        attribute
        for document in registry.documents()
        for attribute in document.get_attributes().values()
    ]
    if settings.USE_TZ or not any(isinstance(a, TimeAttribute) for a in attributes):
        return []
    return [
        Error(
            "Times are mirrored, but Django keeps them without a time zone.",
            hint="Write USE_TZ = True in the settings.",
            id="mirror.E014",
        )
    ]
