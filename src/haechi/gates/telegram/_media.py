# SPDX-License-Identifier: Apache-2.0
"""The pictures and videos in a message, and how their bytes are fetched."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from telegram import Bot, Message, PaidMediaPhoto, PaidMediaVideo, PhotoSize
from telegram.error import BadRequest, TelegramError

_MEDIA_ENDINGS: Final = (
    ".jpg", ".jpeg", ".png", ".gif", ".webp", ".heic", ".heif", ".avif",
    ".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Media:
    """One file of a message. `preview_id` is its small still, looked at where the file is too large."""

    file_id: str
    size_bytes: int
    preview_id: str = ""


class CannotFetch(Exception):
    """The file is not to be had now."""


class TooLarge(Exception):
    """More bytes than we, or the Bot API, hand out."""


def media_of(message: Message) -> list[Media]:
    """Every picture and video of a message: also animations, stickers, notes and such documents."""
    return [*_stills(message), *_files(message), *_paid(message)]


def _stills(message: Message) -> Iterator[Media]:
    live, video = message.live_photo, message.video
    for sizes in (message.photo, live.photo if live else (), video.cover if video else ()):
        if sizes:
            yield _largest(sizes)


def _files(message: Message) -> Iterator[Media]:
    for each in (message.video, message.animation, message.video_note, message.live_photo):
        if each is not None:
            yield _of(each)
    if message.sticker is not None and not message.sticker.is_animated:
        yield _of(message.sticker)
    # An animation comes as a document as well.
    if message.document is not None and message.animation is None and _is_media(message.document):
        yield _of(message.document)


def _paid(message: Message) -> Iterator[Media]:
    for paid in message.paid_media.paid_media if message.paid_media else ():
        if isinstance(paid, PaidMediaPhoto):
            yield _largest(paid.photo)
        elif isinstance(paid, PaidMediaVideo):
            yield _of(paid.video)


def _largest(sizes: Any) -> Media:
    best: PhotoSize = max(sizes, key=lambda size: size.width * size.height)
    return _of(best)


def _of(file: Any) -> Media:
    preview = getattr(file, "thumbnail", None)
    return Media(file.file_id, file.file_size or 0, preview.file_id if preview else "")


def _is_media(document: Any) -> bool:
    kind = (document.mime_type or "").lower()
    name = (document.file_name or "").lower()
    is_declared = kind.startswith(("image/", "video/")) and kind != "image/svg+xml"
    return is_declared or name.endswith(_MEDIA_ENDINGS)


async def fetch(
    bot: Bot, http: httpx.AsyncClient, file_id: str, *, most_bytes: int, timeout_s: float
) -> bytes:
    """The bytes of a file, held in memory.

    Raises:
        TooLarge: more than `most_bytes`, whatever the message said. CannotFetch: it did not come in time.
    """
    try:
        async with asyncio.timeout(timeout_s):
            file = await bot.get_file(file_id)
            path = file.file_path or ""
            if urlsplit(path).scheme not in {"http", "https"}:
                # A Bot API server of one's own may name a path on its disk.
                raise CannotFetch
            return await _read(http, path, most_bytes)
    except BadRequest as error:
        if "too big" in str(error).lower():
            raise TooLarge from None
        raise CannotFetch from None
    except (TelegramError, httpx.HTTPError, httpx.InvalidURL, TimeoutError):
        # Without the cause: the address of a file has the bot's token in it.
        raise CannotFetch from None


async def _read(http: httpx.AsyncClient, address: str, most_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async with http.stream("GET", address) as answer:
        if not answer.is_success:
            raise CannotFetch
        async for part in answer.aiter_bytes():
            size += len(part)
            if size > most_bytes:
                raise TooLarge
            parts.append(part)
    return b"".join(parts)
