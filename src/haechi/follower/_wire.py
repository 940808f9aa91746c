# SPDX-License-Identifier: Apache-2.0
"""One page of the change feed as it travels: JSON, and beside it a signature over its very bytes."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Annotated, Final, Literal, Self

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from msgspec import UNSET, Meta, Struct, UnsetType

from haechi.errors import BadSetting, OutsideServiceFailed, VerificationFailed

__all__ = [
    "SIGNATURE_HEADER",
    "Cursor",
    "FeedChange",
    "FeedPage",
    "FeedSignal",
    "check_page",
    "key_of_pem",
    "page_bytes",
    "read_page",
    "sign_page",
]

SIGNATURE_HEADER: Final = "Haechi-Signature"
_PREFIX: Final = b"haechi changes v1\n"
"""Before the bytes that are signed: so that the signature of a page is one of nothing else."""

_SCHEME: Final = "ed25519="
_CURSOR: Final = re.compile(r"([0-9]{1,18})(?:-([0-9]{1,18}))?")


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a follower has come: the number of its last step, as text `7` or `7-9`.

    `begun` says up to where the feed was compacted when the follower began, as long as it has not come
    past that: what was forgotten before it began cannot be what it missed.
    """

    seq: int = 0
    begun: int = 0

    def __str__(self) -> str:
        return f"{self.seq}-{self.begun}" if self.begun > self.seq else str(self.seq)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The cursor that a text stands for.

        Raises:
            ValueError: it stands for none.
        """
        found = _CURSOR.fullmatch(text)
        if found is None:
            raise ValueError("a cursor is a number, or two with a dash between")
        return cls(int(found[1]), int(found[2] or 0))


class FeedSignal(Struct, omit_defaults=True):
    """A value in hexadecimal digits, and for `pdq` its quality."""

    type: str
    value: str
    quality: int | UnsetType = UNSET


class FeedChange(Struct, omit_defaults=True):
    """What one content is now. One that is `gone` is to be forgotten, and has nothing more.

    One that is `present` is to be matched by its bank's policy within `radius` bits, until the moment
    `until` where there is one.
    """

    seq: int
    content: str
    state: Literal["present", "gone"]
    bank: str | UnsetType = UNSET
    policy: Annotated[str, Meta(description="block, review or allow")] | UnsetType = UNSET
    radius: int | UnsetType = UNSET
    until: str | UnsetType = UNSET
    signals: list[FeedSignal] | UnsetType = UNSET


class FeedPage(Struct):
    """Some steps of the feed, oldest first.

    `after` is what was asked for and `next` what to ask for then; `feed` goes with it. Whoever is at
    `head` has everything. `at` is the time of the service.
    """

    feed: str
    after: str
    next: str
    head: int
    at: str
    changes: list[FeedChange]


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(FeedPage)


def page_bytes(page: FeedPage) -> bytes:
    """The page as it travels."""
    return _ENCODER.encode(page)


def read_page(data: bytes) -> FeedPage:
    """The page that these bytes are; keys that are not known are passed over.

    Raises:
        OutsideServiceFailed: they are none.
    """
    try:
        page = _DECODER.decode(data)
        Cursor.parse(page.next)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise OutsideServiceFailed(
            service="The feed", reason="its answer is no page of changes"
        ) from error
    return page


def sign_page(signing_key: bytes, data: bytes) -> str:
    """The signature of a page, as the header carries it. `signing_key` is the 32-byte Ed25519 seed."""
    value = Ed25519PrivateKey.from_private_bytes(signing_key).sign(_PREFIX + data)
    return _SCHEME + base64.b64encode(value).decode()


def check_page(public_key: bytes, data: bytes, signature: str) -> None:
    """Return nothing if this key signed these very bytes.

    Raises:
        VerificationFailed: it did not, or there is no signature.
    """
    try:
        # Without the scheme nothing is left, and nothing is no signature.
        value = base64.b64decode(signature.partition(_SCHEME)[2], validate=True)
        Ed25519PublicKey.from_public_bytes(public_key).verify(value, _PREFIX + data)
    except (InvalidSignature, ValueError) as error:
        raise VerificationFailed(
            reason="the feed's answer is not signed by the key of this service"
        ) from error


def key_of_pem(pem: bytes) -> bytes:
    """The 32 raw bytes of an Ed25519 public key in PEM.

    Raises:
        BadSetting: there is none in it.
    """
    try:
        key = load_pem_public_key(pem)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise BadSetting(name="key", reason="it is no Ed25519 public key as PEM")
    return key.public_bytes_raw()
