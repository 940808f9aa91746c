# SPDX-License-Identifier: Apache-2.0
"""Reading StopNCII: what has gone has gone, and nothing that is odd stops the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from installations import digest, pdq_value
from loopback import Answer
from pulling import present, pulled, quick_wire, states
from stopncii_server import (
    FEEDBACK_KEY,
    KEYS,
    SUBMIT_KEY,
    StopNciiServer,
    feedback,
    hash_record,
)

from haechi.errors import MalformedField, SourceFailed
from haechi.exchange.partners import PROTOCOLS, SourceConfig, submit_hashes
from haechi.values import Opinion, SignalType

STOPNCII = PROTOCOLS["stopncii"]
A, B, C = (pdq_value(seed).hex for seed in range(3))
MD5 = digest(1, SignalType.MD5)


@pytest.fixture
def server() -> StopNciiServer:
    return StopNciiServer()


@pytest.fixture
def config(server: StopNciiServer) -> Iterator[SourceConfig]:
    with server.running() as address:
        yield SourceConfig(address, KEYS)


def _key(value: str) -> str:
    return f"pdq:{value}"


class TestWithdrawn:
    """Defect 1: what a person took back must stop matching."""

    @pytest.mark.parametrize("status", ["Withdrawn", "Deleted"])
    def test_defect_1_a_withdrawn_hash_status_is_gone(
        self, server: StopNciiServer, config: SourceConfig, status: str
    ) -> None:
        server.records = [hash_record(A, 20, hashStatus=status), hash_record(B, 21)]
        assert states(pulled(STOPNCII, config)) == {_key(A): "gone", _key(B): "present"}

    @pytest.mark.parametrize("status", ["Withdrawn", "Deleted"])
    def test_every_case_withdrawn_is_gone_whatever_the_whole_says(
        self, server: StopNciiServer, config: SourceConfig, status: str
    ) -> None:
        cases = {"one": status, "two": "Withdrawn"}
        server.records = [hash_record(A, 20, caseNumbers=cases)]
        assert states(pulled(STOPNCII, config)) == {_key(A): "gone"}

    def test_what_another_person_still_reports_stays(
        self, server: StopNciiServer, config: SourceConfig
    ) -> None:
        server.records = [hash_record(A, 20, caseNumbers={"one": "Withdrawn", "two": "Active"})]
        assert states(pulled(STOPNCII, config)) == {_key(A): "present"}

    def test_feedback_of_a_service_that_withdrew_only_its_feedback(
        self, server: StopNciiServer, config: SourceConfig
    ) -> None:
        server.records = [hash_record(A, 20, CSPFeedbacks=[feedback("Withdrawn")])]
        assert states(pulled(STOPNCII, config)) == {_key(A): "present"}


class TestOdd:
    """Words, forms and values that nobody wrote down."""

    def test_defect_2_an_unknown_feedback_drops_nothing(
        self, server: StopNciiServer, config: SourceConfig
    ) -> None:
        words = [feedback("BrandNew"), feedback("Blocked"), {"source": "x"}, "no object", None]
        server.records = [hash_record(A, 20, CSPFeedbacks=words)]
        (page,) = pulled(STOPNCII, config)
        assert present([page]) == {("pdq", A)}
        assert page.records[0].is_confirmed

    def test_an_unknown_status_counts_as_there(
        self, server: StopNciiServer, config: SourceConfig
    ) -> None:
        server.records = [hash_record(A, 20, hashStatus="Paused", caseNumbers={"one": "Paused"})]
        assert present(pulled(STOPNCII, config)) == {("pdq", A)}

    def test_defect_3_uppercase_is_the_same_hash(
        self, server: StopNciiServer, config: SourceConfig
    ) -> None:
        server.records = [hash_record(A.upper(), 20), hash_record(f"{B}\n", 21)]
        pages = pulled(STOPNCII, config)
        assert present(pages) == {("pdq", A), ("pdq", B)}
        server.records = [hash_record(A, 30, hashStatus="Deleted")]
        assert states(pages + pulled(STOPNCII, config))[_key(A)] == "gone"

    @pytest.mark.parametrize(
        "cases", [[], {}, None, "x", ["one"], [{"status": "Active"}], 7, [{"caseStatus": None}]]
    )
    def test_cases_in_any_form(
        self, server: StopNciiServer, config: SourceConfig, cases: object
    ) -> None:
        server.records = [hash_record(A, 20, caseNumbers=cases)]
        assert present(pulled(STOPNCII, config)) == {("pdq", A)}

    def test_cases_as_a_list_that_are_all_withdrawn(
        self, server: StopNciiServer, config: SourceConfig
    ) -> None:
        server.records = [hash_record(A, 20, caseNumbers=[{"id": "1", "status": "Withdrawn"}])]
        assert states(pulled(STOPNCII, config)) == {_key(A): "gone"}

    def test_poison_is_set_aside_and_the_rest_is_taken(
        self, server: StopNciiServer, config: SourceConfig
    ) -> None:
        server.records = [
            hash_record("zz", 20),
            hash_record(A, 21),
            hash_record(A, 22, signalType="Hologram"),
            hash_record(MD5.hex, 23, signalType="VideoMD5"),
            {"lastModtimestamp": 24},
            hash_record(B, 25, signalType="StopNCIISignalType.ImagePDQ"),
        ]
        (page,) = pulled(STOPNCII, config)
        assert present([page]) == {("pdq", A), ("md5", MD5.hex), ("pdq", B)}
        assert page.set_aside == [("record 1", "no_fingerprint")]
        assert page.skipped == 2

    def test_nothing_of_a_hash_shows(self, server: StopNciiServer, config: SourceConfig) -> None:
        server.records = [hash_record(A, 20), hash_record("zz", 21)]
        (page,) = pulled(STOPNCII, config)
        told = repr(page) + repr(config)
        assert A not in told
        assert "zz" not in told
        assert not any(secret in told for secret in KEYS.values())
        assert config.address not in told


class TestPages:
    """Where a pull begins, goes on and ends."""

    def test_the_first_pull_begins_at_ten_and_the_next_where_it_was_told(
        self, server: StopNciiServer, config: SourceConfig
    ) -> None:
        server.records = [hash_record(A, 20), hash_record(B, 33)]
        (page,) = pulled(STOPNCII, config)
        assert server.asked[0].query == {"startTimestamp": "10", "pageSize": "800"}
        assert page.is_complete
        server.records.append(hash_record(C, 40))
        later = pulled(STOPNCII, config, page.checkpoint)
        assert server.asked[1].query["startTimestamp"] == "33"
        assert present(later) == {("pdq", B), ("pdq", C)}, (
            "what was told at that second comes again"
        )

    def test_pages_by_their_tokens(self, server: StopNciiServer, config: SourceConfig) -> None:
        server.page_size = 1
        server.records = [hash_record(A, 20), hash_record(B, 21), hash_record(C, 22)]
        pages = pulled(STOPNCII, config)
        assert [page.is_complete for page in pages] == [False, False, True]
        assert [asked.query.get("nextPageToken") for asked in server.asked] == [None, "1", "2"]
        assert {asked.query["startTimestamp"] for asked in server.asked} == {"10"}
        resumed = pulled(STOPNCII, config, pages[0].checkpoint)
        assert present(resumed) == {("pdq", B), ("pdq", C)}

    def test_a_token_that_is_no_longer_taken_begins_its_range_anew(
        self, server: StopNciiServer, config: SourceConfig
    ) -> None:
        server.page_size = 2
        server.records = [hash_record(A, 20), hash_record(B, 21), hash_record(C, 22)]
        first = pulled(STOPNCII, config)[0]
        server.refuses_tokens = True
        server.page_size = 800
        assert present(pulled(STOPNCII, config, first.checkpoint)) == {
            ("pdq", A), ("pdq", B), ("pdq", C)
        }  # fmt: skip

    def test_tokens_that_are_never_taken_end_it(
        self, server: StopNciiServer, config: SourceConfig
    ) -> None:
        server.page_size, server.refuses_tokens = 1, True
        server.records = [hash_record(A, 20), hash_record(B, 21)]
        with pytest.raises(SourceFailed) as caught:
            pulled(STOPNCII, config)
        assert caught.value.params == {"word": "endless"}

    def test_it_never_goes_back(self, server: StopNciiServer, config: SourceConfig) -> None:
        body = {"count": 0, "hashRecords": [], "hasMoreRecords": False, "nextSetTimestamp": 3}
        server.before = [Answer(body=json.dumps(body).encode())]
        (page,) = pulled(STOPNCII, config, {"start": 50, "token": "", "following": 0})
        assert page.checkpoint["start"] == 50

    @pytest.mark.parametrize("token", [None, "again"])
    def test_more_without_a_way_to_it_ends_instead_of_turning_in_circles(
        self, server: StopNciiServer, config: SourceConfig, token: str | None
    ) -> None:
        body = {
            "count": 0, "hashRecords": [], "hasMoreRecords": True, "nextPageToken": token,
            "nextSetTimestamp": 10,
        }  # fmt: skip
        server.before = [Answer(body=json.dumps(body).encode())] * 9
        with pytest.raises(SourceFailed) as caught:
            pulled(STOPNCII, config)
        assert caught.value.params == {"word": "endless"}
        assert len(server.asked) <= 2

    def test_a_page_that_is_cut_off_comes_in_smaller_ones(
        self, server: StopNciiServer, config: SourceConfig
    ) -> None:
        """A truncated page once stalled others for ever: facebook/ThreatExchange 2004."""
        server.records = [hash_record(pdq_value(seed).hex, 20 + seed) for seed in range(500)]
        server.cuts_above = 250
        slept: list[float] = []
        assert len(present(pulled(STOPNCII, config, slept=slept))) == 500
        assert slept
        assert {asked.query["pageSize"] for asked in server.asked} >= {"800", "200"}

    def test_one_that_is_always_cut_off_is_given_up_for_now(
        self, server: StopNciiServer, config: SourceConfig
    ) -> None:
        server.records = [hash_record(A, 20)]
        server.cuts_above = 0
        with pytest.raises(SourceFailed) as caught:
            pulled(STOPNCII, config)
        assert caught.value.params == {"word": "truncated"}
        assert len(server.asked) == 5

    def test_a_count_that_differs_is_noticed(
        self, server: StopNciiServer, config: SourceConfig
    ) -> None:
        server.records = [hash_record(A, 20)]
        server.says_more_by = 1
        (page,) = pulled(STOPNCII, config)
        assert present([page]) == {("pdq", A)}
        assert page.is_doubtful
        assert ("page", "count_differs") in page.set_aside
        assert len(server.asked) == 5, "it was asked for again before that"


class TestRefused:
    """What a source does that is not ours to mend."""

    def test_too_many_questions_are_asked_again_when_it_says(
        self, server: StopNciiServer, config: SourceConfig
    ) -> None:
        server.records = [hash_record(A, 20)]
        server.before = [Answer(429, headers={"Retry-After": "7"}), Answer(503)]
        slept: list[float] = []
        assert present(pulled(STOPNCII, config, slept=slept)) == {("pdq", A)}
        assert slept == [7.0, 1.0]

    def test_one_that_says_to_come_back_later_is_not_waited_for(
        self, server: StopNciiServer, config: SourceConfig
    ) -> None:
        server.before = [Answer(429, headers={"Retry-After": "3600"})]
        slept: list[float] = []
        with pytest.raises(SourceFailed) as caught:
            pulled(STOPNCII, config, slept=slept)
        assert (caught.value.params, slept) == ({"word": "too_many"}, [])

    def test_wrong_keys(self, config: SourceConfig, server: StopNciiServer) -> None:
        wrong = SourceConfig(config.address, {**KEYS, "fetch_function_key": "no"})
        with pytest.raises(SourceFailed) as caught:
            pulled(STOPNCII, wrong)
        assert caught.value.params == {"word": "denied"}
        assert len(server.asked) == 1

    @pytest.mark.parametrize(
        ("credentials", "address"),
        [
            ({}, "https://x.example"),
            ({"subscription_key": "a"}, "https://x.example"),
            ({**KEYS, "other": "x"}, "https://x.example"),
            (KEYS, "ftp://x.example"),
            (KEYS, "https://user:secret@x.example"),
            (KEYS, "https://x.example:0"),
            (KEYS, "https://x.example/?a=b"),
            (KEYS, "x"),
        ],
    )
    def test_a_config_that_cannot_work(self, credentials: dict[str, str], address: str) -> None:
        with pytest.raises(MalformedField) as caught:
            STOPNCII.check(SourceConfig(address, credentials))
        assert "secret" not in str(caught.value)


class TestSending:
    """What goes back to it."""

    @pytest.mark.parametrize(
        ("opinion", "word", "tags"),
        [
            (Opinion.CONFIRMED, "Blocked", []),
            (Opinion.NOT_THIS, "NotBlocked", []),
            (Opinion.DISPUTED, "NotBlocked", ["disputed"]),
        ],
    )
    def test_opinions(
        self,
        server: StopNciiServer,
        config: SourceConfig,
        opinion: Opinion,
        word: str,
        tags: list[str],
    ) -> None:
        server.records = [hash_record(A.upper(), 20)]
        (page,) = pulled(STOPNCII, config)
        with quick_wire() as wire:
            STOPNCII.send(config, page.records[0].reference, opinion, wire)
        told = {"hashValue": A, "feedbackValue": word, "tags": tags}
        assert server.told == {"SubmitFeedback": [{"count": 1, "hashFeedbacks": [told]}]}
        assert server.asked[-1].headers["x-functions-key"] == FEEDBACK_KEY

    def test_defect_9_hashes_are_sent_by_the_name_of_their_type(
        self, server: StopNciiServer, config: SourceConfig
    ) -> None:
        with quick_wire() as wire:
            submit_hashes(config, [pdq_value(0), MD5], wire)
        (body,) = server.told["SubmitHashes"]
        assert body["count"] == 2
        assert [row["signalType"] for row in body["hashRecords"]] == ["ImagePDQ", "VideoMD5"]
        assert [row["hashValue"] for row in body["hashRecords"]] == [A, MD5.hex]
        assert server.asked[-1].headers["x-functions-key"] == SUBMIT_KEY

    def test_only_types_that_it_knows(self, config: SourceConfig) -> None:
        with quick_wire() as wire, pytest.raises(MalformedField):
            submit_hashes(config, [digest(1)], wire)
