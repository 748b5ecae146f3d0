"""Clients of both stores, made once for each process."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from django.core.signals import setting_changed

from mirror.stores.dynamodb import ItemSink
from mirror.stores.s3 import ObjectSink

INLINE_TIMEOUT = 1.0  # seconds: a person waits


PATIENT_TIMEOUT = 10.0  # seconds: nobody does


@dataclass(frozen=True)
class Sinks:
    """Both stores, as one process uses them."""

    items: ItemSink
    objects: ObjectSink


@functools.cache
def patient_sinks() -> Sinks:
    """Return the process's sinks for work that nobody waits for."""
    return Sinks(ItemSink(timeout=PATIENT_TIMEOUT), ObjectSink(timeout=PATIENT_TIMEOUT))


@functools.cache
def inline_sinks() -> Sinks:
    """Return the process's sinks for work in a person's request."""
    return Sinks(ItemSink(timeout=INLINE_TIMEOUT), ObjectSink(timeout=INLINE_TIMEOUT))


def reset_sinks(**_: Any) -> None:
    """Forget the sinks: the settings have changed, or a stand-in for AWS moved."""
    patient_sinks.cache_clear()
    inline_sinks.cache_clear()


setting_changed.connect(reset_sinks)
