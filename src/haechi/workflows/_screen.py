# SPDX-License-Identifier: Apache-2.0
"""Screening an upload: is this one of them?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from haechi.media import Decoder, sniff
from haechi.signals import CLOSE_SIDE_PIXELS
from haechi.values import Actor, ActorKind, MediaKind, Signal
from haechi.workflows._context import Context
from haechi.workflows._find import Known, find_all, find_matches
from haechi.workflows._match import Match, unless_allowed
from haechi.workflows._permissions import Scope, require_scope
from haechi.workflows._upload import (
    Query,
    Upload,
    upload_of_file,
    upload_of_frames,
    upload_of_picture,
    upload_of_signals,
)

QUERY_EVERY_S: Final = 0.1
"""An upload's frames are looked at this often; a report keeps one a second. A clip that was cut between
two of its frames, or re-timed, would be missed if both sides were sparse."""

_HEAD_BYTES: Final = 64


def screen_signals(ctx: Context, actor: Actor, signals: Sequence[Signal]) -> list[Match]:
    """The known contents that an upload with these signals matches, best first; empty for none.

    A partner is only told of what is shared with its kind at that moment, and, if it serves adults
    only, of no item that is not surely an adult's; the operator of everything.

    Exact within each bank's radius. A match in an `allow` bank vetoes every match that is no better
    than itself: an equal file that is known stays known, whatever resembles it a little. Nothing of
    the upload is kept.

    Raises:
        NeedsAccess, NotYours: no partner with the scope `match`. NotReady: still catching up.
        Unavailable: the database does not answer.
    """
    require_scope(actor, Scope.MATCH)
    return find_matches(upload_of_signals(signals), known_to(ctx, actor))


def screen_file(ctx: Context, actor: Actor, data: bytes) -> list[Match]:
    """As `screen_signals`, for a picture or video: also turned, cut, framed, and among other things.

    A file that equals a known one is answered by that alone and is not decoded. Any other is decoded
    in a child process, within limits, and never written anywhere; one that cannot be decoded is
    still compared by its digests before the error is raised.

    Raises:
        NeedsAccess, NotYours, NotReady, Unavailable: as `screen_signals`.
        MediaError: nothing that we can read.
    """
    return screen_looks(ctx, actor, data)[0]


def screen_looks(ctx: Context, actor: Actor, data: bytes) -> tuple[list[Match], list[Signal]]:
    """As `screen_file`, with the plain signals of the file: by which it could be asked about again.

    Raises:
        As `screen_file`.
    """
    require_scope(actor, Scope.MATCH)
    known = known_to(ctx, actor)
    by_bytes = upload_of_file([data])
    plain = [query.signal for query in by_bytes.queries]
    equal = find_all(by_bytes, known)
    if equal:
        return unless_allowed(equal), plain
    upload = look_closely(data, ctx.decoder)
    plain += [query.signal for query in upload.queries if query == Query(query.signal)]
    return find_matches(upload, known), plain


def look_closely(data: bytes, decoder: Decoder) -> Upload:
    """Every look at a picture or video.

    Raises:
        MediaError: nothing that we can read.
    """
    found = sniff(data[:_HEAD_BYTES])
    if found is not None and found[0] is MediaKind.VIDEO:
        with decoder.frames(data, every_s=QUERY_EVERY_S) as frames:
            return upload_of_frames(frames)
    return upload_of_picture(decoder.picture(data, min_side_pixels=CLOSE_SIDE_PIXELS))


def known_to(ctx: Context, actor: Actor) -> Known:
    """What this actor may be told of; nothing for a partner of which nobody knows what it is."""
    if actor.kind is ActorKind.OPERATOR:
        return ctx.index.known()
    if actor.reader is None:
        return replace(ctx.index.known(), owners_of=lambda _: {})
    return ctx.index.known_to(actor.reader)
