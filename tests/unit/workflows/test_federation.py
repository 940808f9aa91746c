# SPDX-License-Identifier: Apache-2.0
"""From one Haechi to another: the real feed of the one, pulled by the other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from installations import OPERATOR, context_on, image, pdq_value, person, report
from loopback import Answer, Asked, serving

from haechi import bank, exchange, review
from haechi.errors import FeedCompacted, SourceFailed
from haechi.exchange import SourceRecords
from haechi.exchange.partners import Record, RecordState
from haechi.storage import Keys
from haechi.values import Actor, Opinion
from haechi.workflows import (
    Context,
    actor_of_token,
    add_source,
    admit_partner,
    pull_source,
    read_changes,
    receipt_key_pem,
    send_opinions,
    withdraw_item,
)
from haechi.workflows._opinions import Said, give_opinions

OTHER = Keys(master=b"n" * 32, signing=b"t" * 32)


@pytest.fixture
def theirs(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Context]:
    """The one that is pulled from, with keys of its own."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    shutil.copyfile(migrated_sqlite, folder / "haechi.sqlite3")
    url = f"sqlite:///{folder / 'haechi.sqlite3'}"
    with context_on(url, folder, keys=OTHER) as opened:
        yield opened


@pytest.fixture
def ours(sqlite_url: str, tmp_path: Path) -> Iterator[Context]:
    with context_on(sqlite_url, tmp_path, reach_private=1) as opened:
        yield opened


class Service:
    """Their two routes, by their own verbs; `compacted` refuses to go on from anywhere, once."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        _, self.token = admit_partner(ctx, OPERATOR, name="us", scopes=["changes", "opinions"])
        self.compacted = False

    def answer(self, asked: Asked) -> Answer:
        actor = actor_of_token(self._ctx, asked.headers["authorization"].removeprefix("Bearer "))
        if actor is None:
            return Answer(401)
        return self._opinions(actor, asked) if asked.method == "POST" else self._page(actor, asked)

    def _page(self, actor: Actor, asked: Asked) -> Answer:
        told = asked.query
        if self.compacted and told.get("after"):
            self.compacted = False
            return Answer(410)
        try:
            page = read_changes(
                self._ctx, actor, after=told.get("after", ""), feed=told.get("feed", ""), limit=2
            )
        except FeedCompacted:
            return Answer(410)
        return Answer(body=page.body, headers={"Haechi-Signature": page.signature})

    def _opinions(self, actor: Actor, asked: Asked) -> Answer:
        rows = json.loads(asked.body)["opinions"]
        said = [Said(Opinion(row["opinion"]), content_id=row["content"]) for row in rows]
        give_opinions(self._ctx, actor, said)
        return Answer(body=b"{}")


@pytest.fixture
def service(theirs: Context) -> Service:
    return Service(theirs)


@pytest.fixture
def address(service: Service) -> Iterator[str]:
    with serving(service.answer) as running:
        yield running


def _follow(ours: Context, service: Service, address: str, pem: str, **more: object) -> None:
    add_source(
        ours, OPERATOR, name="them", protocol="haechi", address=address,
        credentials={"token": service.token}, options={"public_key": pem}, **more,
    )  # fmt: skip


def _values(ctx: Context) -> set[str]:
    with ctx.database.read() as tx:
        found = bank.bank_named(tx, "them")
        rows = bank.contents_of(tx, found.id, limit=5000)
        signals = bank.signals_of(tx, ctx.vault, [row.entry_id for row in rows])
    return {signal.hex for told in signals.values() for signal in told}


def test_a_report_and_its_withdrawal_arrive(
    ours: Context, theirs: Context, service: Service, address: str
) -> None:
    _follow(ours, service, address, receipt_key_pem(theirs))
    opened = [report(theirs, image(pdq_value(seed))) for seed in range(5)]
    pull_source(ours, OPERATOR, name="them")
    wanted = {pdq_value(seed).hex for seed in range(5)}
    assert wanted <= _values(ours)
    assert len(_values(ours)) > len(wanted), "and the values that were made up for us"
    withdraw_item(theirs, person(opened[3]), item_id=opened[3].case.items[0].id)
    assert pull_source(ours, OPERATOR, name="them").gone == 1
    assert pdq_value(3).hex not in _values(ours)


def test_a_feed_that_does_not_go_on_is_read_whole_and_the_gap_is_withdrawn(
    ours: Context, theirs: Context, service: Service, address: str
) -> None:
    _follow(ours, service, address, receipt_key_pem(theirs))
    report(theirs, image(pdq_value(1)))
    pull_source(ours, OPERATOR, name="them")
    lost = _values(ours)
    with ours.database.write() as tx:
        # One that they no longer have, of whose end we were not told.
        found = exchange.source_named(tx, "them")
        gone = Record("con_gone", RecordState.PRESENT, (pdq_value(99),))
        content_id = bank.add_content(
            tx, ours.vault, bank_id=found.bank_id,
            key_id=bank.bank_key(tx, ours.vault, found.bank_id), signals=gone.signals,
        )  # fmt: skip
        SourceRecords(tx, ours.vault, found).put([(gone, content_id)], round_number=1)
    service.compacted = True
    assert pull_source(ours, OPERATOR, name="them").gone == 1
    assert _values(ours) == lost


def test_another_key_is_not_believed(ours: Context, service: Service, address: str) -> None:
    _follow(ours, service, address, receipt_key_pem(ours))
    with pytest.raises(SourceFailed) as caught:
        pull_source(ours, OPERATOR, name="them")
    assert caught.value.params == {"word": "not_signed"}
    assert _values(ours) == set()


def test_an_opinion_goes_back_to_where_it_came_from(
    ours: Context, theirs: Context, service: Service, address: str
) -> None:
    _follow(ours, service, address, receipt_key_pem(theirs), sends_opinions=True)
    opened = report(theirs, image(pdq_value(1)))
    pull_source(ours, OPERATOR, name="them")
    with ours.database.write() as tx:
        found = bank.bank_named(tx, "them")
        rows = bank.contents_of(tx, found.id)
        signals = bank.signals_of(tx, ours.vault, [row.entry_id for row in rows])
        (content_id,) = (row.id for row in rows if signals[row.entry_id][0] == pdq_value(1))
        assert exchange.queue_opinion(tx, content_id, Opinion.DISPUTED)
    assert send_opinions(ours, OPERATOR, name="them").sent == 1
    with theirs.database.read() as tx:
        given = review.latest_opinions(tx, opened.case.items[0].content_id)
    assert [one.value for one in given.values()] == [Opinion.DISPUTED]
