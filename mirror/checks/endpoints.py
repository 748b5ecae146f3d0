"""The addresses of the stores, where they are not AWS's own."""

import os
import re
from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from mirror.conf import setting, storage

VARIABLES = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3")
ADDRESS = re.compile(r"\s*https?://[^/\s]", re.IGNORECASE)


@register()  # not "mirror": what cannot work says so in a sentence, with an exit code of its own
def check_endpoints(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """E034: an endpoint that is no address, of which boto3 makes no client."""
    if not setting("ENABLED"):
        return []
    return [
        Error(
            f'{name} is no address: "{address}".',
            hint=f'Write one with http:// or https://, such as "{_meant(address)}".',
            id="mirror.E034",
        )
        for name, address in _endpoints()
        if address and not ADDRESS.match(address)
    ]


def _endpoints() -> Iterator[tuple[str, str | None]]:
    """Yield each place that may name an endpoint, and what it says."""
    for name in VARIABLES:
        yield f"{name} in the environment", os.environ.get(name)
    options = storage().get("OPTIONS", {})
    if "endpoint_url" in options:
        yield f'endpoint_url of STORAGES["{setting("STORAGE")}"]', options["endpoint_url"]
    else:
        yield "AWS_S3_ENDPOINT_URL in the settings", getattr(settings, "AWS_S3_ENDPOINT_URL", None)


def _meant(address: str) -> str:
    return "http://localhost:8000" if ":/" in address else f"http://{address}"
