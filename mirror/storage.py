"""The S3 storage of the mirror: django-storages, with a lean upload path.

``S3Storage`` makes a session for each thread (0.1 s) and uploads through boto's transfer manager,
which costs several times one ``put_object``; the contents here are small enough for one request.
"""

from __future__ import annotations

import threading
from typing import Any, cast

import boto3
from botocore.config import Config
from django.core.files.base import File
from storages.backends.s3 import S3Storage
from storages.utils import clean_name


class ObjectStorage(S3Storage):  # type: ignore[misc] # django-storages has no types
    """One connection for the process, single-request uploads, bounded waiting.

    ``timeout`` (seconds) bounds connecting, and each wait for an answer.
    """

    def __init__(
        self, *, timeout: float = 1, addressing_style: str = "auto", **options: Any
    ) -> None:
        config = Config(
            connect_timeout=timeout,
            read_timeout=timeout,
            retries={"total_max_attempts": 1},
            max_pool_connections=16,
            s3=cast("Any", {"addressing_style": addressing_style}),
            # Objects are named by their SHA-256; one more checksum costs time and adds nothing.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            parameter_validation=False,
        )
        super().__init__(client_config=config, file_overwrite=True, **options)
        self._connecting = threading.Lock()
        self._connection: Any = None

    @property
    def connection(self) -> Any:
        """The one boto3 resource of this storage; its client is safe to share between threads."""
        with self._connecting:
            if self._connection is None:
                self._connection = boto3.session.Session().resource(
                    "s3",
                    region_name=self.region_name,
                    endpoint_url=self.endpoint_url,
                    config=self.client_config,
                )
            return self._connection

    @property
    def client(self) -> Any:
        """The boto3 client behind this storage."""
        return self.connection.meta.client

    def _save(self, name: str, content: File[bytes]) -> str:
        key = self._normalize_name(clean_name(name))
        self.client.put_object(
            Bucket=self.bucket_name,
            Key=key,
            Body=content.read(),
            **self._get_write_parameters(key, content),
        )
        return name
