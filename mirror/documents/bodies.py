"""Bodies: contents that are kept in S3 as objects, while the item holds only the key."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class Fingerprint:
    """What identifies a body, without its content.

    The S3 key is ``<folder>/<revision>-<sha256, hex><suffix>``; the item holds it as ``attribute``.
    """

    attribute: str
    folder: str
    suffix: str
    sha256: str
    md5: str  # what S3 lists as the ETag

    def key(self, revision: int) -> str:
        """Return the S3 key of a body that is first uploaded under ``revision``."""
        return f"{self.folder}/{revision}-{self.sha256}{self.suffix}"

    def is_kept_at(self, key: str) -> bool:
        """Whether ``key`` is a key of this body, whichever revision it was uploaded under."""
        folder, _, name = key.rpartition("/")
        revision, _, rest = name.partition("-")
        return folder == self.folder and revision.isdigit() and rest == self.sha256 + self.suffix


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
