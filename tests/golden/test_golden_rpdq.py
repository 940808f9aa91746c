# SPDX-License-Identifier: Apache-2.0
"""The regions of one made picture, frozen: records that are kept must be found by those made later.

Whole numbers make the picture, so that it is the same everywhere. What single precision and the
mathematics library of another machine may turn is allowed for; another bit order, place, size or
angle is not. A change that fails here makes every record that is kept worthless.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from made_pictures import as_picture, clouds

from haechi.media import Picture
from haechi.signals import LONG_SIDE, Regions, query_regions, regions
from haechi.signals._region_hash import _ORDER, MIRROR_MASK

_COUNT = 60
_QUERY_COUNT = 300
_PICTURE_SHA256 = "5215ee4b36198fe9270a6d64105acb59d18f9964e9e829b9d380b30abfc05a96"
_ORDER_SHA256 = "4a06ccdd80f43c9663abdc0cc6568027916e5bf80e00e720c155faadf8b2f87b"
_MIRROR_MASK = "03ff03ff807f81e0007e007c03fc00fff000ffff0001fffe0001fffe0001fffe"
# The first of them: hash, x, y, scale, angle.
_FIRST = """
2f06c56a914add86690a9eb93e02302756d7b7c15f825daf4ceb7ca16faa6fe6 4980 39407 157 193
ad446122b90baa9ca780860c673f8f5042730f10b5a0b97c362a3c2d3022f44c 21289 21235 156 10
7035cfe9c6dc71734f7c4bc6f5b9624ba5008c60a32e7841e3963c7541cc7e3a 28524 13210 155 217
f44c6ee57c46b9734ed453c129d55c1ff88eee7f212147d3e481d3bfa01d5dbe 14970 8092 152 198
441e7fe1c75ebd53555f02c07500e0317f610cfd7f70c0ba0cc6ae19fd768474 15006 8136 150 207
15ce424733dd3086c2eef52bfebed188df638a5012e999585a25f0acdab1f09a 7834 34375 149 34
79f2fea52c48336603a545b470ccbd6b0c17b215cc5184dcec811eeef2410bce 5783 32383 156 7
41a6f866c30417153d04107d55017e6c337952888c65a4138fb32e1188a18a08 17156 39489 146 206
4cfe5524b260b65a3ff7a7214082400f7b103860fe01997ecc2190448c259000 18226 18407 151 126
229e1f2d3142a91663ea86f2293fbfe08bd07740201485de666fa994f4aab4c0 7602 23662 154 187
61bd90db263d42cc06ca8cd9241132b7a9ff52b68664e205164c9316264c9974 10397 28722 153 130
61bd90db263d42cc06ce8cd9201132b7b9ff72b68664e2041644931f264c9b74 10390 28734 153 130
a17f1584919ca348097e8aea8202803bdceb32fe85517d5607445554c3545954 5184 15751 144 57
828a40b40f05cd313d55b2469f567e6fb379f8b064933a94ab22ba13aa8538b6 9895 8285 155 96
b4d41fe501e1cc30ebae87bcc4ab15bebe00e7fed81dda988d1dcd290c32ce76 16160 10438 151 194
dbc5b778e244c1117d1f4debdfb4a2c8221dcd20a755d94fcf4d8b5c8f670b42 19199 23863 153 120
4e38e387efd8a4301781107846057f8fe8a8c0f3e4495f52c71351c2c5e161ac 20958 42078 142 238
3d5f4da53073b20262f0fda1c25bbeb8528fc0e5fdf5b24a9a50d81aeb29185e 20775 34663 158 209
7de263eee522ccb90281502123e9afa951fe6006a34e871702388445a05890e2 15775 12994 143 22
a9ce3dea8f32e4bd037084af0a5f00c11a26f4d581ebe85a97dae81d998eee74 5448 27711 158 161
068057e076c0f1b16051f783a9dc04f60e7f6fe398191be99a9947e5d85f4ffc 7154 28926 150 220
7d8fe0b7a585d45b2df4085576cc2656be520e17864e18bdc61cb9c389acb8e4 28817 43351 145 231
1f20ce1eaa1744c06ebfe8ebb361ef164c40b661e351b744b7543a48b1843f22 12582 26106 150 147
33a8f6942ff317c340a55a034214ea0f593e8dc1477f904947571118478f6ac2 2798 44346 144 123
380a51ee9abf1ed600c3fffb29b9ca80098295d290446d8c75546890f4546980 26124 8457 148 194
bc5a13c211a222e36fd5800257d6ad3010ef330ea3b06da4006c6e1417f27a3a 21040 44853 140 232
bc5727ea53e9a3f162eaaa28aaabcbeeadcacc0ac75f580c87d7d89817b7dc5a 13233 33371 145 135
7e40b008ce34181c56aa50290005534aa4cd04bd71ce1da5739a1cf476448dc0 2695 26264 138 161
5e3a67641fc91a8077ff4821b5d2b6c1bf998659f0978692d05983eadf0d90fe 29027 41007 146 17
036fc2e11b0d1f426075c0036aa01f6ffc859269634bacc86bb93c36436b3eb4 8472 19735 145 95
a150642231493820402bbfd44d5dee5fd54d3d12cd1c16b0dfd421f8dd0a3d82 24780 24016 143 43
fde7e656cff657735fff0afef4001e3bfd88a28dad5c4d252a5f4bdbaaa55c0a 13031 42643 142 20
a310e632faf1201d7521872a46d6bf4c8d871aaac52a3e9bd5ee3d1dd0ae3c52 4971 43942 148 120
6c8da5662f4e9f28278a62fd2801ff5bf62d95803b3e9b14a9108bcab9752ad0 25667 42289 147 194
7dae645ea59b38ad02c1752c3b559549a8ea6814b0907d289ed26c14bf4821f6 24713 34651 147 176
82bb4ff113fe60004055bf8fff015b0f7c04fcc98324f90c84c2e22c9610633e 22236 39497 134 232
4eb452d668f93dba3f810074562f0035deadf1166e4953046a1756846c4b68ca 7924 26222 143 218
0c3d41501a08d62e205dfd111bfc15e2e8229f5b3a1a3ca835dab9c0630c0a1e 23161 42072 139 211
78be62e78741d9c4408450204e7cf39fe1be19ff97fe03fe03e607fe45ff422a 5219 18300 142 60
1521e03be50f94461050807c1756977d7a3727bff6fe02ff88e562dd8ceb02b0 13383 16810 149 53
"""


def _picture() -> Picture:
    """Clouds, and to their right nothing."""
    luma = clouds(3, 300, 400)
    luma[:, 190:] = 128
    return as_picture(luma)


def _frozen() -> Regions:
    rows = [line.split() for line in _FIRST.split("\n") if line]
    columns = np.array([row[1:] for row in rows], np.int64)
    return Regions(
        np.array([list(bytes.fromhex(row[0])) for row in rows], np.uint8),
        columns[:, 0].astype(np.uint16),
        columns[:, 1].astype(np.uint16),
        columns[:, 2].astype(np.uint8),
        columns[:, 3].astype(np.uint8),
        LONG_SIDE,
        49_182,
    )


def _same(frozen: Regions, found: Regions) -> np.ndarray:
    """Which of the found regions each of the frozen ones is, (frozen, found)."""

    def off(name: str) -> np.ndarray:
        one, other = (getattr(each, name).astype(np.int64) for each in (frozen, found))
        return np.abs(one[:, None] - other[None])

    bits = np.bitwise_count(frozen.values[:, None] ^ found.values[None]).sum(axis=2)
    turn = np.minimum(off("angle"), 256 - off("angle"))
    is_near = np.maximum(off("x"), off("y")) <= LONG_SIDE // 1000
    return (bits <= 4) & is_near & (off("scale") <= 1) & (turn <= 1)


def test_the_picture_is_the_frozen_one() -> None:
    digest = hashlib.sha256(_picture().luma.tobytes()).hexdigest()
    assert digest == _PICTURE_SHA256


def test_the_regions_are_the_frozen_ones() -> None:
    found = regions(_picture())
    assert (found.width, found.height) == (LONG_SIDE, 49_182)
    assert len(found) == _COUNT
    assert len(query_regions(_picture())) == pytest.approx(_QUERY_COUNT, rel=0.03)
    same = _same(_frozen(), found)
    assert same.any(axis=1).mean() >= 0.95
    # In their order, but for neighbours of one worth.
    places = np.argmax(same, axis=1)[same.any(axis=1)]
    assert np.abs(places - np.flatnonzero(same.any(axis=1))).max() <= 3


def test_the_order_of_the_bits_and_the_mask_of_mirrors_are_the_frozen_ones() -> None:
    """To the bit: two that change places are within what a machine may turn."""
    assert hashlib.sha256(bytes(_ORDER.tolist())).hexdigest() == _ORDER_SHA256
    assert MIRROR_MASK.hex() == _MIRROR_MASK


def test_the_frozen_record_opens_into_the_frozen_regions() -> None:
    frozen = _frozen()
    value = frozen.to_signal().value
    assert value[:5].hex() == "01ffffc01e"
    row = _FIRST.split()[:5]
    numbers = b"".join(
        int(text).to_bytes(size) for text, size in zip(row[1:], (2, 2, 1, 1), strict=True)
    )
    assert value[5:43] == bytes.fromhex(row[0]) + numbers
    assert len(value) == 5 + 38 * len(frozen)
