# SPDX-License-Identifier: Apache-2.0
"""A follower holds exactly what its partner may be told of, whatever happens to either side."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from installations import context_on

from haechi import bank
from haechi.errors import BrokenStore, FeedCompacted
from haechi.follower import FeedPage, HeldSet
from haechi.follower._wire import read_page
from haechi.storage import Database
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
    utc_now,
)
from haechi.workflows import Context, read_changes

PAGE = 4
READERS = {
    "ptn_a": Reader(PartnerKind.PLATFORM, serves_adults_only=False, partner_id="ptn_a"),
    "ptn_b": Reader(PartnerKind.COMMUNITY, serves_adults_only=True, partner_id="ptn_b"),
}
SHARINGS = st.builds(
    Sharing,
    st.frozensets(st.sampled_from([PartnerKind.PLATFORM, PartnerKind.COMMUNITY])),
    # Long over, or not in this test's time: what ends in between is another test's matter.
    st.sampled_from([None, timedelta(hours=-1), timedelta(hours=1)]).map(
        lambda ends: None if ends is None else utc_now() + ends
    ),
    reaches_adult_services=st.booleans(),
)
REGIONS = b"\x01\xff\xff\xff\xff" + b"R" * 38


@dataclass
class Content:
    bank_id: str
    sharing: Sharing
    value: Signal
    status: ContentStatus = ContentStatus.ACTIVE
    is_quarantined: bool = False


@dataclass
class Bank:
    policy: BankPolicy = BankPolicy.BLOCK
    is_on: bool = True
    is_limited: bool = False
    readers: frozenset[str] = frozenset()
    canary_of: str = ""

    def is_open_to(self, partner_id: str) -> bool:
        if self.canary_of:
            return self.is_on and partner_id == self.canary_of
        return self.is_on and (not self.is_limited or partner_id in self.readers)


class Following(RuleBasedStateMachine):
    """A bank that changes, and two partners' followers that read it in small pages and crash."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="haechi-follower-"))
        url = f"sqlite:///{self.folder / 'haechi.sqlite3'}"
        with Database(url) as database:
            database.migrate()
        self.ctx: Context = context_on(url, self.folder)
        self.contents: dict[str, Content] = {}
        self.banks: dict[str, Bank] = {}
        self.held: dict[str, HeldSet] = {}
        self.public_key = b""
        self.count = 0

    @initialize()
    def begin(self) -> None:
        for partner_id in READERS:
            self.held[partner_id] = HeldSet(self.folder / partner_id)
        with self.ctx.database.write() as tx:
            self.key_id = self.ctx.vault.new_key(tx)
            for name in ("one", "two"):
                self.banks[bank.create_bank(tx, name).id] = Bank()
            own = bank.canary_bank(tx, "ptn_b", policy=BankPolicy.REVIEW)
            self.banks[own.id] = Bank(BankPolicy.REVIEW, canary_of="ptn_b")

    def teardown(self) -> None:
        for held in self.held.values():
            held.close()
        self.ctx.close()
        shutil.rmtree(self.folder)

    # The bank changes.

    @rule(data=st.data(), sharing=SHARINGS)
    def report(self, data: st.DataObject, sharing: Sharing) -> None:
        bank_id = data.draw(st.sampled_from(list(self.banks)))
        self.count += 1
        value = Signal(SignalType.PDQ, self.count.to_bytes(2) * 16, 100)
        with self.ctx.database.write() as tx:
            made = bank.add_content(
                tx,
                self.ctx.vault,
                bank_id=bank_id,
                key_id=self.key_id,
                signals=[value, Signal(SignalType.RPDQ, REGIONS)],
                sharing=sharing,
            )
        self.contents[made] = Content(bank_id, sharing, value)

    def _living(self, data: st.DataObject) -> str | None:
        living = [
            content_id
            for content_id, content in self.contents.items()
            if content.status is not ContentStatus.WITHDRAWN
        ]
        return data.draw(st.sampled_from(living)) if living else None

    @rule(data=st.data(), status=st.sampled_from(ContentStatus))
    def decide(self, data: st.DataObject, status: ContentStatus) -> None:
        content_id = self._living(data)
        if content_id is not None:
            with self.ctx.database.write() as tx:
                bank.set_status(tx, content_id, status)
            self.contents[content_id].status = status

    @rule(data=st.data(), sharing=SHARINGS)
    def share(self, data: st.DataObject, sharing: Sharing) -> None:
        content_id = self._living(data)
        if content_id is not None:
            with self.ctx.database.write() as tx:
                bank.set_sharing(tx, content_id, sharing)
            self.contents[content_id].sharing = sharing

    @rule(data=st.data())
    def flood(self, data: st.DataObject) -> None:
        content_id = self._living(data)
        if content_id is not None:
            is_quarantined = not self.contents[content_id].is_quarantined
            with self.ctx.database.write() as tx:
                (bank.quarantine if is_quarantined else bank.lift_quarantine)(tx, content_id)
            self.contents[content_id].is_quarantined = is_quarantined

    @rule(
        data=st.data(),
        is_on=st.booleans(),
        is_limited=st.booleans(),
        policy=st.sampled_from([BankPolicy.BLOCK, BankPolicy.REVIEW]),
        readers=st.frozensets(st.sampled_from(sorted(READERS))),
    )
    def change_bank(
        self,
        data: st.DataObject,
        is_on: bool,
        is_limited: bool,
        policy: BankPolicy,
        readers: frozenset[str],
    ) -> None:
        known = [bank_id for bank_id, one in self.banks.items() if not one.canary_of]
        bank_id = data.draw(st.sampled_from(known))
        with self.ctx.database.write() as tx:
            bank.change_bank(tx, bank_id, is_on=is_on, is_limited=is_limited, policy=policy)
            for partner_id in READERS:
                may_read = partner_id in readers
                bank.set_access(tx, bank_id, partner_id, may_read=may_read, may_write=False)
            bank.touch_bank(tx, bank_id)
        self.banks[bank_id] = Bank(policy, is_on, is_limited, readers)

    @rule(limit=st.integers(1, 20))
    def compact(self, limit: int) -> None:
        with self.ctx.database.write() as tx:
            bank.drop_superseded(tx, limit=limit)

    @rule(limit=st.integers(1, 20))
    def forget_withdrawals(self, limit: int) -> None:
        with self.ctx.database.write() as tx:
            bank.drop_tombstones(tx, before=utc_now() + timedelta(days=1), limit=limit)

    # The followers follow.

    def _page(self, partner_id: str) -> FeedPage | None:
        facts = self.held[partner_id].facts
        actor = Actor(ActorKind.PARTNER, partner_id, frozenset({"changes"}), READERS[partner_id])
        try:
            signed = read_changes(self.ctx, actor, after=facts.cursor, feed=facts.feed, limit=PAGE)
        except FeedCompacted:
            self.held[partner_id].begin_round()
            return None
        self._never_tells_too_much(partner_id, signed.body)
        return read_page(signed.body)

    def _never_tells_too_much(self, partner_id: str, body: bytes) -> None:
        assert b"rpdq" not in body
        assert REGIONS.hex().encode() not in body
        told = self._told(partner_id)
        for content_id, content in self.contents.items():
            if content_id not in told:
                assert content.value.hex.encode() not in body
            if self.banks[content.bank_id].canary_of not in ("", partner_id):
                assert content_id.encode() not in body

    @rule(partner_id=st.sampled_from(sorted(READERS)), twice=st.booleans())
    def turn(self, partner_id: str, twice: bool) -> None:
        page = self._page(partner_id)
        if page is not None:
            self.held[partner_id].apply(page)
            if twice:
                self.held[partner_id].apply(page)

    @rule(partner_id=st.sampled_from(sorted(READERS)), saves=st.booleans())
    def restart(self, partner_id: str, saves: bool) -> None:
        if saves:
            self.held[partner_id].save()
        self.held[partner_id].close()
        self.held[partner_id] = HeldSet(self.folder / partner_id)

    @rule(partner_id=st.sampled_from(sorted(READERS)), step=st.sampled_from(["put", "note"]))
    def crash(self, partner_id: str, step: str) -> None:
        """The disk is full, or the power goes, in the middle of a page."""
        held = self.held[partner_id]
        page = self._page(partner_id)
        if page is None:
            return

        def fail(*_: Any, **__: Any) -> None:
            raise BrokenStore(reason="full")

        setattr(held._store, step, fail)
        with suppress(BrokenStore):
            held.apply(page)
        held.close()
        self.held[partner_id] = HeldSet(self.folder / partner_id)

    @rule(partner_id=st.sampled_from(sorted(READERS)))
    def lose_the_index(self, partner_id: str) -> None:
        self.held[partner_id].close()
        (self.folder / partner_id / "follower.index").unlink(missing_ok=True)
        self.held[partner_id] = HeldSet(self.folder / partner_id)

    def _told(self, partner_id: str) -> set[str]:
        """Who may be told of what, by the rules in words: nothing of the code under test."""
        reader, now = READERS[partner_id], utc_now()
        return {
            content_id
            for content_id, content in self.contents.items()
            if content.status is ContentStatus.ACTIVE
            and self.banks[content.bank_id].is_open_to(partner_id)
            and (
                self.banks[content.bank_id].canary_of == partner_id
                or content.sharing.reaches(reader, now)
            )
        }

    @rule(partner_id=st.sampled_from(sorted(READERS)))
    @precondition(lambda self: self.contents)
    def level(self, partner_id: str) -> None:
        """Read to the end: the sets are equal, and so is what each content means."""
        held = self.held[partner_id]
        while (page := self._page(partner_id)) is None or (
            held.apply(page) or held.cursor.seq < page.head or held.facts.is_round_open
        ):
            pass
        held.forget_ended()
        told = self._told(partner_id)
        assert held.content_ids() == told
        assert held.count() == len(told)
        assert len(held.view()) == len(told)
        for content_id, content in self.contents.items():
            found = {match.content: match for match in held.matches([content.value])}
            assert (content_id in found) == (content_id in told)
            if content_id in told:
                policy = self.banks[content.bank_id].policy
                expected = BankPolicy.REVIEW if content.is_quarantined else policy
                assert found[content_id].policy is expected


Following.TestCase.settings = hypothesis_settings(
    max_examples=25, stateful_step_count=30, deadline=None
)
TestFollowing = Following.TestCase
