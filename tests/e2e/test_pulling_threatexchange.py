# SPDX-License-Identifier: Apache-2.0
"""The real `threatexchange` clients against our servers, beside ours: both must see the same.

So the servers that our clients are tested with speak as the services do. Where the real client is wrong
(docs/decisions/026), that is shown too: a test that fails here says that it was mended.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from defusedxml.ElementTree import fromstring
from graph_server import GROUP, TOKEN, GraphServer, descriptor, update
from installations import digest, pdq_value
from loopback import Answer
from ncmec_server import LOGIN, PASSWORD, USER, Entry, NcmecServer
from pulling import present, pulled, quick_wire, states
from stopncii_server import (
    FEEDBACK_KEY,
    FETCH_KEY,
    KEYS,
    SUBMIT_KEY,
    SUBSCRIPTION,
    StopNciiServer,
    feedback,
    hash_record,
)
from threatexchange.exchanges.clients.fb_threatexchange.api import ThreatExchangeAPI
from threatexchange.exchanges.clients.fb_threatexchange.threat_updates import ThreatUpdateJSON
from threatexchange.exchanges.clients.ncmec import hash_api
from threatexchange.exchanges.clients.stopncii import api as stopncii_api
from threatexchange.exchanges.collab_config import CollaborationConfigBase
from threatexchange.exchanges.impl.fb_threatexchange_api import FBThreatExchangeIndicatorRecord
from threatexchange.exchanges.impl.stop_ncii_api import StopNCIISignalExchangeAPI
from threatexchange.signal_type.pdq.signal import PdqSignal

from haechi.exchange.partners import PROTOCOLS, SourceConfig, submit_hashes
from haechi.values import Opinion, SignalType

PDQ = [pdq_value(seed).hex for seed in range(12)]
MD5 = [digest(seed, SignalType.MD5).hex for seed in range(4)]
STOPNCII, NCMEC, GRAPH = (PROTOCOLS[name] for name in ("stopncii", "ncmec", "threatexchange"))


class TestStopNcii:
    @pytest.fixture
    def server(self) -> StopNciiServer:
        return StopNciiServer()

    @pytest.fixture
    def address(self, server: StopNciiServer) -> Iterator[str]:
        with server.running() as address:
            yield address

    def _theirs(self, address: str) -> stopncii_api.StopNCIIAPI:
        ends = stopncii_api.StopNCIIEndpoint
        more = {ends.SubmitFeedback: FEEDBACK_KEY, ends.SubmitHashes: SUBMIT_KEY}
        return stopncii_api.StopNCIIAPI(SUBSCRIPTION, FETCH_KEY, more, address)

    def test_both_see_the_same_pages(self, server: StopNciiServer, address: str) -> None:
        server.page_size = 3
        server.records = [hash_record(value, 20 + n) for n, value in enumerate(PDQ[:7])]
        server.records += [hash_record(MD5[0], 40, signalType="VideoMD5", caseNumbers=[])]
        server.records += [hash_record("text", 41, signalType="Text")]
        server.before = [Answer(429, headers={"Retry-After": "0"}), Answer(503)]
        pages = list(self._theirs(address).fetch_hashes_iter())
        theirs = {
            (row.signalType.value, row.hashValue) for page in pages for row in page.hashRecords
        }
        names = {"pdq": "ImagePDQ", "md5": "VideoMD5"}
        mine = pulled(STOPNCII, SourceConfig(address, KEYS))
        ours = {(names[kind], value) for kind, value in present(mine)}
        assert theirs == ours | {("Text", "text")}
        assert pages[-1].nextSetTimestamp == mine[-1].checkpoint["start"]
        asked = [one.query for one in server.asked]
        assert asked[2:5] == asked[5:], "and both asked the same"

    def test_both_send_the_same_feedback(self, server: StopNciiServer, address: str) -> None:
        server.records = [hash_record(PDQ[0], 20)]
        ((record,),) = (page.records for page in pulled(STOPNCII, SourceConfig(address, KEYS)))
        with quick_wire() as wire:
            STOPNCII.send(SourceConfig(address, KEYS), record.reference, Opinion.CONFIRMED, wire)
        self._theirs(address).submit_feedback(
            stopncii_api.StopNCIISignalType.ImagePDQ,
            PDQ[0],
            stopncii_api.StopNCIICSPFeedbackValue.Blocked,
        )
        ours, theirs = server.told["SubmitFeedback"]
        assert ours == theirs

    def test_defect_1_the_real_exchange_keeps_what_was_withdrawn_and_ours_does_not(
        self, server: StopNciiServer, address: str
    ) -> None:
        server.records = [hash_record(PDQ[0], 20, hashStatus="Withdrawn")]
        exchange = StopNCIISignalExchangeAPI(
            CollaborationConfigBase(name="x", api="stop_ncii", enabled=True), self._theirs(address)
        )
        (delta,) = exchange.fetch_iter([PdqSignal], None)
        assert delta.updates[("pdq", PDQ[0])] is not None
        assert states(pulled(STOPNCII, SourceConfig(address, KEYS))) == {f"pdq:{PDQ[0]}": "gone"}

    def test_defect_2_the_real_client_drops_an_unknown_feedback_with_its_hash(
        self, server: StopNciiServer, address: str
    ) -> None:
        server.records = [hash_record(PDQ[0], 20, CSPFeedbacks=[feedback("BrandNew")])]
        assert self._theirs(address).fetch_hashes().hashRecords == []
        assert present(pulled(STOPNCII, SourceConfig(address, KEYS))) == {("pdq", PDQ[0])}

    def test_defect_9_the_name_of_a_type(self, server: StopNciiServer, address: str) -> None:
        self._theirs(address).submit_hash(stopncii_api.StopNCIISignalType.ImagePDQ, PDQ[0])
        with quick_wire() as wire:
            submit_hashes(SourceConfig(address, KEYS), [pdq_value(0)], wire)
        theirs, ours = (body["hashRecords"][0] for body in server.told["SubmitHashes"])
        assert theirs["signalType"] == "StopNCIISignalType.ImagePDQ"
        assert ours["signalType"] == "ImagePDQ"
        assert {**theirs, "signalType": "", "lastModtimestamp": 0} == {
            **ours, "signalType": "", "lastModtimestamp": 0
        }  # fmt: skip


class TestNcmec:
    @pytest.fixture
    def server(self) -> NcmecServer:
        return NcmecServer()

    @pytest.fixture
    def address(self, server: NcmecServer) -> Iterator[str]:
        with server.running() as address:
            yield address

    def _theirs(self, address: str) -> hash_api.NCMECHashAPI:
        # Its environments are fixed: only the address of one is read.
        return hash_api.NCMECHashAPI(USER, PASSWORD, SimpleNamespace(value=address))

    def test_both_see_the_same_entries(self, server: NcmecServer, address: str) -> None:
        server.page_size = 3
        server.entries = [
            Entry("1", 900_000, [("md5", MD5[0]), ("pdq", PDQ[0]), ("sha1", "ab")], up=(7,)),
            Entry("2", 500_000, [("md5", MD5[1]), ("tmk-pdqf", "")], kind="video", down=(8,)),
            Entry("3", 700_000, (), kind="deletedImage"),
            Entry("4", 600_000, [("pdq", PDQ[1])], member=43),
            Entry("5", 650_000, (), kind="deletedVideo"),
        ]
        server.before = [Answer(503)]
        theirs = {
            f"{one.member_id}-{one.id}": one
            for page in self._theirs(address).get_entries_iter(start_timestamp=90_000)
            for one in page.updates
        }
        mine = pulled(NCMEC, SourceConfig(address, LOGIN))
        assert states(mine) == {
            key: "gone" if one.deleted else "present" for key, one in theirs.items()
        }
        wanted = {
            (kind, value) for one in theirs.values() for kind, value in one.fingerprints.items()
        }
        assert present(mine) == {pair for pair in wanted if pair[0] in {"md5", "pdq"}}
        votes = {
            record.key: (record.confirmed, record.doubted)
            for page in mine
            for record in page.records
        }
        for key, one in theirs.items():
            words = [vote.feedback_type.value for row in one.feedback.values() for vote in row]
            assert votes[key] == (words.count("upvote"), words.count("downvote"))

    def test_both_vote_the_same(self, server: NcmecServer, address: str) -> None:
        server.entries = [Entry("1", 900_000, [("pdq", PDQ[0])])]
        config = SourceConfig(address, LOGIN)
        ((record,),) = (page.records for page in pulled(NCMEC, config))
        with quick_wire() as wire:
            NCMEC.send(config, record.reference, Opinion.CONFIRMED, wire)
            NCMEC.send(config, record.reference, Opinion.NOT_THIS, wire)
        kind = hash_api.FingerprintType.pdq
        self._theirs(address).submit_upvote(42, "1", kind)
        self._theirs(address).submit_feedback(
            42, "1", kind, hash_api.FeedbackType.downvote, negative_reason_guid="g-1"
        )
        told = [
            (path, [(one.tag, one.text) for one in fromstring(body).iter()])
            for path, body in server.votes
        ]
        assert told[:2] == told[2:]

    def test_defect_10_the_real_client_cannot_read_reasons(
        self, server: NcmecServer, address: str
    ) -> None:
        with pytest.raises(IndexError):
            self._theirs(address).feedback_reasons(hash_api.FingerprintType.pdq)
        assert server.asked[-1].path.endswith("/v2/feedback/PDQ/reasons")

    def test_who_we_are_is_asked_in_the_same_way(self, server: NcmecServer, address: str) -> None:
        pulled(NCMEC, SourceConfig(address, LOGIN))
        list(self._theirs(address).get_entries_iter(start_timestamp=90_000))
        ours, theirs = server.asked
        assert ours.path == theirs.path
        assert ours.headers["authorization"] == theirs.headers["authorization"]
        assert ours.query.keys() == theirs.query.keys()


class TestGraph:
    @pytest.fixture
    def server(self) -> GraphServer:
        return GraphServer()

    @pytest.fixture
    def address(self, server: GraphServer) -> Iterator[str]:
        with server.running() as address:
            yield address

    def _config(self, address: str) -> SourceConfig:
        return SourceConfig(address, {"api_token": TOKEN}, {"privacy_group": GROUP})

    def test_both_see_the_same_updates(self, server: GraphServer, address: str) -> None:
        server.page_size = 2
        server.updates = [
            update(PDQ[0], 100),
            update(PDQ[1], 101, should_delete=True),
            update(PDQ[2], 102, descriptor("NON_MALICIOUS"), descriptor("MALICIOUS", owner="7")),
            update(MD5[0], 103, descriptor(tags=("media_type_video",)), type="HASH_MD5"),
            update(MD5[1], 104, type="HASH_VIDEO_MD5"),
        ]
        client = ThreatExchangeAPI(TOKEN, endpoint_override=address)
        cursor = client.get_threat_updates(
            int(GROUP),
            page_size=100,
            fields=FBThreatExchangeIndicatorRecord.te_threat_updates_fields(),
            decode_fn=ThreatUpdateJSON,
        )
        theirs = {
            f"{one.threat_type}:{one.indicator}": FBThreatExchangeIndicatorRecord.from_threatexchange_json(
                client.app_id, one
            )
            for page in cursor
            for one in page
        }
        pages = pulled(GRAPH, self._config(address))
        assert states(pages) == {
            key: "gone" if one is None else "present" for key, one in theirs.items()
        }
        for page in pages:
            for record in page.records:
                told = theirs[record.key]
                words = [one.category.name for one in told.opinions] if told else []
                assert (record.confirmed, record.doubted) == (
                    words.count("POSITIVE_CLASS"), words.count("NEGATIVE_CLASS")
                )  # fmt: skip
        half = len(server.asked) // 2
        first, ours = server.asked[0], server.asked[half]
        assert first.path == ours.path
        assert first.query.keys() == ours.query.keys()

    def test_both_react_the_same(self, server: GraphServer, address: str) -> None:
        server.updates = [update(PDQ[0], 100)]
        ((record,),) = (page.records for page in pulled(GRAPH, self._config(address)))
        with quick_wire() as wire:
            GRAPH.send(self._config(address), record.reference, Opinion.CONFIRMED, wire)
            GRAPH.send(self._config(address), record.reference, Opinion.NOT_THIS, wire)
        client = ThreatExchangeAPI(TOKEN, endpoint_override=address)
        client.react_upvote_threat_descriptor(5001)
        client.react_downvote_threat_descriptor(5001)
        assert server.reactions[:2] == server.reactions[2:]
