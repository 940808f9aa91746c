# SPDX-License-Identifier: Apache-2.0
"""A passkey in Python (W3C Web Authentication), which can also do what an honest one would not."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


@dataclass
class SoftAuthenticator:
    """One credential; `count` is what it says of how often it was used."""

    host: str = "localhost"
    origin: str = "http://localhost:8000"
    flags: int = PRESENT | VERIFIED
    count: int = 0
    user_handle: bytes = b""
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def create(self, options: str) -> str:
        """The answer to registration options."""
        asked = json.loads(options)
        self.user_handle = base64.urlsafe_b64decode(asked["user"]["id"] + "==")
        point = self.key.public_key().public_numbers()
        public = cbor2.dumps(
            {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        )
        size = len(self.credential_id).to_bytes(2, "big")
        about = self._about(ATTESTED) + bytes(16) + size + self.credential_id + public
        made = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": about})
        return self._answer(
            {
                "clientDataJSON": encoded(self._client("webauthn.create", asked)),
                "attestationObject": encoded(made),
            }
        )

    def show(self, options: str) -> str:
        """The answer to authentication options."""
        client = self._client("webauthn.get", json.loads(options))
        about = self._about()
        signed = self.key.sign(about + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": encoded(client),
                "authenticatorData": encoded(about),
                "signature": encoded(signed),
                "userHandle": encoded(self.user_handle) if self.user_handle else None,
            }
        )

    def _client(self, kind: str, asked: dict[str, Any]) -> bytes:
        told = {"type": kind, "challenge": asked["challenge"], "origin": self.origin}
        return json.dumps(told).encode()

    def _about(self, more: int = 0) -> bytes:
        host = hashlib.sha256(self.host.encode()).digest()
        return host + bytes([self.flags | more]) + self.count.to_bytes(4, "big")

    def _answer(self, response: dict[str, Any]) -> str:
        name = encoded(self.credential_id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})
