# SPDX-License-Identifier: Apache-2.0
"""The edits suite: every edit, how one is made of a photo, and which are expected to fail."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Final

from PIL import Image

from ._edits_canvas import fitted
from ._edits_caption import caption_edits
from ._edits_chain import chain_edits
from ._edits_edit import Edit, Strength, Surroundings, as_sent, seeded
from ._edits_file import file_edits
from ._edits_frame import frame_edits
from ._edits_joined import joined_edits
from ._edits_mark import mark_edits
from ._edits_region import region_edits
from ._edits_rephoto import rephoto_edits
from ._edits_screen import screen_edits
from ._edits_shape import shape_edits
from ._edits_sticker import sticker_edits
from ._edits_tone import tone_edits

__all__ = ["EXPECTED_FAILURES", "Edit", "Strength", "all_edits", "as_sent", "edited"]

_LONGEST_UPLOAD_PX: Final = 1600

EXPECTED_FAILURES: Final[dict[tuple[str, Strength], str]] = {
    ("crop centre", Strength.STRONG): "crop 70 % of each side leaves 9 % of the area",
    ("crop corner", Strength.STRONG): "crop 70 % of each side leaves 9 % of the area",
    ("tiled watermark", Strength.STRONG): "a heavy tiled watermark",
    ("photographed screen", Strength.MIDDLE): "a photographed screen with moiré",
    ("photographed screen", Strength.STRONG): "a photographed screen with moiré",
}
"""Families and strengths that reference/matching.md names as expected failures, and why."""


@functools.cache
def all_edits() -> tuple[Edit, ...]:
    """Every edit of the suite, by family and then by strength."""
    edits = [
        *file_edits(),
        *shape_edits(),
        *frame_edits(),
        *tone_edits(),
        *caption_edits(),
        *sticker_edits(),
        *mark_edits(),
        *screen_edits(),
        *joined_edits(),
        *rephoto_edits(),
        *region_edits(),
        *chain_edits(),
    ]
    families = list(dict.fromkeys(edit.family for edit in edits))
    strengths = list(Strength)
    edits.sort(key=lambda edit: (families.index(edit.family), strengths.index(edit.strength)))
    return tuple(edits)


def edited(
    photo: Image.Image, edit: Edit, *, seed: int, others: Sequence[Image.Image] = ()
) -> bytes:
    """The file somebody uploads: the photo as a messenger sends it, then edited and encoded.

    The same photo, edit, seed and others give the same bytes, as long as Pillow and its codecs stay
    the same. Its long side is at most 1600 pixels.

    Args:
        photo: Reduced to a long side of 1280 pixels first; give one that `as_sent` has reduced
            already when it is edited many times.
        edit: One of `all_edits`.
        seed: Draws places, words, directions anew.
        others: Unrelated photos, for collages, frames and replaced regions. Never the photo itself.
    """
    sent = as_sent(photo)
    around = Surroundings(seeded(sent, edit.name, seed), others)
    picture = edit.change(sent, around)
    if max(picture.size) > _LONGEST_UPLOAD_PX:
        picture = fitted(picture, _LONGEST_UPLOAD_PX, _LONGEST_UPLOAD_PX)
    return edit.encoding.file(picture, around)
