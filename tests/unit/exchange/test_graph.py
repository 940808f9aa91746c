# SPDX-License-Identifier: Apache-2.0
"""Reading Meta ThreatExchange: updates of a privacy group, and a token that shows nowhere."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from graph_server import GROUP, TOKEN, GraphServer, descriptor, update
from installations import digest, pdq_value
from loopback import Answer
from pulling import present, pulled, quick_wire, states

from haechi.errors import MalformedField, SourceFailed
from haechi.exchange.partners import PROTOCOLS, SourceConfig
from haechi.values import Opinion, SignalType

GRAPH = PROTOCOLS["threatexchange"]
PDQ = [pdq_value(seed).hex for seed in range(5)]
MD5 = digest(1, SignalType.MD5).hex
SHA256 = digest(1).hex
LOGIN = {"api_token": TOKEN}
OPTIONS = {"privacy_group": GROUP}


@pytest.fixture
def server() -> GraphServer:
    return GraphServer()


@pytest.fixture
def config(server: GraphServer) -> Iterator[SourceConfig]:
    with server.running() as address:
        yield SourceConfig(address, LOGIN, OPTIONS)


def _state(server: GraphServer, config: SourceConfig, row: dict[str, Any]) -> str:
    server.updates = [row]
    (state,) = states(pulled(GRAPH, config)).values()
    return state


class TestUpdates:
    """What an update is to us."""

    @pytest.mark.parametrize(
        ("type_", "value", "tags", "kind"),
        [
            ("HASH_PDQ", PDQ[0], (), "pdq"),
            ("HASH_PDQ", PDQ[0].upper(), (), "pdq"),
            ("HASH_VIDEO_MD5", MD5, (), "md5"),
            ("HASH_MD5", MD5, ("media_type_video",), "md5"),
            ("HASH_MD5", MD5, ("media_type_photo", "other"), "md5"),
            ("HASH_VIDEO_SHA256", SHA256, (), "sha256"),
            ("HASH_SHA256", SHA256, ("media_type_video",), "sha256"),
        ],
    )
    def test_types(
        self,
        server: GraphServer,
        config: SourceConfig,
        type_: str,
        value: str,
        tags: tuple[str, ...],
        kind: str,
    ) -> None:
        server.updates = [update(value, 100, descriptor(tags=tags), type=type_)]
        assert present(pulled(GRAPH, config)) == {(kind, value.lower())}

    def test_a_digest_that_is_of_no_picture_or_video_is_not_taken(
        self, server: GraphServer, config: SourceConfig
    ) -> None:
        """And one that was, and lost its tag, goes."""
        assert _state(server, config, update(MD5, 100, type="HASH_MD5")) == "gone"

    def test_other_types_are_skipped(self, server: GraphServer, config: SourceConfig) -> None:
        server.updates = [update("https://x.example", 100, type="URI"), update(PDQ[0], 101)]
        (page,) = pulled(GRAPH, config)
        assert (len(page.records), page.skipped) == (1, 1)

    def test_what_is_to_be_deleted_is_gone(self, server: GraphServer, config: SourceConfig) -> None:
        assert _state(server, config, update(PDQ[0], 100, should_delete=True)) == "gone"

    def test_one_that_is_no_longer_described_is_gone(
        self, server: GraphServer, config: SourceConfig
    ) -> None:
        row = update(PDQ[0], 100)
        del row["descriptors"]
        assert _state(server, config, row) == "gone"

    def test_one_whose_owner_is_not_shown_stays_as_it_is(
        self, server: GraphServer, config: SourceConfig
    ) -> None:
        hidden = {"id": "1", "status": "MALICIOUS"}
        assert _state(server, config, update(PDQ[0], 100, hidden)) == "unclear"

    @pytest.mark.parametrize(
        ("described", "state", "confirmed", "doubted"),
        [
            ([descriptor("MALICIOUS")], "present", 1, 0),
            ([descriptor("SUSPICIOUS")], "present", 0, 0),
            ([descriptor("NON_MALICIOUS")], "gone", 0, 0),
            (
                [descriptor("NON_MALICIOUS"), descriptor("MALICIOUS", owner="901")],
                "present", 1, 1,
            ),
            ([descriptor("NON_MALICIOUS"), descriptor("UNKNOWN", owner="901")], "present", 0, 1),
            (
                [
                    {
                        **descriptor("UNKNOWN"),
                        "reactions": [
                            {"key": "HELPFUL", "value": "1,2"},
                            {"key": "DISAGREE_WITH_TAGS", "value": "2,3"},
                            {"key": "SAW_THIS_TOO", "value": "4"},
                            {"key": "NEW_REACTION", "value": "5"},
                        ],
                    }
                ],
                "present", 2, 1,
            ),
        ],
    )  # fmt: skip
    def test_what_members_say(
        self,
        server: GraphServer,
        config: SourceConfig,
        described: list[dict[str, Any]],
        state: str,
        confirmed: int,
        doubted: int,
    ) -> None:
        server.updates = [update(PDQ[0], 100, *described)]
        ((record,),) = (page.records for page in pulled(GRAPH, config))
        assert record.state == state
        assert (record.confirmed, record.doubted) == (confirmed, doubted)
        assert record.is_confirmed is (confirmed > 0)

    def test_poison_is_set_aside(self, server: GraphServer, config: SourceConfig) -> None:
        server.updates = [update("zz", 100), update(PDQ[0], 101), update(None, 102)]
        (page,) = pulled(GRAPH, config)
        assert present([page]) == {("pdq", PDQ[0])}
        assert page.set_aside == [("update 1", "no_fingerprint"), ("update 3", "no_record")]


class TestPages:
    """By the time of the updates, with a second of overlap."""

    def test_pages_and_the_next_pull(self, server: GraphServer, config: SourceConfig) -> None:
        server.page_size = 2
        server.updates = [update(PDQ[number], 100 + number) for number in range(5)]
        pages = pulled(GRAPH, config)
        assert len(present(pages)) == 5
        assert [page.checkpoint["newest"] for page in pages] == [101, 103, 104]
        assert "start_time" not in server.asked[0].query
        server.asked.clear()
        assert present(pulled(GRAPH, config, pages[-1].checkpoint)) == {
            ("pdq", PDQ[3]), ("pdq", PDQ[4])
        }  # fmt: skip
        assert server.asked[0].query["start_time"] == "103"

    def test_a_time_that_is_yet_to_come_hides_nothing(
        self, server: GraphServer, config: SourceConfig
    ) -> None:
        server.updates = [update(PDQ[0], 100), update(PDQ[1], 1 << 40)]
        pages = pulled(GRAPH, config)
        assert present(pages) == {("pdq", PDQ[0]), ("pdq", PDQ[1])}
        assert pages[-1].checkpoint["newest"] == 100

    def test_a_cursor_that_is_refused_begins_at_the_newest_that_is_known(
        self, server: GraphServer, config: SourceConfig
    ) -> None:
        server.page_size = 2
        server.updates = [update(PDQ[number], 100 + number) for number in range(5)]
        first = pulled(GRAPH, config)[0]
        server.refuses_cursors = True
        server.page_size = 100
        assert len(present(pulled(GRAPH, config, first.checkpoint))) == 5

    def test_cursors_that_are_never_taken_end_it(
        self, server: GraphServer, config: SourceConfig
    ) -> None:
        server.page_size, server.refuses_cursors = 1, True
        server.updates = [update(PDQ[number], 100) for number in range(3)]
        with pytest.raises(SourceFailed) as caught:
            pulled(GRAPH, config)
        assert caught.value.params == {"word": "endless"}

    def test_a_link_that_leads_elsewhere_gets_no_token(
        self, server: GraphServer, config: SourceConfig
    ) -> None:
        server.page_size = 1
        server.updates = [update(PDQ[0], 100), update(PDQ[1], 101)]
        server.home = "https://elsewhere.example"
        with pytest.raises(SourceFailed) as caught:
            pulled(GRAPH, config)
        assert caught.value.params == {"word": "elsewhere"}

    def test_an_answer_that_is_cut_off_is_asked_for_again(
        self, server: GraphServer, config: SourceConfig
    ) -> None:
        server.updates = [update(PDQ[0], 100)]
        server.before = [Answer(body=b'{"data": ['), Answer(body=b"{}"), Answer(500)]
        assert present(pulled(GRAPH, config)) == {("pdq", PDQ[0])}


class TestTheToken:
    """It is in the address, and so it must show nowhere."""

    @pytest.mark.parametrize(
        "answer", [Answer(400), Answer(500), Answer(302), Answer(body=b"no JSON")]
    )
    def test_no_error_and_no_log_holds_it(
        self,
        server: GraphServer,
        config: SourceConfig,
        answer: Answer,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        server.before = [answer] * 5
        with caplog.at_level(logging.DEBUG), pytest.raises(SourceFailed) as caught:
            pulled(GRAPH, config)
        seen = " ".join(f"{error!r} {error}" for error in _chain(caught.value))
        for text in (seen, caplog.text, repr(config)):
            assert TOKEN not in text
            assert quote(TOKEN) not in text
        assert caught.value.__cause__ is None

    def test_no_checkpoint_holds_it(self, server: GraphServer, config: SourceConfig) -> None:
        server.page_size = 1
        server.updates = [update(PDQ[0], 100), update(PDQ[1], 101)]
        for page in pulled(GRAPH, config):
            assert "abcdefghij" not in repr(page.checkpoint)

    def test_nobody_is_there(self) -> None:
        nowhere = SourceConfig("http://127.0.0.1:9/v26.0", LOGIN, OPTIONS)
        with pytest.raises(SourceFailed) as caught:
            pulled(GRAPH, nowhere)
        assert caught.value.params == {"word": "no_answer"}
        assert caught.value.__suppress_context__


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


@pytest.mark.parametrize(
    ("opinion", "reaction"),
    [
        (Opinion.CONFIRMED, "HELPFUL"),
        (Opinion.NOT_THIS, "NOT_HELPFUL"),
        (Opinion.DISPUTED, "DISAGREE_WITH_TAGS"),
    ],
)
def test_reactions(
    server: GraphServer, config: SourceConfig, opinion: Opinion, reaction: str
) -> None:
    server.updates = [update(PDQ[0], 100, descriptor(id="5001"), descriptor(id="5002", owner="9"))]
    (page,) = pulled(GRAPH, config)
    with quick_wire() as wire:
        GRAPH.send(config, page.records[0].reference, opinion, wire)
    assert server.reactions == [("5001", reaction), ("5002", reaction)]
    assert "access_token" not in server.asked[-1].query


@pytest.mark.parametrize("group", [None, "", "me", "../1"])
def test_it_needs_a_group(group: str | None) -> None:
    options = {} if group is None else {"privacy_group": group}
    with pytest.raises(MalformedField):
        GRAPH.check(SourceConfig("https://graph.example", LOGIN, options))
