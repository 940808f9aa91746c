# SPDX-License-Identifier: Apache-2.0
"""From a file to what it matches: parts of pictures, frames of videos, and what is allowed."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from installations import PLATFORM
from made_videos import moving_pattern, video
from PIL import Image, ImageDraw, ImageOps

from haechi.bank import add_content, ensure_bank
from haechi.media import Decoder
from haechi.signals import CLOSE_SIDE_PIXELS, pdq, rpdq, vpdq
from haechi.values import BankPolicy, Signal, SignalType
from haechi.workflows import Context, Match, Reason, Verdict, screen_file, screen_signals


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as opened:
        yield opened


@pytest.fixture
def filing(ctx: Context, decoder: Decoder) -> Context:
    """The installation with a decoder that these tests share."""
    return dataclasses.replace(ctx, decoder=decoder)


def _photo() -> Image.Image:
    folder = Path(find_spec("matplotlib").origin).parent / "mpl-data" / "sample_data"
    with Image.open(folder / "grace_hopper.jpg") as opened:
        return opened.convert("RGB")


def _other_photo(seed: int = 5) -> Image.Image:
    """Blurred noise of every size: as rich in detail as a photo."""
    random = np.random.default_rng(seed)
    total = np.zeros((480, 640))
    for side in (6, 12, 24, 48, 96):
        noise = random.normal(128, 60, (side * 3 // 4 + 1, side)).clip(0, 255).astype(np.uint8)
        grown = Image.fromarray(noise).resize((640, 480), Image.Resampling.BICUBIC)
        total += np.asarray(grown, float) - 128
    return Image.fromarray((128 + total / 2).clip(0, 255).astype(np.uint8)).convert("RGB")


def _jpeg(photo: Image.Image) -> bytes:
    written = io.BytesIO()
    photo.save(written, "JPEG", quality=85)
    return written.getvalue()


def _signals(ctx: Context, photo: Image.Image) -> list[Signal]:
    picture = ctx.decoder.picture(_jpeg(photo), min_side_pixels=CLOSE_SIDE_PIXELS)
    regional = rpdq(picture)
    assert regional is not None
    return [pdq(picture), regional]


def _put(
    ctx: Context, signals: list[Signal], *, bank: str = "reports",
    policy: BankPolicy = BankPolicy.BLOCK,
) -> str:  # fmt: skip
    with ctx.database.write() as tx:
        bank_id = ensure_bank(tx, bank, policy=policy).id
        content_id = add_content(
            tx, ctx.vault, bank_id=bank_id, key_id=ctx.vault.new_key(tx), signals=signals
        )
    ctx.live.catch_up()
    return content_id


def _screened(ctx: Context, photo: Image.Image) -> list[Match]:
    return screen_file(ctx, PLATFORM, _jpeg(photo))


def _cropped(photo: Image.Image) -> Image.Image:
    width, height = photo.size
    return photo.crop((width // 5, height // 6, width, height))


def _in_a_feed(photo: Image.Image) -> Image.Image:
    """The photo, half as large, in a drawn page among lines of other things."""
    page = Image.new("RGB", (720, 1280), "white")
    draw = ImageDraw.Draw(page)
    for y in range(40, 1240, 40):
        draw.rectangle((30, y, 30 + (y * 7) % 600, y + 12), fill="#446")
    small = photo.resize((photo.width // 2, photo.height // 2))
    page.paste(small, (200, 500))
    return page


class TestRegions:
    @pytest.mark.parametrize(
        ("edit", "turned", "reason", "named"),
        [
            (_cropped, False, Reason.MOST_REGIONS, SignalType.RPDQ),
            (
                lambda photo: _cropped(ImageOps.mirror(photo)),
                True,
                Reason.MOST_REGIONS,
                SignalType.RPDQ,
            ),
            (
                lambda photo: photo.rotate(12, expand=True),
                False,
                Reason.SHOWN_WHOLE,
                SignalType.RPDQ,
            ),
            # Here the box that holds the photo is near by its own value, which is named.
            (
                lambda photo: _in_a_feed(ImageOps.mirror(photo)),
                True,
                Reason.SHOWN_WHOLE,
                SignalType.PDQ,
            ),
            (_in_a_feed, False, Reason.SHOWN_WHOLE, SignalType.PDQ),
        ],
    )
    def test_a_part_is_found_where_the_whole_is_far(
        self, filing: Context, edit: object, turned: bool, reason: Reason, named: SignalType
    ) -> None:
        """Where all of the photo is shown, its own value confirms what the regions say."""
        content_id = _put(filing, _signals(filing, _photo()))
        (found,) = _screened(filing, edit(_photo()))
        assert (found.content_id, found.signal_type) == (content_id, named)
        assert (found.verdict, found.reason) == (Verdict.EDITED, reason)
        assert (found.turn.value == "mirrored") is turned
        is_whole = reason is Reason.SHOWN_WHOLE
        assert ("part_distance" in found.evidence) is is_whole
        assert not is_whole or found.evidence["part_distance"] <= 20
        assert found.evidence["regions"]["agree"] >= 10
        assert found.distance_bits < found.radius_bits == (80 if named is SignalType.RPDQ else 31)
        assert ("box" in found.evidence) is (named is SignalType.PDQ)

    def test_without_her_consent_a_part_is_not_found(self, filing: Context) -> None:
        _put(filing, _signals(filing, _photo())[:1])
        assert _screened(filing, _cropped(_photo())) == []

    def test_a_copy_is_the_same_and_says_why(self, filing: Context) -> None:
        _put(filing, _signals(filing, _photo()))
        (found,) = _screened(filing, _photo().resize((400, 470)))
        assert (found.verdict, found.signal_type) == (Verdict.SAME, SignalType.PDQ)
        assert found.reason is Reason.NEAR_VALUE_AND_REGIONS
        assert found.evidence["regions"]["agree"] > found.evidence["regions"]["expected"] / 2

    def test_another_photo_is_not_found(self, filing: Context) -> None:
        _put(filing, _signals(filing, _photo()))
        assert _screened(filing, _other_photo()) == []

    def test_a_platform_may_ask_with_regions_of_its_own(self, filing: Context) -> None:
        content_id = _put(filing, _signals(filing, _photo()))
        asked = _signals(filing, _cropped(_photo()))
        (found,) = screen_signals(filing, PLATFORM, asked)
        assert (found.content_id, found.verdict) == (content_id, Verdict.EDITED)

    def test_what_an_allowed_picture_explains_counts_for_no_other(self, filing: Context) -> None:
        """A frame that many share: known in a report, and allowed."""
        shared = _photo().resize((256, 300))
        reported = _other_photo()
        reported.paste(shared, (30, 90))
        upload = _other_photo(seed=9)
        upload.paste(shared, (340, 60))
        _put(filing, _signals(filing, reported))
        assert len(_screened(filing, upload)) == 1
        _put(filing, _signals(filing, shared), bank="fine", policy=BankPolicy.ALLOW)
        assert _screened(filing, upload) == []
        assert len(_screened(filing, _cropped(reported))) == 1


class TestFrames:
    def _film(self, seed: int) -> list[np.ndarray]:
        shots = [moving_pattern(24, width=320, height=240, seed=seed + n) for n in range(0, 50, 10)]
        return [frame for shot in shots for frame in shot]

    def _vpdq(self, ctx: Context, data: bytes) -> list[Signal]:
        with ctx.decoder.frames(data) as frames:
            return [vpdq(frames)]

    def test_a_known_film_is_found_within_a_longer_one(self, filing: Context) -> None:
        clip = self._film(1)
        content_id = _put(filing, self._vpdq(filing, video(clip, fps=8)))
        longer = video([*self._film(3), *clip, *self._film(5)], fps=8, crf="30")
        (found,) = screen_file(filing, PLATFORM, longer)
        assert (found.content_id, found.signal_type) == (content_id, SignalType.VPDQ)
        assert (found.verdict, found.reason) == (Verdict.EDITED, Reason.WHOLE_VIDEO)
        (span, *_) = found.evidence["frames"]["ranges"]
        assert abs(span["query_from_s"] - span["known_from_s"] - 15) < 1

    def test_a_film_of_other_things_is_not_found(self, filing: Context) -> None:
        _put(filing, self._vpdq(filing, video(self._film(1), fps=8)))
        assert screen_file(filing, PLATFORM, video(self._film(3), fps=8)) == []

    def test_a_still_of_a_known_film_is_found(self, filing: Context) -> None:
        content_id = _put(filing, self._vpdq(filing, video(self._film(1), fps=8)))
        (found,) = _screened(filing, Image.fromarray(self._film(1)[48]))
        assert (found.content_id, found.reason) == (content_id, Reason.FRAME)
        assert (found.signal_type, found.verdict) == (SignalType.VPDQ, Verdict.EDITED)

    def test_a_known_picture_is_found_in_a_film(self, filing: Context) -> None:
        content_id = _put(filing, _signals(filing, _photo()))
        shown = np.array(_photo().resize((320, 240)))
        film = video([*self._film(3)[:40], *[shown] * 12, *self._film(3)[40:]], fps=8)
        (found,) = screen_file(filing, PLATFORM, film)
        assert (found.content_id, found.reason) == (content_id, Reason.FRAME)
        assert found.signal_type is SignalType.PDQ

    def test_a_black_film_matches_nothing(self, filing: Context) -> None:
        black = video([np.zeros((120, 160, 3), np.uint8)] * 16, fps=8)
        _put(filing, self._vpdq(filing, black))
        assert screen_file(filing, PLATFORM, video([np.zeros((120, 160, 3), np.uint8)] * 24)) == []
