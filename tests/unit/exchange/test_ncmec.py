# SPDX-License-Identifier: Apache-2.0
"""Reading NCMEC: whole ranges of time in UTC, entries that go, votes that go back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from defusedxml.ElementTree import fromstring
from installations import digest, pdq_value
from loopback import Answer
from ncmec_server import LOGIN, Entry, NcmecServer, utc
from pulling import NOW, present, pulled, quick_wire, states

from haechi.errors import SourceFailed
from haechi.exchange.partners import PROTOCOLS, SourceConfig, feedback_reasons
from haechi.values import Opinion, SignalType

NCMEC = PROTOCOLS["ncmec"]
PDQ = [pdq_value(seed).hex for seed in range(6)]
MD5 = [digest(seed, SignalType.MD5).hex for seed in range(6)]
SUPPORT = Path(__file__).parents[2] / "support"
XML = "{https://hashsharing.ncmec.org/hashsharing/v2}"


@pytest.fixture
def server() -> NcmecServer:
    return NcmecServer()


@pytest.fixture
def config(server: NcmecServer) -> Iterator[SourceConfig]:
    with server.running() as address:
        yield SourceConfig(address, LOGIN)


def _pdq(number: int, at: int, **more: object) -> Entry:
    return Entry(str(number), at, [("pdq", PDQ[number])], **more)


class TestEntries:
    """What an entry is to us."""

    def test_pictures_and_videos(self, server: NcmecServer, config: SourceConfig) -> None:
        server.entries = [
            Entry("1", 100, [("md5", MD5[0]), ("pdq", PDQ[0].upper()), ("sha1", "ab"), ("pdna", "x")]),
            Entry("2", 101, [("md5", MD5[1]), ("tmk-pdqf", "")], kind="video", member=7),
        ]  # fmt: skip
        (page,) = pulled(NCMEC, config)
        assert states([page]) == {"42-1": "present", "7-2": "present"}
        assert present([page]) == {("md5", MD5[0]), ("pdq", PDQ[0]), ("md5", MD5[1])}
        assert page.skipped == 3, "sha1, pdna, and the large one that is a link"

    @pytest.mark.parametrize("kind", ["deletedImage", "deletedVideo"])
    def test_a_deleted_entry_is_a_withdrawal(
        self, server: NcmecServer, config: SourceConfig, kind: str
    ) -> None:
        server.entries = [Entry("1", 100, (), kind=kind)]
        assert states(pulled(NCMEC, config)) == {"42-1": "gone"}

    def test_an_entry_that_lost_what_we_match_is_gone(
        self, server: NcmecServer, config: SourceConfig
    ) -> None:
        server.entries = [Entry("1", 100, [("sha1", "ab")])]
        assert states(pulled(NCMEC, config)) == {"42-1": "gone"}

    def test_poison_is_set_aside(self, server: NcmecServer, config: SourceConfig) -> None:
        server.entries = [Entry("1", 100, [("pdq", "zz")]), _pdq(1, 101), Entry("", 102)]
        (page,) = pulled(NCMEC, config)
        assert present([page]) == {("pdq", PDQ[1])}
        assert page.set_aside == [("entry 1", "no_fingerprint"), ("entry 3", "no_id")]

    def test_votes_of_members_are_counted(self, server: NcmecServer, config: SourceConfig) -> None:
        server.entries = [_pdq(1, 100, up=(1, 2), down=(3,))]
        ((record,),) = (page.records for page in pulled(NCMEC, config))
        assert (record.confirmed, record.doubted, record.is_confirmed) == (2, 1, True)

    def test_only_some_members(self, server: NcmecServer, config: SourceConfig) -> None:
        server.entries = [_pdq(1, 100, member=1), _pdq(2, 101, member=2)]
        only = SourceConfig(config.address, LOGIN, {"only_members": [2]})
        NCMEC.check(only)
        assert states(pulled(NCMEC, only)) == {"2-2": "present"}


class TestRanges:
    """Entries do not come by time: a range counts when it was read to its end."""

    def test_the_checkpoint_moves_only_after_the_whole_range(
        self, server: NcmecServer, config: SourceConfig
    ) -> None:
        server.page_size = 2
        # The newest comes first.
        server.entries = [_pdq(number, 900 - number) for number in range(5)]
        pages = pulled(NCMEC, config)
        assert [page.checkpoint["start"] for page in pages[:-1]] == [0, 0]
        assert pages[-1].is_complete
        end = int(NOW.timestamp()) - 5
        assert pages[-1].checkpoint == {"start": end - 60, "upto": 0, "next": "", "next_at": 0}
        assert len(present(pages)) == 5

    def test_broken_off_it_goes_on_by_its_link_in_the_same_range(
        self, server: NcmecServer, config: SourceConfig
    ) -> None:
        server.page_size = 2
        server.entries = [_pdq(number, 900 - number) for number in range(5)]
        first = pulled(NCMEC, config)[0]
        later = NOW + timedelta(hours=11)
        rest = pulled(NCMEC, config, first.checkpoint, now=later)
        assert len(present(rest)) == 3
        assert {asked.query["to"] for asked in server.asked} == {utc(int(NOW.timestamp()) - 5)}

    def test_a_link_is_good_for_twelve_hours(
        self, server: NcmecServer, config: SourceConfig
    ) -> None:
        server.page_size = 2
        server.entries = [_pdq(number, 900 - number) for number in range(5)]
        first = pulled(NCMEC, config)[0]
        again = pulled(NCMEC, config, first.checkpoint, now=NOW + timedelta(hours=13))
        assert len(present(again)) == 5

    def test_a_link_that_is_refused_begins_the_range_anew(
        self, server: NcmecServer, config: SourceConfig
    ) -> None:
        server.page_size = 2
        server.entries = [_pdq(number, 900 - number) for number in range(5)]
        first = pulled(NCMEC, config)[0]
        server.before = [Answer(404)]
        assert len(present(pulled(NCMEC, config, first.checkpoint))) == 5

    def test_links_that_are_never_taken_end_it(
        self, server: NcmecServer, config: SourceConfig
    ) -> None:
        server.page_size = 1
        server.entries = [_pdq(1, 100), _pdq(2, 101)]
        real = server._page
        server._page = lambda asked: Answer(404) if "start" in asked.query else real(asked)
        with pytest.raises(SourceFailed) as caught:
            pulled(NCMEC, config)
        assert caught.value.params == {"word": "endless"}

    @pytest.mark.parametrize(
        "prefix", ["https://elsewhere.example", "//elsewhere.example", "/v1", "/../admin"]
    )
    def test_a_link_that_leads_elsewhere_is_not_followed(
        self, server: NcmecServer, config: SourceConfig, prefix: str
    ) -> None:
        server.page_size = 1
        server.entries = [_pdq(1, 100), _pdq(2, 101)]
        server.next_prefix = prefix
        with pytest.raises(SourceFailed) as caught:
            pulled(NCMEC, config)
        assert caught.value.params == {"word": "elsewhere"}
        assert len(server.asked) == 1

    def test_a_whole_link_home_is_followed(self, server: NcmecServer, config: SourceConfig) -> None:
        server.page_size = 1
        server.entries = [_pdq(1, 100), _pdq(2, 101)]
        server.next_prefix = config.address
        assert len(present(pulled(NCMEC, config))) == 2

    def test_an_answer_that_is_cut_off_is_asked_for_again(
        self, server: NcmecServer, config: SourceConfig
    ) -> None:
        server.entries = [_pdq(1, 100)]
        server.before = [Answer(body=b"<queryResult><images>"), Answer(body=b"")]
        assert present(pulled(NCMEC, config)) == {("pdq", PDQ[1])}

    def test_an_answer_that_unfolds_is_not_read(
        self, server: NcmecServer, config: SourceConfig
    ) -> None:
        bomb = b'<!DOCTYPE a [<!ENTITY b "b">]><queryResult>&b;</queryResult>'
        server.before = [Answer(body=bomb)] * 5
        with pytest.raises(SourceFailed) as caught:
            pulled(NCMEC, config)
        assert caught.value.params == {"word": "truncated"}

    def test_wrong_passphrase(self, config: SourceConfig) -> None:
        wrong = SourceConfig(config.address, {**LOGIN, "password": "no"})
        with pytest.raises(SourceFailed) as caught:
            pulled(NCMEC, wrong)
        assert caught.value.params == {"word": "denied"}


_CHILD = """
import sys, time
sys.path.insert(0, sys.argv[1])
from pulling import NOW, pulled
from ncmec_server import LOGIN, NcmecServer
from haechi.exchange.partners import PROTOCOLS, SourceConfig
server = NcmecServer()
with server.running() as address:
    pulled(PROTOCOLS["ncmec"], SourceConfig(address, LOGIN), {"start": 86400, "upto": 0, "next": "", "next_at": 0})
print(time.tzname[0], server.asked[0].query["from"], server.asked[0].query["to"])
"""


def test_defect_10_times_are_utc_wherever_the_machine_stands() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(SUPPORT)],
        env={**os.environ, "TZ": "Asia/Seoul"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    name, since, until = done.stdout.split()
    assert name == "KST", "the child does stand there"
    assert (since, until) == ("1970-01-02T00:00:00Z", "2026-11-24T11:59:55Z")


class TestVotes:
    """What goes back to it."""

    def test_defect_10_reasons_are_read_where_the_list_is_the_whole_answer(
        self, server: NcmecServer, config: SourceConfig
    ) -> None:
        server.reasons = {"g-1": "Example Reason", "g-2": "Another"}
        with quick_wire() as wire:
            assert feedback_reasons(config, "PDQ", wire) == server.reasons

    def test_reasons_that_stand_within_an_answer(
        self, server: NcmecServer, config: SourceConfig
    ) -> None:
        inner = b'<availableFeedbackReasons><reason guid="g" name="n"/></availableFeedbackReasons>'
        server.before = [Answer(body=b"<queryResult>" + inner + b"</queryResult>")]
        with quick_wire() as wire:
            assert feedback_reasons(config, "PDQ", wire) == {"g": "n"}

    def _vote(self, server: NcmecServer, config: SourceConfig, opinion: Opinion) -> None:
        server.entries = [Entry("a/b", 100, [("pdq", PDQ[0]), ("md5", MD5[0])])]
        (page,) = pulled(NCMEC, config)
        with quick_wire() as wire:
            NCMEC.send(config, page.records[0].reference, opinion, wire)

    def test_for_it(self, server: NcmecServer, config: SourceConfig) -> None:
        self._vote(server, config, Opinion.CONFIRMED)
        assert [path for path, _ in server.votes] == [
            "/v2/entries/42/a%2Fb/MD5/feedback", "/v2/entries/42/a%2Fb/PDQ/feedback"
        ]  # fmt: skip
        root = fromstring(server.votes[0][1])
        assert (root.tag, [child.tag for child in root]) == (
            f"{XML}feedbackSubmission", [f"{XML}affirmative"]
        )  # fmt: skip
        put = next(asked for asked in server.asked if asked.method == "PUT")
        assert put.headers["content-type"] == "application/xml; charset=utf-8"

    @pytest.mark.parametrize("opinion", [Opinion.NOT_THIS, Opinion.DISPUTED])
    def test_against_it_with_the_only_reason(
        self, server: NcmecServer, config: SourceConfig, opinion: Opinion
    ) -> None:
        self._vote(server, config, opinion)
        root = fromstring(server.votes[0][1])
        assert root.findtext(f"{XML}negative/{XML}reasonIds/{XML}guid") == "g-1"

    def test_of_several_reasons_somebody_names_one(
        self, server: NcmecServer, config: SourceConfig
    ) -> None:
        server.reasons = {"g-1": "Example Reason", "g-2": "Another"}
        with pytest.raises(SourceFailed) as caught:
            self._vote(server, config, Opinion.NOT_THIS)
        assert caught.value.params == {"word": "reason_needed"}
        assert server.votes == []
        named = SourceConfig(config.address, LOGIN, {"negative_reason": "another"})
        self._vote(server, named, Opinion.NOT_THIS)
        assert b"g-2" in server.votes[0][1]
