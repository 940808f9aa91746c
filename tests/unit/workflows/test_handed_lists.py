# SPDX-License-Identifier: Apache-2.0
"""Handing a list to a partner that asks by time: nothing missed, everything taken back, nothing kept."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from installations import OPERATOR, digest, image, pdq_value, person, report
from sqlalchemy import func, select, update

from haechi import bank, exchange, workflows
from haechi.bank._tables import feed_change
from haechi.errors import MalformedField
from haechi.exchange._tables import handed_value
from haechi.values import (
    Actor,
    ActorKind,
    AgeFacts,
    BankPolicy,
    MediaKind,
    Opinion,
    PartnerKind,
    Signal,
    SignalType,
    utc_now,
)
from haechi.workflows import Context, ListRecord, ListStatus, ReportedItem, SharingWish
from haechi.workflows._handed import forget_stale_lists


@dataclass
class List:
    """A client as python-threatexchange is one: a moment to go on from, and the latest record of each value."""

    actor: Actor
    since_s: int = 10
    records: dict[tuple[SignalType, str], ListRecord] = field(default_factory=dict)
    received: int = 0

    def fetch(self, ctx: Context, *, limit: int = 800) -> None:
        ctx.live.catch_up()
        position, reached_s, moments = None, 0, [self.since_s]
        while True:
            page = workflows.hand_out(
                ctx, self.actor, since_s=self.since_s, position=position, reached_s=reached_s,
                limit=limit,
            )  # fmt: skip
            for record in page.records:
                self.records[record.signal.type, record.signal.hex] = record
            self.received += len(page.records)
            moments.append(page.since_s)
            position, reached_s = page.position, page.since_s
            if not page.has_more:
                break
        assert moments == sorted(moments), "the checkpoint went back"
        self.since_s = moments[-1]

    def held(self) -> set[str]:
        return {
            value for (_, value), one in self.records.items() if one.status is ListStatus.ACTIVE
        }


def partner(ctx: Context, name: str = "list", **facts: object) -> Actor:
    scopes = ["changes", "contribute", "opinions"]
    made, _ = workflows.admit_partner(ctx, OPERATOR, name=name, scopes=scopes, **facts)
    return Actor(ActorKind.PARTNER, made.id, frozenset(scopes), made.reader)


def reported(ctx: Context, *seeds: int) -> list[workflows.OpenedCase]:
    return [report(ctx, image(pdq_value(seed))) for seed in seeds]


def withdraw(ctx: Context, opened: workflows.OpenedCase) -> None:
    workflows.withdraw_item(ctx, person(opened), item_id=opened.case.items[0].id)


def age_steps(ctx: Context, by: timedelta) -> None:
    """Make every step of the feed older: a list is fetched over days, not in one second."""
    with ctx.database.write() as tx:
        for seq, at in tx.execute(select(feed_change.c.seq, feed_change.c.changed_at)).all():
            tx.execute(
                update(feed_change).where(feed_change.c.seq == seq).values(changed_at=at - by)
            )


def kept(ctx: Context) -> int:
    with ctx.database.read() as tx:
        return tx.scalar(select(func.count()).select_from(handed_value))


def own_values(ctx: Context, actor: Actor) -> set[str]:
    """The values that were made up for this partner: they look like all others."""
    with ctx.database.read() as tx:
        return {
            value.hex() for owner, value in bank.canary_values(tx, ctx.vault) if owner == actor.id
        }


@pytest.fixture
def listed(each_ctx: Context) -> List:
    return List(partner(each_ctx))


class TestNothingIsMissed:
    @pytest.mark.parametrize("limit", [2, 800])
    def test_all_values_arrive_on_pages_of_any_size(
        self, each_ctx: Context, listed: List, limit: int
    ) -> None:
        reported(each_ctx, *range(7))
        listed.fetch(each_ctx, limit=limit)
        told = {pdq_value(seed).hex for seed in range(7)}
        assert listed.held() == told | own_values(each_ctx, listed.actor)

    def test_steps_of_the_second_in_which_it_was_fetched_arrive(self, ctx: Context) -> None:
        listed = List(partner(ctx))
        for seed in range(4):
            reported(ctx, seed)
            listed.fetch(ctx)
        assert {pdq_value(seed).hex for seed in range(4)} <= listed.held()

    def test_a_step_that_was_made_before_the_one_with_the_number_before_it_arrives(
        self, each_ctx: Context, listed: List
    ) -> None:
        """Two writers: the second began earlier and waited for its number."""
        reported(each_ctx, 1, 2)
        listed.fetch(each_ctx)
        reported(each_ctx, 3)
        with each_ctx.database.write() as tx:
            last = tx.scalar(select(func.max(feed_change.c.seq)))
            at = tx.scalar(select(feed_change.c.changed_at).where(feed_change.c.seq == last))
            tx.execute(
                update(feed_change)
                .where(feed_change.c.seq == last)
                .values(changed_at=at - timedelta(minutes=3))
            )
        listed.fetch(each_ctx)
        assert pdq_value(3).hex in listed.held()

    def test_what_it_has_does_not_come_again_and_again(self, ctx: Context) -> None:
        listed = List(partner(ctx))
        reported(ctx, 1, 2, 3)
        age_steps(ctx, timedelta(hours=1))
        listed.fetch(ctx)
        reported(ctx, 4)
        listed.fetch(ctx)
        listed.received = 0
        reported(ctx, 5)
        listed.fetch(ctx)
        assert listed.received <= 2

    def test_a_moment_that_we_never_named_gets_the_whole_list(self, ctx: Context) -> None:
        listed = List(partner(ctx), since_s=4_000_000_000)
        reported(ctx, 1)
        listed.fetch(ctx)
        assert pdq_value(1).hex in listed.held()

    @pytest.mark.parametrize("since_s", [-1, 1 << 40])
    def test_no_moment_is_refused(self, ctx: Context, since_s: int) -> None:
        ctx.live.catch_up()
        with pytest.raises(MalformedField):
            workflows.hand_out(
                ctx, partner(ctx), since_s=since_s, position=None, reached_s=0, limit=1
            )

    @pytest.mark.parametrize("position", [-1, 1 << 63, 10**25])
    def test_no_step_is_refused(self, ctx: Context, position: int) -> None:
        ctx.live.catch_up()
        with pytest.raises(MalformedField):
            workflows.hand_out(
                ctx, partner(ctx), since_s=10, position=position, reached_s=0, limit=1
            )


def shared_values(ctx: Context, listed: List) -> set[str]:
    """What the partner may be told of now, by the database itself."""
    with ctx.database.read() as tx:
        entries = [
            content.entry_id
            for one in bank.all_banks(tx)
            for content in bank.contents_of(tx, one, limit=10_000)
        ]
        told = bank.active_contents(tx, entries, reader=listed.actor.reader, at=utc_now())
        signals = bank.signals_of(tx, ctx.vault, list(told), types=[SignalType.PDQ])
    return {signal.hex for of_content in signals.values() for signal in of_content}


@pytest.mark.parametrize("seed", range(4))
def test_after_any_history_the_list_is_what_is_shared(ctx: Context, seed: int) -> None:
    """Reports, withdrawals and changed minds, fetched on pages of any size, some answers lost."""
    chance = random.Random(seed)
    listed = List(partner(ctx))
    opened: list[workflows.OpenedCase] = []
    for _ in range(50):
        deed = chance.choice(
            ["report", "report", "withdraw", "share", "fetch", "wait", "lose", "drop"]
        )
        if deed == "report":
            # Few values, so that several people report the same.
            opened += reported(ctx, chance.randrange(8))
        elif deed == "withdraw" and opened:
            withdraw(ctx, opened.pop(chance.randrange(len(opened))))
        elif deed == "share" and opened:
            kinds = frozenset(chance.sample(sorted(PartnerKind), chance.randrange(5)))
            case = chance.choice(opened)
            workflows.share_item(
                ctx, person(case), item_id=case.case.items[0].id,
                wish=SharingWish(kinds), ages=AgeFacts(),
            )  # fmt: skip
        elif deed == "fetch":
            listed.fetch(ctx, limit=chance.choice([1, 2, 5, 800]))
        elif deed == "wait" and listed.since_s > 10:
            age_steps(ctx, timedelta(seconds=10))
            listed.since_s -= 10
        elif deed == "lose":
            List(listed.actor, listed.since_s).fetch(ctx)
        elif deed == "drop":
            with ctx.database.write() as tx:
                bank.drop_superseded(tx, limit=1000)
    listed.fetch(ctx)
    assert listed.held() == shared_values(ctx, listed)


class TestTakenBack:
    def test_a_withdrawn_value_is_told_again_to_be_dropped(
        self, each_ctx: Context, listed: List
    ) -> None:
        first, _ = reported(each_ctx, 1, 2)
        listed.fetch(each_ctx)
        withdraw(each_ctx, first)
        listed.fetch(each_ctx)
        record = listed.records[SignalType.PDQ, pdq_value(1).hex]
        assert record.status is ListStatus.WITHDRAWN
        assert set(record.cases.values()) == {ListStatus.WITHDRAWN}
        assert pdq_value(2).hex in listed.held()

    def test_an_erased_case_is_taken_back_though_its_key_is_gone(self, ctx: Context) -> None:
        listed = List(partner(ctx))
        (opened,) = reported(ctx, 1)
        listed.fetch(ctx)
        workflows.erase_case(ctx, person(opened))
        listed.fetch(ctx)
        record = listed.records[SignalType.PDQ, pdq_value(1).hex]
        assert record.status is ListStatus.WITHDRAWN

    def test_the_value_is_deleted_once_the_partner_has_stored_the_withdrawal(
        self, ctx: Context
    ) -> None:
        listed = List(partner(ctx))
        (opened,) = reported(ctx, 1)
        listed.fetch(ctx)
        before = kept(ctx)
        withdraw(ctx, opened)
        listed.fetch(ctx)
        assert kept(ctx) == before, "an answer that was lost must be told again"
        age_steps(ctx, timedelta(minutes=5))
        listed.since_s -= 300
        reported(ctx, 2)
        listed.fetch(ctx)
        listed.fetch(ctx)
        assert kept(ctx) == before

    def test_an_answer_that_was_lost_is_told_again(self, ctx: Context) -> None:
        listed = List(partner(ctx))
        (opened,) = reported(ctx, 1)
        listed.fetch(ctx)
        withdraw(ctx, opened)
        lost = List(listed.actor, listed.since_s)
        lost.fetch(ctx)
        listed.fetch(ctx)
        assert pdq_value(1).hex not in listed.held()

    def test_who_was_never_given_a_value_is_not_told_of_its_end(self, ctx: Context) -> None:
        listed = List(partner(ctx))
        (opened,) = reported(ctx, 1)
        withdraw(ctx, opened)
        listed.fetch(ctx)
        assert (SignalType.PDQ, pdq_value(1).hex) not in listed.records

    def test_a_value_of_two_contents_is_taken_back_with_the_last(
        self, each_ctx: Context, listed: List
    ) -> None:
        first, second = reported(each_ctx, 1, 1)
        listed.fetch(each_ctx)
        withdraw(each_ctx, first)
        listed.fetch(each_ctx)
        record = listed.records[SignalType.PDQ, pdq_value(1).hex]
        assert record.status is ListStatus.ACTIVE
        assert sorted(record.cases.values()) == [ListStatus.ACTIVE, ListStatus.WITHDRAWN]
        withdraw(each_ctx, second)
        listed.fetch(each_ctx)
        assert pdq_value(1).hex not in listed.held()

    def test_what_is_not_shared_any_more_is_taken_back_and_may_come_again(
        self, ctx: Context
    ) -> None:
        listed = List(partner(ctx))
        (opened,) = reported(ctx, 1)
        item_id = opened.case.items[0].id
        listed.fetch(ctx)
        for kinds in (frozenset({PartnerKind.COMMUNITY}), frozenset(PartnerKind)):
            workflows.share_item(
                ctx, person(opened), item_id=item_id, wish=SharingWish(kinds), ages=AgeFacts()
            )
            listed.fetch(ctx)
            is_told = PartnerKind.PLATFORM in kinds
            assert (pdq_value(1).hex in listed.held()) is is_told
            status = listed.records[SignalType.PDQ, pdq_value(1).hex].status
            assert status is (ListStatus.ACTIVE if is_told else ListStatus.DELETED)

    @pytest.mark.parametrize("change", ["off", "limited", "allow"])
    def test_a_bank_that_it_may_not_be_told_of_any_more_is_taken_back_whole(
        self, ctx: Context, change: str
    ) -> None:
        listed = List(partner(ctx))
        workflows.create_bank(ctx, OPERATOR, name="extra")
        workflows.add_to_bank(ctx, OPERATOR, bank_name="extra", signals=[pdq_value(1)])
        listed.fetch(ctx)
        assert pdq_value(1).hex in listed.held()
        facts = {
            "off": {"is_on": False},
            "limited": {"is_limited": True},
            "allow": {"policy": BankPolicy.ALLOW},
        }[change]
        workflows.change_bank(ctx, OPERATOR, name="extra", **facts)
        listed.fetch(ctx, limit=1)
        assert pdq_value(1).hex not in listed.held()

    def test_what_is_kept_for_a_partner_that_never_comes_ends_after_30_days(
        self, ctx: Context
    ) -> None:
        listed = List(partner(ctx))
        (opened,) = reported(ctx, 1)
        listed.fetch(ctx)
        before = kept(ctx)
        withdraw(ctx, opened)
        assert forget_stale_lists(ctx) == 0
        with ctx.database.write() as tx:
            gone = bank.withdrawn_before(
                tx, exchange.handed_entries(tx, after=0), utc_now() + timedelta(days=30)
            )
            assert exchange.forget_entries(tx, gone) == 1
        assert kept(ctx) == before - 1


class TestWhatIsTold:
    def test_nothing_that_may_not_be_told(self, ctx: Context) -> None:
        listed = List(partner(ctx, kind=PartnerKind.ADULT_SITE))
        grown = AgeFacts(under_18_when_taken=False, under_19_kr=False)
        report(ctx, ReportedItem(MediaKind.IMAGE, (pdq_value(1),), ages=grown))
        reported(ctx, 2)
        workflows.create_bank(ctx, OPERATOR, name="hidden", is_limited=True)
        workflows.add_to_bank(ctx, OPERATOR, bank_name="hidden", signals=[pdq_value(3)])
        listed.fetch(ctx)
        told = listed.held() - own_values(ctx, listed.actor)
        assert pdq_value(2).hex not in told
        assert pdq_value(3).hex not in told

    def test_pictures_by_pdq_and_videos_by_md5(self, ctx: Context) -> None:
        listed = List(partner(ctx))
        picture_md5, video_md5 = digest(1, SignalType.MD5), digest(2, SignalType.MD5)
        report(ctx, image(pdq_value(1), picture_md5, digest(1)))
        frames = Signal(SignalType.VPDQ, pdq_value(2).value + bytes([100, 0, 0, 0, 0]))
        report(ctx, ReportedItem(MediaKind.VIDEO, (frames, video_md5)))
        report(ctx, image(pdq_value(3, quality=10), digest(3)))
        listed.fetch(ctx)
        told = listed.held() - own_values(ctx, listed.actor)
        assert told == {pdq_value(1).hex, video_md5.hex}

    def test_the_words_for_cases_are_each_partners_own(self, ctx: Context) -> None:
        one, other = List(partner(ctx)), List(partner(ctx, "other"))
        (opened,) = reported(ctx, 1)
        one.fetch(ctx)
        other.fetch(ctx)
        key = (SignalType.PDQ, pdq_value(1).hex)
        assert one.records[key].cases.keys().isdisjoint(other.records[key].cases)
        assert opened.case.number not in str(one.records[key].cases)

    def test_values_made_up_for_it_look_like_all_others(self, ctx: Context) -> None:
        one, other = List(partner(ctx)), List(partner(ctx, "other"))
        reported(ctx, 1)
        one.fetch(ctx)
        made_up = own_values(ctx, one.actor)
        assert made_up <= one.held()
        assert not own_values(ctx, other.actor) & one.held()
        shapes = {(len(record.cases), record.opinions) for record in one.records.values()}
        assert len(shapes) == 1

    def test_nothing_of_another_partner_is_touched(self, ctx: Context) -> None:
        one, other = List(partner(ctx)), List(partner(ctx, "other"))
        (opened,) = reported(ctx, 1)
        one.fetch(ctx)
        other.fetch(ctx)
        withdraw(ctx, opened)
        one.fetch(ctx)
        assert pdq_value(1).hex in other.held()
        other.fetch(ctx)
        assert pdq_value(1).hex not in other.held()


class TestSentBack:
    def test_values_of_its_own_are_matched_once_and_end_when_it_says_so(self, ctx: Context) -> None:
        actor = partner(ctx)
        workflows.create_bank(ctx, OPERATOR, name="theirs")
        workflows.set_bank_access(
            ctx, OPERATOR, name="theirs", partner="list", may_read=True, may_write=True
        )
        ctx.live.catch_up()
        sent = [workflows.Submitted(pdq_value(1)), workflows.Submitted(None, "not a record")]
        for _ in range(2):
            taken = workflows.submit_values(ctx, actor, sent)
            assert (taken.received, taken.taken) == (2, 1)
            assert taken.set_aside == {"not a record": 1}
            ctx.live.catch_up()
        found = workflows.screen_signals(ctx, OPERATOR, [pdq_value(1)])
        assert [match.bank for match in found] == ["theirs"]
        ended = [workflows.Submitted(pdq_value(1), is_taken_back=True)]
        workflows.submit_values(ctx, actor, ended)
        ctx.live.catch_up()
        assert workflows.screen_signals(ctx, OPERATOR, [pdq_value(1)]) == []

    def test_of_what_cannot_be_used_only_so_much_is_noted(self, ctx: Context) -> None:
        actor = partner(ctx)
        ctx.live.catch_up()
        useless = [workflows.Judged(None, None, "not a record")] * 700
        for _ in range(3):
            assert workflows.judge_values(ctx, actor, useless).set_aside == {"not a record": 700}
        with ctx.database.read() as tx:
            assert exchange.count_set_aside(tx, actor.id) == {"not a record": 1000}

    def test_it_takes_back_nothing_of_others(self, ctx: Context) -> None:
        actor = partner(ctx)
        workflows.create_bank(ctx, OPERATOR, name="theirs")
        workflows.set_bank_access(
            ctx, OPERATOR, name="theirs", partner="list", may_read=True, may_write=True
        )
        reported(ctx, 1)
        workflows.add_to_bank(ctx, OPERATOR, bank_name="theirs", signals=[pdq_value(2)])
        ctx.live.catch_up()
        both = [workflows.Submitted(pdq_value(s), is_taken_back=True) for s in (1, 2)]
        workflows.submit_values(ctx, actor, both)
        ctx.live.catch_up()
        for seed in (1, 2):
            assert workflows.screen_signals(ctx, OPERATOR, [pdq_value(seed)])

    def test_what_was_said_of_a_value_is_told_without_names_of_others(self, ctx: Context) -> None:
        one, other = List(partner(ctx)), List(partner(ctx, "other"))
        reported(ctx, 1)
        one.fetch(ctx)
        other.fetch(ctx)
        for actor, value in ((one.actor, Opinion.CONFIRMED), (other.actor, Opinion.NOT_THIS)):
            taken = workflows.judge_values(ctx, actor, [workflows.Judged(pdq_value(1), value)])
            assert (taken.taken, taken.set_aside) == (1, {})
        one.since_s = 10
        one.fetch(ctx)
        said = {
            opinion.value: opinion.source
            for opinion in one.records[SignalType.PDQ, pdq_value(1).hex].opinions
        }
        assert said[Opinion.CONFIRMED] == "list"
        assert said[Opinion.NOT_THIS].startswith("partner-")

    def test_nobody_learns_by_an_opinion_what_is_known(self, ctx: Context) -> None:
        actor = partner(ctx)
        reported(ctx, 1)
        ctx.live.catch_up()
        for seed in (1, 9):
            said = [workflows.Judged(pdq_value(seed), Opinion.CONFIRMED)]
            taken = workflows.judge_values(ctx, actor, said)
            assert taken.taken == 0
            assert taken.set_aside == {"no such value was handed to you": 1}
