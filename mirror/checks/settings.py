"""The settings: ``MIRROR``, ``STORAGES`` and ``USE_TZ``."""

import os
import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from botocore.loaders import Loader
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004
from django.utils.module_loading import import_string
from django.utils.text import get_text_list

from mirror.conf import BACKEND, DEFAULTS, REQUIRED, setting, storage
from mirror.documents import Document, TimeAttribute, registry
from mirror.stores.s3 import ObjectStorage

# What ``ObjectStorage`` hands to every call, and what only an upload has.
USED_OPTIONS = {
    "addressing_style",
    "bucket_name",
    "bucket_owner",
    "default_acl",
    "endpoint_url",
    "location",
    "object_parameters",
    "region_name",
}

# As S3 has it for new buckets; or an access point, by its ARN.
BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]|arn:\S+")

# In the environment: DynamoDB is wherever these say, and not in AWS's regions.
ENDPOINTS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB")


@register("mirror")
def check_settings(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """E001: ``MIRROR`` has a wrong key or value."""
    problems = list(_setting_problems())
    if not problems:
        return []
    names = ", ".join(sorted([*REQUIRED, *DEFAULTS]))
    return [
        Error(
            f"MIRROR: {' '.join(problems)}",
            hint=(
                'Write MIRROR = {"TABLE": "…", "BUCKET": "…", "REGION": "…"} in the settings.'
                f" It takes {names}; REGION may be AWS_REGION in the environment instead."
            ),
            id="mirror.E001",
        )
    ]


def _setting_problems() -> Iterator[str]:
    values = {**DEFAULTS, **dict.fromkeys(REQUIRED, ""), **getattr(settings, "MIRROR", {})}
    known = sorted([*REQUIRED, *DEFAULTS])
    for name in sorted(values.keys() - set(known)):
        close = get_close_matches(name.upper(), known, n=1)
        yield f"Unknown setting {name}." + (f" Did you mean {close[0]}?" if close else "")
    if values["ENABLED"]:
        yield from (f"{name} is missing." for name in (*REQUIRED, "REGION") if not values[name])
    if values["DISPATCH"] not in {"inline", "worker"}:
        yield 'DISPATCH takes "inline" or "worker".'
    owner = values["BUCKET_OWNER"]
    if not (isinstance(owner, str) and re.fullmatch(r"(\d{12})?", owner)):
        yield "BUCKET_OWNER takes the 12 digits of an AWS account, as a text."


@register("mirror")
def check_region(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """W029: a region that boto3 does not know. It may be new; any may do for an endpoint."""
    region = setting("REGION")
    if not setting("ENABLED") or not region or any(map(os.environ.get, ENDPOINTS)):
        return []
    partitions = Loader().load_data("partitions")["partitions"]
    known = {name for partition in partitions for name in partition["regions"]}
    if region in known:
        return []
    close = get_close_matches(region.lower(), sorted(known), n=1)
    advice = f'Write "{close[0]}"' if close else 'Write one such as "eu-central-1"'
    return [
        Warning(
            f'boto3 knows no AWS region "{region}".',
            hint=f'{advice} in MIRROR["REGION"], or in AWS_REGION in the environment. If AWS has'
            " opened it lately, upgrade boto3.",
            id="mirror.W029",
        )
    ]


@register("mirror")
def check_storage(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """E002: no bucket, or two. E015: a location. E020: options that not every call has."""
    if not setting("ENABLED"):
        return []
    alias = setting("STORAGE")
    entry = settings.STORAGES.get(alias)
    return [
        Error(text, hint=hint, id=f"mirror.{number}")
        for number, text, hint in _storage_problems(alias, entry)
    ]


def _storage_problems(alias: str, entry: dict[str, Any] | None) -> Iterator[tuple[str, str, str]]:
    bucket = storage().get("OPTIONS", {}).get("bucket_name")
    if bucket and not BUCKET_NAME.fullmatch(str(bucket)):
        text = f'No S3 bucket can have the name "{bucket}".'
        hint = (
            "Write 3 to 63 lower-case letters, digits, dots and hyphens, of which the first and the"
            " last are a letter or a digit."
        )
        yield "E002", text, hint
    if entry is None:
        keeping = {d: names for d in registry.documents() if (names := _keeping_objects(d))}
        if keeping and not setting("BUCKET"):
            labels = get_text_list([d.mirror_options.label for d in keeping], "and")
            parts = [
                f"{get_text_list(names, 'and')} from {d.__name__}" for d, names in keeping.items()
            ]
            hint = (
                f'Write MIRROR["BUCKET"] = "…", or add {alias!r} to STORAGES. Or keep no objects:'
                f" remove {', and '.join(parts)}."
            )
            yield "E002", f"MIRROR names no bucket for the objects of {labels}.", hint
        return
    for name in filter(setting, ("BUCKET", "BUCKET_OWNER")):
        text = f'STORAGES["{alias}"] has options of its own: MIRROR["{name}"] is not used.'
        yield "E002", text, f'Remove MIRROR["{name}"], or {alias!r} from STORAGES.'
    options = entry.get("OPTIONS", {})
    if not _is_ours(entry.get("BACKEND", "")):
        yield "E002", f'STORAGES["{alias}"] is no {BACKEND}.', f'Write "BACKEND": "{BACKEND}".'
    elif not options.get("bucket_name", getattr(settings, "AWS_STORAGE_BUCKET_NAME", None)):
        yield "E002", f'STORAGES["{alias}"] names no bucket.', 'Give its OPTIONS a "bucket_name".'
    if options.get("location", getattr(settings, "AWS_LOCATION", "")):
        text = f"The storage {alias!r} has a location, and the keys in the items do not."
        hint = "Give the mirror a bucket of its own, and the storage's OPTIONS 'location': ''."
        yield "E015", text, hint
    unused = sorted(options.keys() - USED_OPTIONS)
    if unused:
        text = f"The storage {alias!r} has options that not every call of the mirror uses: "
        hint = (
            f"Remove {', '.join(unused)}. Both stores take credentials, profiles and certificates"
            " as boto3 does: from AWS_… in the environment, or from the machine's role."
        )
        yield "E020", text + ", ".join(unused), hint


def _keeping_objects(document: type[Document]) -> list[str]:
    """Return the names of what makes a document keep objects."""
    has_bodies = document.bodies.__func__ is not Document.bodies.__func__  # type: ignore[attr-defined] # a classmethod has it
    options = document.mirror_options
    causes = {
        "long_texts": options.long_texts,
        "body_folders": options.body_folders,
        "bodies": has_bodies,
    }
    return [name for name, cause in causes.items() if cause]


def _is_ours(backend: str) -> bool:
    try:
        return issubclass(import_string(backend), ObjectStorage)
    except ImportError:
        return False


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
