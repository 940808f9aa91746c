# SPDX-License-Identifier: Apache-2.0
"""Consent by item: whoever asks, by whatever path, is told of what is shared with them and no more."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from installations import OPERATOR, PLATFORM, digest, flipped, pdq_value
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from haechi import bank
from haechi.audit._tables import audit_event
from haechi.bank import add_content, ensure_bank, set_sharing, sharing_of
from haechi.errors import MediaError, Unavailable
from haechi.signals import digests
from haechi.storage import Database
from haechi.values import (
    FRAME_BYTES,
    Actor,
    ActorKind,
    BankPolicy,
    PartnerKind,
    Reader,
    Sharing,
    Signal,
    SignalType,
    utc_now,
)
from haechi.workflows import (
    Context,
    LiveIndex,
    _follow,
    actor_of_token,
    admit_partner,
    screen_file,
    screen_signals,
    upkeep,
)
from haechi.workflows._reading import reading
from haechi.workflows._sharing import end_expired_sharing

SCOPES = frozenset({"match"})
NOBODY = Sharing(frozenset())
ADULT = Sharing(reaches_adult_services=True)
FILE = b"not even a picture"


def _asks(kind: PartnerKind, *, serves_adults_only: bool = False) -> Actor:
    return Actor(ActorKind.PARTNER, f"ptn_{kind}", SCOPES, Reader(kind, serves_adults_only))


COMMUNITY = _asks(PartnerKind.COMMUNITY)
ADULT_SITE = _asks(PartnerKind.ADULT_SITE, serves_adults_only=True)
ADULT_HASHES = _asks(PartnerKind.HASH_SERVICE, serves_adults_only=True)
OF_NO_KIND = Actor(ActorKind.PARTNER, "ptn_odd", SCOPES)


def _regional(seed: int) -> Signal:
    """Forty regions of a picture that never was."""
    chance = random.Random(seed)
    regions = b"".join(
        chance.randbytes(32)
        + chance.randrange(4000, 61_000).to_bytes(2)
        + chance.randrange(4000, 61_000).to_bytes(2)
        + bytes([60, 0])
        for _ in range(40)
    )
    return Signal(SignalType.RPDQ, b"\x01\xff\xff\xff\xff" + regions)


def _film(seed: int) -> Signal:
    """Twenty seconds of a film that never was."""
    frames = [
        pdq_value(seed + second).value + bytes([100]) + (1000 * second).to_bytes(4)
        for second in range(20)
    ]
    return Signal(SignalType.VPDQ, b"".join(frames))


def _frame(film: Signal, number: int) -> Signal:
    at = number * FRAME_BYTES
    return Signal(SignalType.PDQ, film.value[at : at + 32], 100)


def _file_digest() -> Signal:
    return digests([FILE])[1]


# What is known, and how it is asked for.
PATHS = {
    "an equal file": (digest(1), digest(1)),
    "a near value": (pdq_value(1), flipped(pdq_value(1), 12)),
    "regions": (_regional(1), _regional(1)),
    "a film": (_film(100), _film(100)),
    "a still of a known film": (_film(100), _frame(_film(100), 7)),
    "a known picture in a film": (_frame(_film(100), 7), _film(100)),
    "the bytes of a file": (_file_digest(), FILE),
}


def _put(
    ctx: Context,
    signal: Signal,
    sharing: Sharing,
    *,
    name: str = "reports",
    policy: BankPolicy = BankPolicy.BLOCK,
) -> str:
    with ctx.database.write() as tx:
        content_id = add_content(
            tx,
            ctx.vault,
            bank_id=ensure_bank(tx, name, policy=policy).id,
            key_id=ctx.vault.new_key(tx),
            signals=[signal],
            sharing=sharing,
        )
    ctx.live.catch_up()
    return content_id


def _share(ctx: Context, content_id: str, sharing: Sharing) -> None:
    """From the commit on: the index is not told."""
    with ctx.database.write() as tx:
        set_sharing(tx, content_id, sharing)


def _told(ctx: Context, actor: Actor, asked: Signal | bytes) -> list[str]:
    if isinstance(asked, Signal):
        return [match.content_id for match in screen_signals(ctx, actor, [asked])]
    try:
        return [match.content_id for match in screen_file(ctx, actor, asked)]
    except MediaError:
        return []  # not known by its bytes, and there is nothing else to know it by


@pytest.fixture(params=PATHS)
def known_and_asked(request: pytest.FixtureRequest) -> tuple[Signal, Signal | bytes]:
    return PATHS[request.param]


class TestOnEveryPath:
    """Each way in which a partner can learn of a match."""

    def test_consent_is_asked_of_the_bank_at_each_question(
        self, ctx: Context, known_and_asked: tuple[Signal, Signal | bytes]
    ) -> None:
        known, asked = known_and_asked
        content_id = _put(ctx, known, Sharing())
        assert _told(ctx, PLATFORM, asked) == [content_id], "given"
        assert _told(ctx, COMMUNITY, asked) == [content_id]
        _share(ctx, content_id, Sharing(frozenset({PartnerKind.COMMUNITY})))
        assert _told(ctx, PLATFORM, asked) == [], "narrowed"
        assert _told(ctx, COMMUNITY, asked) == [content_id]
        _share(ctx, content_id, NOBODY)
        assert _told(ctx, COMMUNITY, asked) == [], "ended"
        _share(ctx, content_id, Sharing(until=utc_now() + timedelta(hours=1)))
        assert _told(ctx, PLATFORM, asked) == [content_id], "given anew, for an hour"
        _share(ctx, content_id, Sharing(until=utc_now()))
        assert _told(ctx, PLATFORM, asked) == [], "expired"
        assert _told(ctx, OPERATOR, asked) == [content_id]

    def test_what_is_not_surely_an_adults_is_not_told_to_services_for_adults_only(
        self, ctx: Context, known_and_asked: tuple[Signal, Signal | bytes]
    ) -> None:
        known, asked = known_and_asked
        content_id = _put(ctx, known, Sharing(reaches_adult_services=False))
        assert _told(ctx, ADULT_SITE, asked) == _told(ctx, ADULT_HASHES, asked) == []
        assert _told(ctx, PLATFORM, asked) == [content_id]
        _share(ctx, content_id, ADULT)
        assert _told(ctx, ADULT_SITE, asked) == _told(ctx, ADULT_HASHES, asked) == [content_id]

    def test_a_partner_of_no_known_kind_is_told_nothing(
        self, ctx: Context, known_and_asked: tuple[Signal, Signal | bytes]
    ) -> None:
        known, asked = known_and_asked
        _put(ctx, known, ADULT)
        assert _told(ctx, OF_NO_KIND, asked) == []

    def test_of_two_who_reported_it_only_the_one_who_shares_is_told_of(
        self, ctx: Context, known_and_asked: tuple[Signal, Signal | bytes]
    ) -> None:
        known, asked = known_and_asked
        _put(ctx, known, NOBODY)
        shared = _put(ctx, known, Sharing())
        assert _told(ctx, PLATFORM, asked) == [shared]


def test_the_end_counts_from_its_moment_though_nobody_wrote_it_down(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    until = utc_now() + timedelta(days=90)
    content_id = _put(ctx, pdq_value(1), Sharing(until=until))
    monkeypatch.setattr(_follow, "utc_now", lambda: until - timedelta(microseconds=1))
    assert _told(ctx, PLATFORM, pdq_value(1)) == [content_id]
    monkeypatch.setattr(_follow, "utc_now", lambda: until)
    assert _told(ctx, PLATFORM, pdq_value(1)) == []


def test_what_is_allowed_vetoes_for_every_partner(ctx: Context) -> None:
    """However the allowed content is shared: it is never told, and without it more would be."""
    _put(ctx, pdq_value(1), ADULT)
    _put(ctx, pdq_value(1), NOBODY, name="fine", policy=BankPolicy.ALLOW)
    for actor in (PLATFORM, COMMUNITY, ADULT_SITE):
        assert _told(ctx, actor, pdq_value(1)) == []


def test_what_is_allowed_explains_regions_for_every_partner(ctx: Context) -> None:
    _put(ctx, _regional(1), ADULT)
    _put(ctx, _regional(1), NOBODY, name="fine", policy=BankPolicy.ALLOW)
    for actor in (PLATFORM, COMMUNITY, ADULT_SITE):
        assert _told(ctx, actor, _regional(1)) == []


@pytest.mark.parametrize("kind", PartnerKind)
@pytest.mark.parametrize("adults_only", [False, True])
def test_a_token_brings_the_kind_of_its_partner(
    ctx: Context, kind: PartnerKind, adults_only: bool
) -> None:
    partner, token = admit_partner(
        ctx, OPERATOR, name="x", scopes=["match"], kind=kind, serves_adults_only=adults_only
    )
    actor = actor_of_token(ctx, token)
    assert actor is not None
    assert actor.reader == partner.reader
    _put(ctx, pdq_value(1), Sharing(frozenset({kind})))
    serves_adults_only = adults_only or kind is PartnerKind.ADULT_SITE
    assert bool(_told(ctx, actor, pdq_value(1))) is not serves_adults_only


def test_who_is_admitted_as_nothing_in_particular_is_a_platform(ctx: Context) -> None:
    partner, _ = admit_partner(ctx, OPERATOR, name="x", scopes=["match"])
    assert partner.reader == Reader(
        PartnerKind.PLATFORM, serves_adults_only=False, partner_id=partner.id
    )


class TestUpkeep:
    """What has ended is written down, once."""

    def _rows(self, ctx: Context) -> list[tuple[str, str]]:
        with ctx.database.read() as tx:
            rows = tx.execute(select(audit_event)).all()
        return [(row.actor_kind, row.verb) for row in rows]

    def test_what_has_ended_is_shared_with_nobody_and_the_index_is_told(
        self, each_ctx: Context, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ctx = each_ctx
        ended = _put(ctx, pdq_value(1), Sharing(until=utc_now()))
        kept = _put(ctx, pdq_value(2), Sharing(until=utc_now() + timedelta(hours=1)))
        woken = []
        monkeypatch.setattr(LiveIndex, "wake", lambda _: woken.append(1))
        assert [end_expired_sharing(ctx) for _ in range(2)] == [1, 0]
        assert woken == [1]
        assert self._rows(ctx) == [("operator", "end_expired_sharing")]
        with ctx.database.read() as tx:
            kinds = {one: found.kinds for one, found in sharing_of(tx, [ended, kept]).items()}
        assert kinds == {ended: frozenset(), kept: frozenset(PartnerKind)}
        ctx.live.catch_up()
        assert ctx.live.position == 3

    def test_nothing_to_end_leaves_no_trace(
        self, ctx: Context, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _put(ctx, pdq_value(1), Sharing())
        monkeypatch.setattr(LiveIndex, "wake", lambda _: pytest.fail("nothing changed"))
        assert end_expired_sharing(ctx) == 0
        assert self._rows(ctx) == []

    def test_many_end_in_pieces(self, ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
        for seed in range(5):
            _put(ctx, pdq_value(seed), Sharing(until=utc_now()))
        real = bank.end_expired_sharing
        monkeypatch.setattr(bank, "end_expired_sharing", partial(real, limit=2))
        assert end_expired_sharing(ctx) == 5
        assert len(self._rows(ctx)) == 3

    def test_one_verb_that_fails_stops_no_other(
        self, ctx: Context, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(_: Context) -> None:
            raise OperationalError("the secret", {}, Exception("the secret"))

        done = []
        monkeypatch.setattr("haechi.workflows._upkeep._VERBS", (fail, done.append))
        with capture_logs() as logs:
            upkeep(ctx)
        assert done == [ctx]
        (line,) = logs
        assert (line["event"], line["verb"]) == ("upkeep_failed", "fail")
        assert "secret" not in repr(logs)

    def test_sharing_is_part_of_it(self, ctx: Context) -> None:
        content_id = _put(ctx, pdq_value(1), Sharing(until=utc_now()))
        upkeep(ctx)
        with ctx.database.read() as tx:
            assert sharing_of(tx, [content_id])[content_id].kinds == frozenset()


class TestTheDatabaseIsAway:
    """Whoever asks is told to try again: it is no fault in our program."""

    @pytest.fixture
    def away(self, ctx: Context, tmp_path: Path) -> Iterator[Context]:
        """A file that cannot be opened, while the index in memory is still ready."""
        _put(ctx, pdq_value(1), Sharing())
        ctx.database.close()
        for path in tmp_path.glob("haechi.sqlite3*"):
            path.rename(path.with_name(f"away-{path.name}"))
        (tmp_path / "haechi.sqlite3").mkdir()
        yield ctx
        ctx.database.close()

    def test_a_question_can_be_asked_again(self, away: Context) -> None:
        assert away.live.is_ready
        for ask in (
            lambda: screen_signals(away, PLATFORM, [pdq_value(1)]),
            lambda: actor_of_token(away, "hp_some_token"),
        ):
            with capture_logs() as logs, pytest.raises(Unavailable) as caught:
                ask()
            assert caught.value.http_status == 503
            assert [line["event"] for line in logs] == ["database_away"]
            assert "sqlite3" not in repr(logs) + caught.value.sentence

    def test_it_answers_again_when_the_file_is_back(self, away: Context, tmp_path: Path) -> None:
        with pytest.raises(Unavailable):
            screen_signals(away, PLATFORM, [pdq_value(1)])
        (tmp_path / "haechi.sqlite3").rmdir()
        for path in tmp_path.glob("away-*"):
            path.rename(path.with_name(path.name.removeprefix("away-")))
        assert screen_signals(away, PLATFORM, [pdq_value(1)])

    def test_a_server_that_does_not_answer(self) -> None:
        with (
            Database("postgresql://nobody:secret@127.0.0.1:1/none") as database,
            capture_logs() as logs,
            pytest.raises(Unavailable),
            reading(database),
        ):
            pytest.fail("nobody is there")
        assert "secret" not in repr(logs)

    def test_what_is_wrong_for_another_reason_is_not_hidden(self, ctx: Context) -> None:
        with pytest.raises(KeyError), reading(ctx.database):
            raise KeyError
