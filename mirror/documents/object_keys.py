"""The S3 keys of bodies: a folder, the revision of the first upload, and the content's checksum."""

from __future__ import annotations

from dataclasses import dataclass


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
