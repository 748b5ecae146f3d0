"""The rights (actions of IAM) that the calls to AWS need, where one is missing."""

from mirror.errors import Failure
from mirror.stores.s3 import S3

DENIED = frozenset({"AccessDenied", "AccessDeniedException", "403"})  # HEAD has no body, only 403
# Most rights have the name of the operation; S3's older ones have not.
S3_RIGHTS = {
    "DeleteObjects": "DeleteObject",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListObjectsV2": "ListBucket",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}


def right_for(store: str, operation: str) -> str:
    """Return the right that an operation needs, such as ``s3:ListBucket``."""
    name = S3_RIGHTS.get(operation, operation) if store == S3 else operation
    return f"{store.lower()}:{name}"


def missing_right(failure: Failure) -> str:
    """Return the right whose lack has caused this failure; empty if that is not the cause."""
    if failure.code not in DENIED or not failure.operation:
        return ""
    return right_for(failure.store, failure.operation)
