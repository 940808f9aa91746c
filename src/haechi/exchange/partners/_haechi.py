# SPDX-License-Identifier: Apache-2.0
"""Another Haechi, by its signed change feed, which tells of what begins and of what has gone.

Every page is signed over its very bytes; the key is known before the first pull, by the option
`public_key`. What is in a bank of theirs that allows is not taken: they do not decide what is fine here.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from haechi.errors import MalformedField, SourceFailed
from haechi.exchange.partners._shape import (
    Checkpoint,
    Page,
    Protocol,
    Record,
    RecordState,
    SourceConfig,
    StaleCheckpoint,
)
from haechi.exchange.partners._wire import Reply, Request, Wire, parse_json_object
from haechi.values import Opinion, Signal

_PAGE: Final = 1000
_GONE: Final = 410
_SIGNATURE: Final = "Haechi-Signature"
_SCHEME: Final = "ed25519="
_SIGNED: Final = b"haechi changes v1\n"
"""Before the bytes that are signed."""


class Haechi(Protocol):
    """Another installation, as a partner of it with the scope `changes`, and `opinions` to send some."""

    name: ClassVar[str] = "haechi"
    needs: ClassVar[tuple[str, ...]] = ("token",)
    option_names: ClassVar[tuple[str, ...]] = ("public_key",)

    def check(self, config: SourceConfig) -> None:
        """Make sure that a pull can be tried: it needs the key that the feed is signed by."""
        super().check(config)
        _key(config)

    def pull(
        self,
        config: SourceConfig,
        checkpoint: Checkpoint | None,
        wire: Wire,
        *,
        now: datetime,  # noqa: ARG002  # steps are numbered
    ) -> Iterator[Page]:
        """Steps of the feed from the checkpoint on."""
        after = checkpoint["after"] if checkpoint else ""
        feed = checkpoint["feed"] if checkpoint else ""
        key = _key(config)
        while True:
            told = _fetch(config, key, after, feed, wire)
            following = str(told["next"])
            is_complete = _seq(following) >= int(told["head"])
            if not is_complete and following == after:
                raise SourceFailed(word="endless")
            after, feed = following, str(told["feed"])
            yield _page(told, {"after": after, "feed": feed}, is_complete=is_complete)
            if is_complete:
                return

    def send(
        self,
        config: SourceConfig,
        reference: Mapping[str, Any],
        opinion: Opinion,
        wire: Wire,
    ) -> None:
        """Give an opinion on one of its contents, as any partner does."""
        told = {"opinions": [{"content": reference["content"], "opinion": opinion.value}]}
        request = Request(
            "POST",
            f"{_base(config)}/v1/opinions",
            headers={**_headers(config), "content-type": "application/json"},
            content=json.dumps(told).encode(),
        )
        wire.ask(request)


def _fetch(
    config: SourceConfig, key: Ed25519PublicKey, after: str, feed: str, wire: Wire
) -> dict[str, Any]:
    def make(attempt: int) -> Request:
        # Films are long: fewer of them at once, where an answer was too long.
        params: dict[str, str | int] = {"limit": max(1, _PAGE >> 3 * attempt), "wait": 0}
        params |= {"after": after} if after else {}
        params |= {"feed": feed} if feed else {}
        return Request("GET", f"{_base(config)}/v1/changes", params, _headers(config))

    def parse(reply: Reply) -> dict[str, Any]:
        if reply.status == _GONE:
            raise StaleCheckpoint
        _check_signature(key, reply)
        told = parse_json_object(reply)
        wanted = {"changes": list, "head": int, "feed": str}
        if not all(isinstance(told.get(name), kind) for name, kind in wanted.items()):
            raise ValueError("no page of changes")  # as a cut off answer
        _seq(str(told.get("next")))
        return told

    return wire.read(make, parse, also={_GONE})


def _check_signature(key: Ed25519PublicKey, reply: Reply) -> None:
    told = reply.headers.get(_SIGNATURE, "")
    try:
        value = base64.b64decode(told.partition(_SCHEME)[2], validate=True)
        key.verify(value, _SIGNED + reply.body)
    except (InvalidSignature, ValueError):
        raise SourceFailed(word="not_signed") from None


def _page(told: Mapping[str, Any], checkpoint: Checkpoint, *, is_complete: bool) -> Page:
    records: list[Record] = []
    set_aside: list[tuple[str, str]] = []
    for number, row in enumerate(told["changes"], 1):
        if not isinstance(row, dict) or not isinstance(row.get("content"), str):
            set_aside.append((f"change {number}", "no_record"))
            continue
        record = _record(row)
        records.append(record)
        if record.state is RecordState.UNCLEAR:
            set_aside.append((f"change {number}", "no_fingerprint"))
    return Page(records, checkpoint, is_complete=is_complete, set_aside=set_aside)


def _record(row: Mapping[str, Any]) -> Record:
    key = row["content"]
    if row.get("state") != "present" or row.get("policy") == "allow":
        return Record(key, RecordState.GONE)
    try:
        signals = tuple(
            Signal.parse(one["type"], one["value"], _quality(one.get("quality")))
            for one in row.get("signals") or ()
        )
        until = datetime.fromisoformat(row["until"]) if row.get("until") else None
    except (ValueError, TypeError, KeyError, AttributeError):
        return Record(key, RecordState.UNCLEAR)
    if not signals or (until is not None and until.tzinfo is None):
        return Record(key, RecordState.UNCLEAR)
    return Record(
        key, RecordState.PRESENT, signals, {"content": key}, until=until, is_confirmed=True
    )


def _quality(told: object) -> int | None:
    if told is not None and type(told) is not int:
        raise ValueError("a quality is a whole number")
    return told


def _seq(cursor: str) -> int:
    """The step that a cursor stands at.

    Raises:
        ValueError: it is none.
    """
    return int(cursor.partition("-")[0])


def _key(config: SourceConfig) -> Ed25519PublicKey:
    """The key as `haechi receipt key` shows it, in one line or in PEM, or its 64 hexadecimal digits."""
    text = str(config.options.get("public_key", "")).strip()
    lines = [line for line in text.splitlines() if not line.startswith("-----")]
    try:
        if len(text) == 64:
            return Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
        key = load_der_public_key(base64.b64decode("".join(lines), validate=True))
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise MalformedField(
            field="options",
            reason="A haechi source needs the option public_key: the key that its feed is signed by.",
        ) from None
    return key


def _headers(config: SourceConfig) -> dict[str, str]:
    return {"authorization": f"Bearer {config.credentials['token']}"}


def _base(config: SourceConfig) -> str:
    return config.address.rstrip("/")
