"""Bodies: contents that are kept in S3 as objects, while the item holds only the key."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

from mirror.documents.object_keys import Fingerprint


@dataclass(frozen=True)
class Body:
    """A content that is kept in S3; the item holds the S3 key as ``attribute``."""

    attribute: str
    folder: str
    suffix: str
    content: bytes = field(repr=False)

    @cached_property
    def fingerprint(self) -> Fingerprint:
        """The hashes of the content, and the form of its key."""
        return Fingerprint(
            self.attribute,
            self.folder,
            self.suffix,
            hashlib.sha256(self.content).hexdigest(),
            hashlib.md5(self.content, usedforsecurity=False).hexdigest(),
        )
