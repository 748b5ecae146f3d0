"""``deploy/aws.yaml`` is valid, and makes what ``mirror_setup`` makes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mirror.stores import provision
from mirror.stores.clients import Stores
from tests.deploy.template import TEMPLATE, properties, resources
from tests.support.paths import PROJECT

STORES = {
    str(resource)
    for resource in (
        {"Fn::GetAtt": ["Table", "Arn"]},
        {"Fn::Sub": "${Table.Arn}/index/gsi1"},
        {"Fn::GetAtt": ["Bucket", "Arn"]},
        {"Fn::Sub": "${Bucket.Arn}/*"},
        {"Ref": "KeyArn"},
    )
}


def test_the_template_is_valid() -> None:
    # A process of its own: the linter configures logging for the whole of it.
    linter = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run(
        [linter, "--", TEMPLATE], capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stdout


def test_the_table_is_the_one_that_mirror_setup_creates(mirror: Stores) -> None:
    client, name = mirror.items.client, mirror.items.table
    made, declared = client.describe_table(TableName=name)["Table"], properties("Table")
    assert declared["KeySchema"] == made["KeySchema"]
    assert sorted_by_name(declared["AttributeDefinitions"]) == sorted_by_name(
        made["AttributeDefinitions"]
    )
    assert declared["BillingMode"] == made["BillingModeSummary"]["BillingMode"]
    (index,), (made_index,) = declared["GlobalSecondaryIndexes"], made["GlobalSecondaryIndexes"]
    assert index == {name: made_index[name] for name in index}
    expiry = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert expiry["TimeToLiveStatus"] == "ENABLED"
    assert declared["TimeToLiveSpecification"] == {
        "Enabled": True,
        "AttributeName": expiry["AttributeName"],
    }


def sorted_by_name(definitions: list[dict[str, str]]) -> list[dict[str, str]]:
    return sorted(definitions, key=lambda definition: definition["AttributeName"])


def test_the_bucket_is_the_one_that_mirror_setup_creates(mirror: Stores) -> None:
    client, name = mirror.objects.storage.client, mirror.objects.bucket
    declared = properties("Bucket")
    made = client.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert declared["PublicAccessBlockConfiguration"] == made
    (rule,) = client.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"][
        "Rules"
    ]
    (choice,) = declared["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    condition, with_key, without_key = choice["Fn::If"]
    assert condition == "HasKey"
    assert with_key["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert (
        without_key["ServerSideEncryptionByDefault"] == rule["ApplyServerSideEncryptionByDefault"]
    )
    assert "VersioningConfiguration" not in declared
    assert provision.remarks(mirror) == []


def test_the_guide_names_what_the_template_has() -> None:
    guide = (PROJECT / "docs" / "deploy.md").read_text()
    named = set(re.findall(r"`(\w+(?:Policy|Role))`", guide))
    assert named
    assert named <= resources().keys()


@pytest.mark.parametrize("name", ["Table", "Bucket"])
def test_a_store_outlives_its_stack(name: str) -> None:
    assert resources()[name]["DeletionPolicy"] == "Retain"
    assert resources()[name]["UpdateReplacePolicy"] == "Retain"


def test_the_table_can_be_brought_back_and_is_not_deleted_by_accident() -> None:
    assert properties("Table")["PointInTimeRecoverySpecification"] == {
        "PointInTimeRecoveryEnabled": True
    }
    assert properties("Table")["DeletionProtectionEnabled"] is True


def test_the_bucket_takes_tls_only_and_keeps_no_unfinished_upload() -> None:
    (statement,) = properties("BucketPolicy")["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    (rule,) = properties("Bucket")["LifecycleConfiguration"]["Rules"]
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert rule.keys() == {"Id", "Status", "AbortIncompleteMultipartUpload"}  # nothing expires


def test_no_right_is_wider_than_the_two_stores() -> None:
    policies = [name for name, one in resources().items() if one["Type"].endswith("ManagedPolicy")]
    assert len(policies) == 4
    for policy in policies:
        for statement in properties(policy)["PolicyDocument"]["Statement"]:
            plain = statement["Fn::If"][1] if "Fn::If" in statement else statement
            assert "*" not in str(plain["Action"])
            for resource in listed(plain["Resource"]):
                assert str(resource) in STORES


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
