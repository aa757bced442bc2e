"""The DSSE envelope: a payload, what kind it is, and who signed it. Nothing in here is believed before it is verified.

See https://github.com/secure-systems-lab/dsse. What is signed is not the payload alone but its type as well, so a
signature over one kind of document never counts for another.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from modelyard_bundle.documents import Fields, parse_document, render_document, shown
from modelyard_bundle.errors import BundleError

KEYID = re.compile(r"[0-9a-f]{64}")
"""The name of a key: SHA-256 of its public part (DER, SubjectPublicKeyInfo)."""
PAYLOAD_TYPE = re.compile(r"application/[a-z0-9.+-]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A signed payload with one signature."""

    payload_type: str
    payload: bytes
    keyid: str
    """Which key is said to have signed; a hint to look it up, never the key itself."""
    signature: bytes

    @property
    def signed(self) -> bytes:
        """The bytes that the signature is over."""
        return pre_authentication(self.payload_type, self.payload)

    def to_json(self) -> bytes:
        """The envelope as it is stored."""
        signature = {"keyid": self.keyid, "sig": _text(self.signature)}
        return render_document(
            {"payloadType": self.payload_type, "payload": _text(self.payload), "signatures": [signature]}
        )

    @classmethod
    def from_json(cls, content: bytes, *, where: str) -> Envelope:
        """The envelope in `content`.

        Raises:
            BundleError: A field is missing, unknown or of the wrong form, or there is not exactly one signature.
        """
        fields = Fields(parse_document(content, where=where), where=where)
        signatures = fields.take("signatures")
        if not isinstance(signatures, list) or len(signatures) != 1:
            raise BundleError(f"signatures is {shown(signatures)}, allowed is a list of one", where=where)
        signature = Fields(signatures[0], where=f"{where}: signatures[0]")
        envelope = cls(
            payload_type=fields.text("payloadType", PAYLOAD_TYPE),
            payload=_bytes(fields.text("payload"), "payload", where),
            keyid=signature.text("keyid", KEYID),
            signature=_bytes(signature.text("sig"), "sig", where),
        )
        signature.end()
        fields.end()
        return envelope


def pre_authentication(payload_type: str, payload: bytes) -> bytes:
    """DSSE's encoding of type and payload with their lengths, so that neither can pass for a part of the other."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _bytes(text: str, key: str, where: str) -> bytes:
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BundleError(f"{key} is not base64", where=where) from error
    if _text(content) != text:
        # Two spellings of one signature would be two files of one bundle.
        raise BundleError(f"{key} is not base64 in its one proper spelling", where=where)
    return content
