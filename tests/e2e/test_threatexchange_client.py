# SPDX-License-Identifier: Apache-2.0
"""The real python-threatexchange fetches our list; its known faults shown, and cured by the class we publish."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from installations import OPERATOR, digest, image, pdq_value, person, report
from running_server import Server
from threatexchange.exchanges.clients.stopncii.api import (
    StopNCIIAPI,
    StopNCIICSPFeedbackValue,
    StopNCIIEndpoint,
    StopNCIISignalType,
)
from threatexchange.exchanges.collab_config import CollaborationConfigBase
from threatexchange.exchanges.impl.stop_ncii_api import (
    StopNCIICredentials,
    StopNCIISignalExchangeAPI,
)
from threatexchange.signal_type.pdq.signal import PdqSignal

from haechi import bank as banks
from haechi import workflows
from haechi.settings import load_settings
from haechi.values import Sharing, Signal, SignalType
from haechi.workflows import Context, open_context

PUBLISHED = Path(__file__).parents[2] / "contrib" / "threatexchange" / "haechi_stopncii.py"
SOON_S = 10
SCOPES = ("changes", "contribute", "opinions")


@pytest.fixture(scope="module")
def published() -> ModuleType:
    """The file that we publish, as HMA would load it."""
    spec = importlib.util.spec_from_file_location("haechi_stopncii", PUBLISHED)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def listing(
    start_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory
) -> Server:
    return start_server(tmp_path_factory.mktemp("list") / "data")


@pytest.fixture(scope="module")
def inside(listing: Server) -> Iterator[Context]:
    """The same installation from another process: this one."""
    settings = load_settings({}, data_folder=listing.data_folder)
    with open_context(settings, follows=False) as ctx:
        yield ctx


class Client:
    """What HMA does with an exchange: fetch from a checkpoint, merge, keep both."""

    def __init__(self, kind: type[StopNCIISignalExchangeAPI], address: str, token: str) -> None:
        collab = CollaborationConfigBase(name="haechi", api=kind.get_name(), enabled=True)
        credentials = StopNCIICredentials(token, "ignored", f"{address}/stopncii/v1")
        self.kind = kind
        self.exchange = kind.for_collab(collab, credentials)
        self.collab = collab
        self.checkpoint: Any = None
        self.known: dict[Any, Any] = {}
        self.pages = 0

    def fetch(self) -> None:
        for delta in self.exchange.fetch_iter([], self.checkpoint):
            if self.checkpoint is not None:
                was, now = self.checkpoint, delta.checkpoint
                assert now.get_progress_timestamp() >= was.get_progress_timestamp()
            self.kind.naive_fetch_merge(self.known, delta.updates)
            self.checkpoint = delta.checkpoint
            self.pages += 1

    def fetch_until(self, is_so: Callable[[Client], bool]) -> None:
        deadline = time.monotonic() + SOON_S
        while not is_so(self):
            assert time.monotonic() < deadline, "it does not come"
            self.fetch()
            time.sleep(0.05)

    def holds(self, value: str) -> bool:
        return ("pdq", value) in self.known or ("video_md5", value) in self.known


def reported(ctx: Context, *seeds: int) -> list[workflows.OpenedCase]:
    return [report(ctx, image(pdq_value(seed))) for seed in seeds]


def withdraw(ctx: Context, opened: workflows.OpenedCase) -> None:
    workflows.withdraw_item(ctx, person(opened), item_id=opened.case.items[0].id)


class TestTheStockClient:
    def test_everything_arrives_over_many_pages_and_becomes_its_index(
        self, listing: Server, inside: Context, admit: Callable[..., str]
    ) -> None:
        token = admit(listing.data_folder, "stock", *SCOPES)
        bank = "imported"
        workflows.create_bank(inside, OPERATOR, name=bank)
        values = [pdq_value(seed) for seed in range(1000, 1805)]
        with inside.database.write() as tx:
            made = banks.bank_named(tx, bank)
            banks.add_contents(
                tx, inside.vault, [banks.NewContent((value,)) for value in values],
                bank_id=made.id, key_id=banks.bank_key(tx, inside.vault, made.id),
                origin_kind="staff", origin_id="", sharing=Sharing(),
            )  # fmt: skip
        md5 = digest(1, SignalType.MD5)
        workflows.add_to_bank(inside, OPERATOR, bank_name=bank, signals=[md5])
        client = Client(StopNCIISignalExchangeAPI, listing.address, token)
        client.fetch_until(lambda one: one.holds(md5.hex))
        assert client.pages >= 2
        assert all(client.holds(value.hex) for value in values)
        by_type = client.kind.naive_convert_to_signal_type([PdqSignal], client.collab, client.known)
        assert {value.hex for value in values} <= set(by_type[PdqSignal])
        index = PdqSignal.get_index_cls().build([(values[0].hex, "first")])
        assert [found.metadata for found in index.query(values[0].hex)] == ["first"]

    def test_it_fetches_on_from_its_checkpoint(
        self, listing: Server, inside: Context, admit: Callable[..., str]
    ) -> None:
        token = admit(listing.data_folder, "going on", *SCOPES)
        client = Client(StopNCIISignalExchangeAPI, listing.address, token)
        client.fetch()
        for seed in (1, 2, 3):
            reported(inside, seed)
            client.fetch_until(lambda one, seed=seed: one.holds(pdq_value(seed).hex))

    def test_defect_1_it_keeps_what_was_withdrawn_and_ours_does_not(
        self, listing: Server, inside: Context, admit: Callable[..., str], published: ModuleType
    ) -> None:
        ours = Client(
            published.HaechiStopNCIISignalExchangeAPI,
            listing.address,
            admit(listing.data_folder, "ours", *SCOPES),
        )
        theirs = Client(
            StopNCIISignalExchangeAPI,
            listing.address,
            admit(listing.data_folder, "theirs", *SCOPES),
        )
        gone, stays = pdq_value(11).hex, pdq_value(12).hex
        first, _ = reported(inside, 11, 12)
        for client in (ours, theirs):
            client.fetch_until(lambda one: one.holds(gone) and one.holds(stays))
        withdraw(inside, first)
        ours.fetch_until(lambda one: not one.holds(gone))
        assert ours.holds(stays)
        theirs.fetch()
        assert theirs.holds(gone), (
            "the stock class is right now: say so in docs/connect/stopncii.md"
        )

    def test_a_wrong_key_is_refused_before_anything_else(self, listing: Server) -> None:
        for headers in ({}, {"x-functions-key": "nope"}, {"authorization": "Bearer nope"}):
            answer = httpx.get(
                f"{listing.address}/stopncii/v1/FetchHashes?startTimestamp=10", headers=headers
            )
            assert answer.status_code == 401
            assert answer.json().keys() == {"message"}


def listed_by(client: StopNCIIAPI) -> set[str]:
    return {one.hashValue for page in client.fetch_hashes_iter() for one in page.hashRecords}


class TestSendingBack:
    @pytest.fixture
    def token(
        self, listing: Server, inside: Context, admit: Callable[..., str], request: Any
    ) -> str:
        name = f"sender {hashlib.sha256(request.node.name.encode()).hexdigest()[:12]}"
        token = admit(listing.data_folder, name, *SCOPES)
        workflows.create_bank(inside, OPERATOR, name=f"of {name}")
        workflows.set_bank_access(
            inside, OPERATOR, name=f"of {name}", partner=name, may_read=True, may_write=True
        )
        return token

    def client(self, kind: type[StopNCIIAPI], listing: Server, token: str) -> StopNCIIAPI:
        keys = {StopNCIIEndpoint.SubmitHashes: token, StopNCIIEndpoint.SubmitFeedback: token}
        return kind("ignored", token, keys, f"{listing.address}/stopncii/v1")

    @pytest.mark.parametrize("is_ours", [False, True])
    def test_defect_9_hashes_are_taken_however_the_type_is_written(
        self, listing: Server, token: str, published: ModuleType, is_ours: bool
    ) -> None:
        kind = published.HaechiStopNCIIAPI if is_ours else StopNCIIAPI
        client = self.client(kind, listing, token)
        value = pdq_value(20 + is_ours).hex
        client.submit_hash(StopNCIISignalType.ImagePDQ, value)
        deadline = time.monotonic() + SOON_S
        while value not in listed_by(client):
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def test_feedback_is_taken_and_told_to_others_without_a_name(
        self, listing: Server, inside: Context, token: str, admit: Callable[..., str]
    ) -> None:
        value = pdq_value(30).hex
        reported(inside, 30)
        client = self.client(StopNCIIAPI, listing, token)
        deadline = time.monotonic() + SOON_S
        while value not in listed_by(client):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        client.submit_feedback(StopNCIISignalType.ImagePDQ, value, StopNCIICSPFeedbackValue.Blocked)
        other = self.client(
            StopNCIIAPI, listing, admit(listing.data_folder, "reads feedback", "changes")
        )
        (record,) = [
            one for page in other.fetch_hashes_iter() for one in page.hashRecords
            if one.hashValue == value
        ]  # fmt: skip
        (said,) = record.CSPFeedbacks
        assert said.feedbackValue is StopNCIICSPFeedbackValue.Blocked
        assert said.source.startswith("partner-")

    def test_records_that_cannot_be_used_are_counted(self, listing: Server, token: str) -> None:
        records = [
            {"signalType": "ImagePDQ", "hashValue": pdq_value(40).hex.upper(), "new": 1},
            {"signalType": "ImagePDQ", "hashValue": pdq_value(41).hex + "\n"},
            {"signalType": "VideoTMK", "hashValue": "x"},
            {"signalType": "StopNCIISignalType.VideoMD5", "hashValue": "0" * 32,
             "CSPFeedbacks": [{"feedbackValue": "Invented", "tags": []}]},
            "nothing",
        ]  # fmt: skip
        answer = httpx.post(
            f"{listing.address}/stopncii/v1/SubmitHashes",
            json={"count": 5, "hashRecords": records},
            headers={"x-functions-key": token},
        )
        assert answer.status_code == 200
        assert answer.json() == {
            "received": 5,
            "accepted": 2,
            "setAside": {
                "not a value of its type": 1,
                "a type that is not taken": 1,
                "not a record": 1,
            },
        }


@contextmanager
def odd_server(pages: list[dict[str, Any]]) -> Iterator[str]:
    """A server of StopNCII's shape that sends just these pages, then the last for ever."""
    left = list(pages)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = left.pop(0) if len(left) > 1 else left[0]
            written = json.dumps(page).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(written)))
            self.end_headers()
            self.wfile.write(written)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def page(*records: dict[str, Any], **facts: Any) -> dict[str, Any]:
    return {
        "count": len(records), "nextPageToken": None, "nextSetTimestamp": 20,
        "hasMoreRecords": False, "hashRecords": list(records), **facts,
    }  # fmt: skip


def record(signal: Signal, **facts: Any) -> dict[str, Any]:
    return {
        "lastModtimestamp": 11, "signalType": "ImagePDQ", "hashValue": signal.hex,
        "hashStatus": "Active", "caseNumbers": {}, "CSPFeedbacks": [], **facts,
    }  # fmt: skip


class TestOurClassOnOtherServers:
    @pytest.mark.parametrize(
        "facts",
        [
            {"CSPFeedbacks": [{"source": "x", "feedbackValue": "Invented", "tags": []}]},
            {"hashStatus": "Invented"},
            {"caseNumbers": []},
            {"caseNumbers": {"case": "Invented"}},
            {"hashValue": pdq_value(1).hex.upper()},
            {"hashRegions": ["KR"]},
        ],
    )
    def test_defects_2_and_3_no_unknown_word_drops_a_hash(
        self, published: ModuleType, facts: dict[str, Any]
    ) -> None:
        with odd_server([page(record(pdq_value(1), **facts))]) as address:
            ours = Client(published.HaechiStopNCIISignalExchangeAPI, address, "key")
            ours.fetch()
        assert ours.holds(pdq_value(1).hex)

    @pytest.mark.parametrize("status", ["Withdrawn", "Deleted"])
    def test_defect_1_both_words_end_a_hash(self, published: ModuleType, status: str) -> None:
        pages = [page(record(pdq_value(1))), page(record(pdq_value(1), hashStatus=status))]
        with odd_server(pages) as address:
            ours = Client(published.HaechiStopNCIISignalExchangeAPI, address, "key")
            ours.fetch()
            assert ours.holds(pdq_value(1).hex)
            ours.fetch()
        assert ours.known == {}

    def test_a_page_that_names_itself_ends_the_fetch(self, published: ModuleType) -> None:
        again = page(record(pdq_value(1)), hasMoreRecords=True, nextPageToken="same")
        with odd_server([again]) as address:
            ours = Client(published.HaechiStopNCIISignalExchangeAPI, address, "key")
            with pytest.raises(published.EndlessPages):
                ours.fetch()
