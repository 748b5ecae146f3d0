"""Proof that this site wrote the storage keys of an export.

An import takes over the key of a recording only with it. Otherwise anybody could write the key of
somebody else's recording into a file, and become its owner.
"""

import json

from django.core.signing import BadSignature, Signer

_signer = Signer(salt="tabletop-session.storage")


def sign_storage(audio_storage_key: str, transcription_job_id: str) -> str:
    """Return the signature of the two keys."""
    return _signer.signature(_message(audio_storage_key, transcription_job_id))


def is_signed(signature: str, audio_storage_key: str, transcription_job_id: str) -> bool:
    """Whether this site, with its present secret or a former one, signed the two keys."""
    message = _message(audio_storage_key, transcription_job_id)
    try:
        _signer.unsign(f"{message}{_signer.sep}{signature}")
    except BadSignature:
        return False
    return True


def _message(*keys: str) -> str:
    return json.dumps(keys)
