"""``mirror_setup --probe``: rights and semantics are proven, on keys of its own."""

from __future__ import annotations

import time
from typing import Any

import pytest

from mirror.stores import probe
from mirror.stores.clients import Stores
from mirror.stores.dynamodb import ItemStore
from mirror.verify import check
from tests.support.aws import cut_off, refuse
from tests.support.commands import run
from tests.support.stored import all_items, objects


def test_a_probe_proves_rights_and_semantics_and_leaves_nothing(mirror: Stores) -> None:
    code, printed = run("mirror_setup", "--probe")
    assert (code, "NO" in printed) == (0, False), printed
    assert "yes  DynamoDB: an older revision is refused." in printed
    assert "yes  S3: it is listed, with its checksum." in printed
    assert "Rights and semantics are as the mirror needs them." in printed
    assert objects(mirror) == {}
    (left,) = all_items(mirror)  # a tombstone, which the time to live removes
    assert left.keys() == {"pk", "sk", "mirrorRevision", "expiresAt"}
    assert left["pk"].startswith("mirror-probe#")
    assert 0 < left["expiresAt"] - time.time() <= 3600
    assert not check.check(mirror).findings


@pytest.mark.parametrize(
    ("store", "operation", "sentence"),
    [
        ("items", "PutItem", "a tombstone is put: PutItem was refused (AccessDeniedException)"),
        ("items", "Scan", "mirror_check and mirror_restore must have the right dynamodb:Scan"),
        ("items", "Query", "the search on the mirror must have the right dynamodb:Query"),
        ("items", "BatchGetItem", "must have the right dynamodb:BatchGetItem"),
        ("objects", "PutObject", "the worker must have the right s3:PutObject"),
        ("objects", "ListObjectsV2", "must have the right s3:ListBucket"),
        ("objects", "GetObject", "must have the right s3:GetObject"),
        ("objects", "DeleteObject", "must have the right s3:DeleteObject"),
    ],
)
def test_a_right_that_is_missing_is_named_and_the_rest_is_tried(
    mirror: Stores, store: str, operation: str, sentence: str
) -> None:
    refuse(mirror.items.client if store == "items" else mirror.objects.storage.client, operation)
    code, printed = run("mirror_setup", "--probe")
    assert code == 1
    assert sentence in printed
    assert "Rights and semantics are as" not in printed
    assert "yes  DynamoDB" in printed
    assert "yes  S3" in printed or operation == "PutObject"
    assert "A check scans the table once" in printed


def test_a_table_that_takes_an_older_revision_must_not_be_used(
    mirror: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put_always(store: ItemStore, item: dict[str, Any], _: object) -> None:
        store.client.put_item(TableName=store.table, Item=item)

    monkeypatch.setattr(ItemStore, "put_tombstone", put_always)
    code, printed = run("mirror_setup", "--probe")
    assert code == 1
    assert "NO   DynamoDB: an older revision is refused: that is not so" in printed


def test_the_object_of_a_probe_is_removed_after_a_failure(
    mirror: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bytes:
        raise RuntimeError

    monkeypatch.setattr(type(mirror.objects), "get", fail)
    with pytest.raises(RuntimeError):
        list(probe.probe(mirror))
    monkeypatch.undo()
    assert objects(mirror) == {}


def test_a_probe_of_a_store_out_of_reach_could_not_work(
    mirror: Stores, aws_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off("S3", aws_address, monkeypatch)
    code, printed = run("mirror_setup", "--probe")
    assert code == 2
    assert "S3 cannot be reached or used: EndpointConnectionError." in printed


@pytest.mark.parametrize(("store", "code"), [("DynamoDB", "Resource"), ("S3", "NoSuchBucket")])
def test_a_probe_says_which_store_is_to_be_set_up(mirror: Stores, store: str, code: str) -> None:
    if store == "S3":
        mirror.objects.storage.client.delete_bucket(Bucket=mirror.objects.bucket)
        missing = f"There is no bucket {mirror.objects.bucket}: "
    else:
        mirror.items.client.delete_table(TableName=mirror.items.table)
        missing = f"There is no table {mirror.items.table} in us-east-1: "
    exit_code, printed = run("mirror_setup", "--probe")
    assert exit_code == 2
    assert f"{store} cannot be reached or used: {code}" in printed
    assert f"{missing}run manage.py mirror_setup, or correct " in printed


def test_a_probe_says_what_a_check_costs(mirror: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    table = {"Table": {"ItemCount": 10_000_000, "TableSizeBytes": 51_200_000_000}}
    monkeypatch.setattr(mirror.items.client, "describe_table", lambda **_: table)
    said = probe.cost_of_a_check(mirror)
    assert "51,200,000,000 bytes in 10,000,000 items" in said
    assert "÷ 8,192 = 6,250,000 read units" in said
    assert "$0.78" in said


def test_without_the_right_to_describe_the_table_the_cost_is_unknown(mirror: Stores) -> None:
    refuse(mirror.items.client, "DescribeTable")
    code, printed = run("mirror_setup", "--probe")
    assert (code, "without the right dynamodb:DescribeTable" in printed) == (0, True)
