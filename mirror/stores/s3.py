"""S3: the bucket that holds the objects, through django-storages with a lean upload path.

``S3Storage`` makes a session for each thread (0.1 s) and uploads through boto's transfer manager,
which costs several times one ``put_object``; the contents here are small enough for one request.
"""

from __future__ import annotations

import hashlib
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.handlers import add_expect_header
from botocore.model import OperationModel
from django.core.files.base import ContentFile, File
from django.core.files.storage import storages
from storages.backends.s3 import S3Storage
from storages.utils import clean_name
from urllib3.exceptions import HTTPError

from mirror.conf import storage
from mirror.stores.aws_errors import translated_errors

S3 = "S3"
OWNER = "ExpectedBucketOwner"


class ObjectStorage(S3Storage):  # type: ignore[misc] # django-storages has no types
    """The storage of ``STORAGES``: one connection a process, one request an upload.

    ``timeout`` bounds connecting, and each wait for an answer, in seconds. A request is sent up to
    ``attempts`` times. If ``bucket_owner`` is set, the number of an account, S3 refuses to use a
    bucket of another one.
    """

    def __init__(
        self,
        *,
        timeout: float = 1,
        attempts: int = 1,
        addressing_style: str = "auto",
        bucket_owner: str = "",
        **options: Any,
    ) -> None:
        config = Config(
            connect_timeout=timeout,
            read_timeout=timeout,
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=32,
            s3=cast("Any", {"addressing_style": addressing_style}),
            # Uploads bring their SHA-256; any other checksum costs time and adds nothing.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            parameter_validation=False,
        )
        super().__init__(client_config=config, file_overwrite=True, **options)
        self._bucket_owner = bucket_owner
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
                # "Expect: 100-continue" costs each upload another round trip.
                events = self._connection.meta.client.meta.events
                events.unregister("before-call.s3", add_expect_header)
                if self._bucket_owner:
                    events.register("provide-client-params.s3", self._name_the_owner)
            return self._connection

    def _name_the_owner(self, params: dict[str, Any], model: OperationModel, **_: Any) -> None:
        if model.input_shape and OWNER in model.input_shape.members:
            params[OWNER] = self._bucket_owner

    @property
    def client(self) -> Any:
        """The boto3 client behind this storage."""
        return self.connection.meta.client

    def _save(self, name: str, content: File[bytes]) -> str:
        key, body = self._normalize_name(clean_name(name)), content.read()
        self.client.put_object(
            Bucket=self.bucket_name,
            Key=key,
            Body=body,
            # S3 refuses what does not match, and keeps it for ``ObjectStore.sha256``.
            ChecksumAlgorithm="SHA256",
            ChecksumSHA256=b64encode(hashlib.sha256(body).digest()).decode(),
            **self._get_write_parameters(key, content),
        )
        return name


@dataclass(frozen=True)
class Listed:
    """An object as S3's key listing shows it."""

    key: str
    etag: str
    modified: datetime


class ObjectStore:
    """The S3 bucket. Each call does what it says, or raises ``StoreError``."""

    def __init__(self, *, timeout: float, attempts: int = 1) -> None:
        parameters = storage()
        options = {**parameters.get("OPTIONS", {}), "timeout": timeout, "attempts": attempts}
        self._attempts = attempts
        self.storage = cast(
            "ObjectStorage", storages.create_storage({**parameters, "OPTIONS": options})
        )
        self.bucket: str = self.storage.bucket_name
        with translated_errors(S3, ValueError):  # a malformed endpoint address
            self.storage.client  # noqa: B018 - made now, so that a wrong address is reported now

    def put(self, key: str, content: bytes) -> None:
        """Upload ``content`` as ``key``."""
        with translated_errors(S3):
            self.storage.save(key, ContentFile(content))

    def delete(self, *keys: str) -> None:
        """Remove up to 1,000 objects; a key that does not exist is no error.

        Past django-storages, which would take "a//b" for "a/b".
        """
        with translated_errors(S3):
            if len(keys) == 1:
                self.storage.client.delete_object(Bucket=self.bucket, Key=keys[0])
                return
            listed = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
            answer = self.storage.client.delete_objects(Bucket=self.bucket, Delete=listed)
            for error in answer.get("Errors", ()):
                # One that was refused says what is the matter with the others.
                raise ClientError({"Error": {"Code": error.get("Code", "")}}, "DeleteObjects")

    def get(self, key: str) -> bytes | None:
        """Return the content of ``key``, or None if it does not exist."""
        with translated_errors(S3):
            try:
                return self._get(key)
            except self.storage.client.exceptions.NoSuchKey:
                return None

    def sha256(self, key: str) -> str | None:
        """Return the checksum of ``key`` that S3 keeps, in hexadecimal digits; None without one.

        An object that other software has put may have none, or that of its parts.
        """
        with translated_errors(S3):
            try:
                answer = self.storage.client.head_object(
                    Bucket=self.bucket, Key=key, ChecksumMode="ENABLED"
                )
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.NOT_FOUND:
                    return None
                raise
        with suppress(ValueError):
            return b64decode(answer.get("ChecksumSHA256", ""), validate=True).hex() or None
        return None

    def _get(self, key: str, attempt: int = 1) -> bytes:
        answer = self.storage.client.get_object(Bucket=self.bucket, Key=key)
        try:
            content: bytes = answer["Body"].read()
        except (BotoCoreError, HTTPError):  # cut short: boto repeats a request, not this
            if attempt < self._attempts:
                return self._get(key, attempt + 1)
            raise
        return content

    def list(self, prefix: str, *, after: str = "") -> Iterator[Listed]:
        """Yield the objects whose key begins with ``prefix`` and sorts after ``after``."""
        pages = self.storage.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=prefix, StartAfter=after
        )
        with translated_errors(S3):
            for page in pages:
                for entry in page.get("Contents", []):
                    yield Listed(entry["Key"], entry["ETag"].strip('"'), entry["LastModified"])
