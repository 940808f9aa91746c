# SPDX-License-Identifier: Apache-2.0
"""What a question costs and leaves behind: limits, kept lookups, questions to the database, the action."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from installations import OPERATOR, digest, flipped, image, pdq_value, report

from haechi.errors import MalformedField, NotYours, TooManyRequests, TooMuchAtOnce
from haechi.signals import digests
from haechi.values import FRAME_BYTES, Actor, BankPolicy, MediaKind, Signal, SignalType
from haechi.workflows import (
    Action,
    Answer,
    Context,
    Question,
    ReportedItem,
    Verdict,
    _follow,
    _lookup,
    actor_of_token,
    admit_partner,
    answers_nothing,
    look_up_batch,
    look_up_file,
    look_up_signals,
    screen_signals,
)

FAR = Question("upload-1", (pdq_value(99), digest(99)))
FILM = Signal(SignalType.VPDQ, pdq_value(1).value + bytes([100]) + bytes(4))
REGIONS = Signal(SignalType.RPDQ, b"\x01\xff\xff\xff\xff" + bytes(38))


def _admit(ctx: Context, name: str, **facts: Any) -> Actor:
    token = admit_partner(ctx, OPERATOR, name=name, scopes=["match"], **facts)[1]
    actor = actor_of_token(ctx, token)
    assert actor is not None
    ctx.live.catch_up()
    return actor


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would be noted, which is another module's matter."""
    seen: list[Any] = []

    def note(_ctx: Context, _actor: Actor, found: Any) -> list[Answer]:
        seen.extend(found)
        return [Answer(tuple(matches), ("mat_1",) * len(matches)) for _, matches in found]

    monkeypatch.setattr(_lookup, "_noted", note)
    return seen


class TestWhatIsKept:
    def test_only_of_a_partner_that_asked_for_it_and_only_with_a_word(self, ctx: Context) -> None:
        keeping = _admit(ctx, "keeping", keeps_lookups_h=1)
        quiet = _admit(ctx, "quiet")
        nameless = Question("", FAR.signals)
        for actor in (keeping, quiet):
            for question in (FAR, nameless):
                assert answers_nothing(ctx, actor, question)
                look_up_batch(ctx, actor, [question])
        kept = list(ctx.recent._waiting)
        assert [(one.partner_id, one.reference) for one in kept] == [(keeping.id, "upload-1")] * 2
        assert kept[0].signals == FAR.signals

    def test_of_a_file_its_digests_are(self, ctx: Context, noted: list[Any]) -> None:
        keeping = _admit(ctx, "keeping", keeps_lookups_h=1)
        report(ctx, image(digests([b"file"])[1]))
        ctx.live.catch_up()
        answer = look_up_file(ctx, keeping, b"file", reference="upload-2")
        assert answer.action is Action.BLOCK
        (kept,) = ctx.recent._waiting
        assert (kept.reference, kept.signals) == ("upload-2", tuple(digests([b"file"])))
        assert noted[0][0].reference == "upload-2"


class TestLimits:
    def test_the_quick_no_takes_from_the_same_bucket_and_nothing_when_it_says_nothing(
        self, ctx: Context
    ) -> None:
        actor = _admit(ctx, "one", lookups_per_min=180)
        report(ctx, image(pdq_value(1)))
        ctx.live.catch_up()
        for _ in range(50):
            assert not answers_nothing(ctx, actor, Question("", (pdq_value(1),)))
        single = Question("", (pdq_value(99),))
        assert [answers_nothing(ctx, actor, single) for _ in range(8)] == [True] * 6 + [False] * 2
        with pytest.raises(TooManyRequests) as caught:
            look_up_signals(ctx, actor, single)
        assert caught.value.params["seconds"] == 1

    def test_whoever_came_in_by_no_token_has_none(self, ctx: Context) -> None:
        ctx.live.catch_up()
        for _ in range(3):
            look_up_batch(ctx, OPERATOR, [FAR] * 1000)


class TestBatch:
    def test_whose_the_entries_are_is_asked_once(
        self, ctx: Context, noted: list[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        actor = _admit(ctx, "one")
        signals = [pdq_value(seed) for seed in range(20)]
        report(ctx, *(image(signal) for signal in signals))
        ctx.live.catch_up()
        asked: list[int] = []
        real = _follow.active_contents

        def counting(tx: Any, entry_ids: Any, **given: Any) -> Any:
            asked.append(len(set(entry_ids)))
            return real(tx, entry_ids, **given)

        monkeypatch.setattr(_follow, "active_contents", counting)
        questions = [Question(str(n), (flipped(one, 7),)) for n, one in enumerate(signals)]
        answers = look_up_batch(ctx, actor, questions)
        assert asked == [20]
        assert sorted(answers) == list(range(20))
        assert {answer.action for answer in answers.values()} == {Action.BLOCK}
        assert len(noted) == 20

    @pytest.mark.usefixtures("noted")
    def test_frames_are_taken_and_regions_are_not(self, ctx: Context) -> None:
        actor = _admit(ctx, "one")
        long = Signal(
            SignalType.VPDQ,
            b"".join(
                pdq_value(seed).value + bytes([100]) + (1000 * seed).to_bytes(4)
                for seed in range(8)
            ),
        )
        assert len(long.value) == 8 * FRAME_BYTES
        report(ctx, ReportedItem(MediaKind.VIDEO, (long,)))
        ctx.live.catch_up()
        question = Question("", (long,))
        answers = look_up_batch(ctx, actor, [FAR, question])
        assert list(answers[1].matches) == screen_signals(ctx, actor, [long])
        assert answers[1].matches
        with pytest.raises(MalformedField):
            look_up_batch(ctx, actor, [Question("", (REGIONS,))])

    def test_too_many(self, ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
        actor = _admit(ctx, "one", lookups_per_min=10**9)
        monkeypatch.setattr(_lookup, "MOST_SIGNALS_AT_ONCE", 5)
        look_up_batch(ctx, actor, [FAR, FAR])
        with pytest.raises(TooMuchAtOnce):
            look_up_batch(ctx, actor, [FAR, FAR, FAR])


class TestTheQuickNo:
    def test_says_nothing_of_lists(self, ctx: Context) -> None:
        actor = _admit(ctx, "one")
        assert answers_nothing(ctx, actor, FAR)
        for signal in (FILM, REGIONS):
            assert not answers_nothing(ctx, actor, Question("", (*FAR.signals, signal)))

    def test_says_nothing_while_the_index_is_not_ready(
        self, ctx: Context, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        actor = _admit(ctx, "one")
        monkeypatch.setattr(type(ctx.live), "is_ready", property(lambda _: False))
        assert not answers_nothing(ctx, actor, FAR)

    def test_needs_the_scope(self, ctx: Context) -> None:
        token = admit_partner(ctx, OPERATOR, name="x", scopes=["metrics"])[1]
        actor = actor_of_token(ctx, token)
        assert actor is not None
        ctx.live.catch_up()
        with pytest.raises(NotYours):
            answers_nothing(ctx, actor, FAR)


def test_what_was_withdrawn_while_it_was_noted_is_not_told(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = _admit(ctx, "one")
    report(ctx, image(digest(1)), image(digest(2)))
    ctx.live.catch_up()
    monkeypatch.setattr(_lookup, "note_matches", lambda *_: [["", "mat_2"]])
    answer = look_up_signals(ctx, actor, Question("", (digest(1), digest(2))))
    assert len(answer.matches) == 1
    assert answer.match_ids == ("mat_2",)
    monkeypatch.setattr(_lookup, "note_matches", lambda *_: [[""]])
    assert look_up_batch(ctx, actor, [Question("", (digest(1),))]) == {}


@pytest.mark.parametrize(
    ("matches", "action"),
    [
        ([], Action.NONE),
        ([(BankPolicy.BLOCK, Verdict.SAME)], Action.BLOCK),
        ([(BankPolicy.BLOCK, Verdict.EDITED)], Action.BLOCK),
        ([(BankPolicy.BLOCK, Verdict.REVIEW)], Action.REVIEW),
        ([(BankPolicy.REVIEW, Verdict.SAME)], Action.REVIEW),
        ([(BankPolicy.REVIEW, Verdict.SAME), (BankPolicy.BLOCK, Verdict.EDITED)], Action.BLOCK),
        ([(BankPolicy.REVIEW, Verdict.SAME), (BankPolicy.BLOCK, Verdict.REVIEW)], Action.REVIEW),
    ],
)
def test_what_follows(
    ctx: Context, matches: list[tuple[BankPolicy, Verdict]], action: Action
) -> None:
    report(ctx, image(digest(1)))
    ctx.live.catch_up()
    (real,) = screen_signals(ctx, OPERATOR, [digest(1)])
    made = tuple(replace(real, policy=policy, verdict=verdict) for policy, verdict in matches)
    assert Answer(made, ("",) * len(made)).action is action
