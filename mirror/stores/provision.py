"""Creates the table and the bucket, if one is named, and says what is wrong with existing ones."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from botocore.exceptions import ClientError

from mirror.conf import has_bucket, setting
from mirror.documents.items import EXPIRES
from mirror.stores.aws_errors import translated_errors
from mirror.stores.clients import Stores
from mirror.stores.dynamodb import DYNAMODB
from mirror.stores.s3 import S3

KEY_SCHEMA = [
    {"AttributeName": "pk", "KeyType": "HASH"},
    {"AttributeName": "sk", "KeyType": "RANGE"},
]
INDEX = {
    "IndexName": "gsi1",
    "KeySchema": [
        {"AttributeName": "gsi1pk", "KeyType": "HASH"},
        {"AttributeName": "gsi1sk", "KeyType": "RANGE"},
    ],
    "Projection": {"ProjectionType": "ALL"},
}
TIME_TO_LIVE = {"Enabled": True, "AttributeName": EXPIRES}
PRIVATE = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
ENCRYPTED = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}


def missing(stores: Stores) -> list[tuple[str, str]]:
    """Return the stores that do not exist yet: DynamoDB or S3, and the name."""
    bucket, client = stores.objects.bucket, stores.objects.storage.client
    found = []
    with translated_errors(DYNAMODB):
        if _table(stores) is None:
            found.append((DYNAMODB, stores.items.table))
    with translated_errors(S3):
        if has_bucket() and not _exists(client, bucket):
            found.append((S3, bucket))
    return found


def provision(stores: Stores) -> list[str]:
    """Create the table and the bucket, or complete what exists. Safe to repeat.

    Returns a sentence for each thing that was done.
    """
    return _provision_table(stores) + (_provision_bucket(stores) if has_bucket() else [])


def no_table() -> str:
    """Say that the table does not exist, and what to type."""
    return (
        f"There is no table {setting('TABLE')} in {setting('REGION')}: run manage.py "
        'mirror_setup, or correct MIRROR["TABLE"] or MIRROR["REGION"].'
    )


def no_bucket(stores: Stores) -> str:
    """Say that the bucket does not exist, and what to type."""
    return (
        f"There is no bucket {stores.objects.bucket}: run manage.py mirror_setup, or correct "
        'its name or MIRROR["REGION"].'
    )


def problems(stores: Stores) -> list[str]:
    """Return a sentence for each thing that is missing or not as it should be."""
    return _table_problems(stores) + (_bucket_problems(stores) if has_bucket() else [])


def remarks(stores: Stores) -> list[str]:
    """Return a sentence for each thing that is no fault, but that its owner should know."""
    if not has_bucket():
        return []
    bucket, client = stores.objects.bucket, stores.objects.storage.client
    with translated_errors(S3):
        return _remarks_on_access(client, bucket) + _remarks_on_versions(client, bucket)


def _remarks_on_access(client: Any, bucket: str) -> list[str]:
    if _private(client, bucket) is not None:
        return []
    unknown = f"Whether bucket {bucket} is open to the public is unknown"
    return [f"{unknown}: this store has no GetPublicAccessBlock. Ask the store by its own means."]


def _remarks_on_versions(client: Any, bucket: str) -> list[str]:
    try:
        versioning = client.get_bucket_versioning(Bucket=bucket).get("Status")
    except ClientError as error:
        if _is_not_found(error):
            return []
        code = error.response["Error"]["Code"]
        unknown = f"Whether bucket {bucket} keeps deleted objects is unknown"
        return [f"{unknown}: GetBucketVersioning was refused ({code})."]
    if not versioning:
        return []
    state = f"Versioning of bucket {bucket} is {versioning.lower()}"
    kept = "objects that are removed, also those of deleted rows, stay as old versions"
    return [f"{state}: {kept} until a lifecycle rule expires them."]


def _provision_table(stores: Stores) -> list[str]:
    table, client = stores.items.table, stores.items.client
    done = []
    with translated_errors(DYNAMODB):
        if _table(stores) is None:
            client.create_table(
                TableName=table,
                AttributeDefinitions=[
                    {"AttributeName": name, "AttributeType": "S"}
                    for name in ("pk", "sk", "gsi1pk", "gsi1sk")
                ],
                KeySchema=KEY_SCHEMA,
                GlobalSecondaryIndexes=[INDEX],
                BillingMode="PAY_PER_REQUEST",
            )
            client.get_waiter("table_exists").wait(
                TableName=table, WaiterConfig={"Delay": 2, "MaxAttempts": 90}
            )
            done.append(f"Table {table} created.")
        if not _expires(stores):
            client.update_time_to_live(TableName=table, TimeToLiveSpecification=TIME_TO_LIVE)
            done.append(f"Table {table}: time to live switched on.")
    return done


def _provision_bucket(stores: Stores) -> list[str]:
    bucket, client = stores.objects.bucket, stores.objects.storage.client
    done = []
    with translated_errors(S3):
        if not _exists(client, bucket):
            region = setting("REGION")
            # S3's first region is the one that must not be named.
            place = (
                {}
                if region == "us-east-1"
                else {"CreateBucketConfiguration": {"LocationConstraint": region}}
            )
            client.create_bucket(Bucket=bucket, **place)
            done.append(f"Bucket {bucket} created.")
        if _private(client, bucket) is False:
            client.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=PRIVATE)
            done.append(f"Bucket {bucket}: public access blocked.")
        if not _encrypted(client, bucket):
            client.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=ENCRYPTED)
            done.append(f"Bucket {bucket}: encryption switched on.")
    return done


def _table_problems(stores: Stores) -> list[str]:
    name = f"Table {stores.items.table}"
    with translated_errors(DYNAMODB):
        table = _table(stores)
        if table is None:
            return [no_table()]
        found = []
        if sorted(table["KeySchema"], key=lambda key: key["KeyType"]) != KEY_SCHEMA:
            found.append(
                f"{name} must have the primary key pk, sk; a table's key cannot be changed."
            )
        indexes = {index["IndexName"]: index for index in table.get("GlobalSecondaryIndexes", [])}
        gsi = indexes.get("gsi1")
        if gsi is None or gsi["KeySchema"] != INDEX["KeySchema"]:
            found.append(f"{name} lacks the index gsi1 on gsi1pk, gsi1sk.")
        if not _expires(stores):
            found.append(f"{name} does not expire tombstones: no time to live on {EXPIRES}.")
    return found


def _bucket_problems(stores: Stores) -> list[str]:
    bucket, client = stores.objects.bucket, stores.objects.storage.client
    with translated_errors(S3):
        if not _exists(client, bucket):
            return [f"Bucket {bucket} does not exist."]
        found = []
        if _private(client, bucket) is False:
            found.append(f"Bucket {bucket} does not block public access.")
        if not _encrypted(client, bucket):
            found.append(f"Bucket {bucket} is not encrypted by default.")
    return found


def _table(stores: Stores) -> dict[str, Any] | None:
    client = stores.items.client
    try:
        table: dict[str, Any] = client.describe_table(TableName=stores.items.table)["Table"]
    except client.exceptions.ResourceNotFoundException:
        return None
    return table


def _expires(stores: Stores) -> bool:
    answer = stores.items.client.describe_time_to_live(TableName=stores.items.table)
    state = answer["TimeToLiveDescription"]
    return str(state["TimeToLiveStatus"]) in {"ENABLED", "ENABLING"}


def _exists(client: Any, bucket: str) -> bool:
    try:
        client.head_bucket(Bucket=bucket)
    except ClientError as error:
        if _is_not_found(error):
            return False
        raise
    return True


def _private(client: Any, bucket: str) -> bool | None:
    """Whether the bucket blocks public access; None if the store is none of AWS and cannot tell."""
    try:
        block = _setting(client.get_public_access_block, bucket, "PublicAccessBlockConfiguration")
    except ClientError as error:
        if _status(error) == HTTPStatus.NOT_IMPLEMENTED:
            return None
        raise
    return bool(block == PRIVATE)


def _encrypted(client: Any, bucket: str) -> bool:
    return bool(_setting(client.get_bucket_encryption, bucket, "ServerSideEncryptionConfiguration"))


def _setting(ask: Any, bucket: str, name: str) -> Any:
    """Return a setting of the bucket; None if it was never made."""
    try:
        return ask(Bucket=bucket)[name]
    except ClientError as error:
        if _is_not_found(error):
            return None
        raise


def _is_not_found(error: ClientError) -> bool:
    return _status(error) == HTTPStatus.NOT_FOUND


def _status(error: ClientError) -> int:
    return int(error.response["ResponseMetadata"]["HTTPStatusCode"])
