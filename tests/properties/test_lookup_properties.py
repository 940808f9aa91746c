# SPDX-License-Identifier: Apache-2.0
"""The quick no and the batch answer as the one search does, whatever the banks hold and whoever asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from installations import context_on, digest, flipped, pdq_value

from haechi import bank
from haechi.values import (
    Actor,
    ActorKind,
    BankPolicy,
    ContentStatus,
    PartnerKind,
    Reader,
    Sharing,
    Signal,
    SignalType,
)
from haechi.workflows import (
    Context,
    Question,
    _lookup,
    answers_nothing,
    look_up_batch,
    screen_signals,
)

ASKERS = [
    Actor(
        ActorKind.PARTNER,
        f"ptn_{kind}_{only}",
        frozenset({"match"}),
        Reader(kind, only, f"ptn_{kind}_{only}"),
    )
    for kind in (PartnerKind.PLATFORM, PartnerKind.COMMUNITY)
    for only in (False, True)
]
SHARINGS = [
    Sharing(),
    Sharing(reaches_adult_services=True),
    Sharing(frozenset({PartnerKind.COMMUNITY})),
    Sharing(frozenset()),
]
RADII = {"wide": 31, "narrow": 10, "none": 0, "fine": 31, "limited": 31}


def _film(seed: int) -> Signal:
    frames = [
        pdq_value(seed + second).value + bytes([100]) + (1000 * second).to_bytes(4)
        for second in range(4)
    ]
    return Signal(SignalType.VPDQ, b"".join(frames))


# Few of each, so that what is asked is often near what is known.
SEEDS = st.integers(0, 3)
KNOWN = st.one_of(
    SEEDS.map(pdq_value),
    SEEDS.map(lambda seed: pdq_value(seed, 20)),
    SEEDS.map(digest),
    SEEDS.map(lambda seed: digest(seed, SignalType.MD5)),
    SEEDS.map(_film),
)
ASKED = st.one_of(
    st.builds(
        lambda seed, bits, quality: flipped(pdq_value(seed, quality), bits, seed=bits),
        st.integers(0, 6),
        st.sampled_from([0, 1, 10, 11, 20, 21, 31, 32, 60]),
        st.sampled_from([100, 100, 100, 30]),
    ),
    KNOWN,
)
CONTENTS = st.lists(
    st.tuples(
        st.sampled_from(sorted(RADII)),
        st.lists(KNOWN, min_size=1, max_size=2),
        st.sampled_from(SHARINGS),
        st.booleans(),
    ),
    max_size=6,
)
UPLOADS = st.lists(st.lists(ASKED, min_size=1, max_size=3), min_size=1, max_size=5)


@pytest.fixture(scope="module")
def ctx(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Context]:
    """An installation whose banks each example fills anew."""
    folder = tmp_path_factory.mktemp("lookups")
    path = folder / "haechi.sqlite3"
    path.write_bytes(migrated_sqlite.read_bytes())
    with context_on(f"sqlite:///{path}", folder) as opened:
        with opened.database.write() as tx:
            limited = bank.create_bank(tx, "limited", is_limited=True)
            bank.set_access(tx, limited.id, ASKERS[0].id, may_read=True, may_write=False)
        yield opened


def _fill(ctx: Context, contents: Sequence[tuple[str, list[Signal], Sharing, bool]]) -> list[str]:
    made = []
    with ctx.database.write() as tx:
        key_id = ctx.vault.new_key(tx)
        for name, signals, sharing, is_quarantined in contents:
            policy = BankPolicy.ALLOW if name == "fine" else BankPolicy.BLOCK
            bank_id = bank.ensure_bank(tx, name, policy=policy, radius_bits=RADII[name]).id
            content_id = bank.add_content(
                tx, ctx.vault, bank_id=bank_id, key_id=key_id, signals=signals, sharing=sharing
            )
            if is_quarantined:
                bank.quarantine(tx, content_id)
            made.append(content_id)
    ctx.live.catch_up()
    return made


def _empty(ctx: Context, content_ids: Sequence[str]) -> None:
    with ctx.database.write() as tx:
        for content_id in content_ids:
            bank.set_status(tx, content_id, ContentStatus.WITHDRAWN)
    ctx.live.catch_up()


@given(contents=CONTENTS, uploads=UPLOADS, asker=st.sampled_from(ASKERS))
@hypothesis_settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_both_answer_as_the_one_search_does(
    ctx: Context,
    contents: list[tuple[str, list[Signal], Sharing, bool]],
    uploads: list[list[Signal]],
    asker: Actor,
) -> None:
    made = _fill(ctx, contents)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                _lookup,
                "_noted",
                lambda _ctx, _actor, found: [
                    _lookup.Answer(tuple(matches), ("id",) * len(matches)) for _, matches in found
                ],
            )
            questions = [Question("", tuple(signals)) for signals in uploads]
            found = [screen_signals(ctx, asker, signals) for signals in uploads]
            for question, matches in zip(questions, found, strict=True):
                if answers_nothing(ctx, asker, question):
                    assert matches == []
            answers = look_up_batch(ctx, asker, questions)
            assert [
                list(answers[n].matches) if n in answers else [] for n in range(len(found))
            ] == (found)
            assert all(answer.matches for answer in answers.values())
    finally:
        _empty(ctx, made)


def test_the_quick_no_is_given_when_nothing_is_near(ctx: Context) -> None:
    """The property above would hold of a look that never says no."""
    made = _fill(ctx, [("wide", [pdq_value(1), digest(1)], Sharing(), False)])
    try:
        far = Question(
            "", (pdq_value(50), digest(50), digest(51, SignalType.MD5), pdq_value(1, 30))
        )
        assert answers_nothing(ctx, ASKERS[0], far)
        for near in (flipped(pdq_value(1), 31), digest(1)):
            assert not answers_nothing(ctx, ASKERS[0], replace(far, signals=(*far.signals, near)))
    finally:
        _empty(ctx, made)
