# SPDX-License-Identifier: Apache-2.0
"""The face for clients of Meta's HMA: the bodies that they read, and none of its known faults.

`defect_N` and `lack_N` are the numbers of reference/hma.md §2; docs/connect/hma-defects.md says where each
of them has its test.
"""

from __future__ import annotations

import hashlib
import io
import json
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from installations import OPERATOR, flipped, image, pdq_value, person, report
from litestar import Litestar
from litestar.testing import TestClient
from made_videos import moving_pattern, video
from PIL import Image

from haechi import bank, workflows
from haechi.asgi import create_app
from haechi.settings import load_settings
from haechi.values import BankPolicy, Signal
from haechi.workflows import Context, open_context

ADDRESS = "http://haechi.test"
SOON_S = 10
ALL = ("match", "distance", "contribute")


@dataclass
class Client:
    """One token's way in: a client of the one application, with the token in every request."""

    http: TestClient[Litestar]
    token: str

    def request(self, method: str, path: str, **sent: Any) -> Any:
        headers = {"authorization": f"Bearer {self.token}", **sent.pop("headers", {})}
        return self.http.request(method, path, headers=headers, **sent)

    def get(self, path: str, **sent: Any) -> Any:
        return self.request("GET", path, **sent)

    def post(self, path: str, **sent: Any) -> Any:
        return self.request("POST", path, **sent)

    def put(self, path: str, **sent: Any) -> Any:
        return self.request("PUT", path, **sent)

    def delete(self, path: str, **sent: Any) -> Any:
        return self.request("DELETE", path, **sent)


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    settings = load_settings(
        {}, data_folder=tmp_path_factory.mktemp("hma") / "data", upload_max_mib=8
    )
    with open_context(settings, follows=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def http(context: Context) -> Iterator[TestClient[Litestar]]:
    with TestClient(create_app(context), base_url=ADDRESS) as opened:
        yield opened


@pytest.fixture
def come_in(http: TestClient[Litestar], context: Context) -> Callable[..., Client]:
    """A client with a token of its own, as hma-matrix sends one."""

    def come(*scopes: str, **facts: Any) -> Client:
        name = f"partner {secrets.token_hex(4)}"
        token = workflows.admit_partner(context, OPERATOR, name=name, scopes=scopes, **facts)[1]
        return Client(http, token)

    return come


@pytest.fixture
def hma(come_in: Callable[..., Client]) -> Client:
    return come_in(*ALL)


def _partner_of(context: Context, client: Client) -> str:
    actor = workflows.actor_of_token(context, client.token)
    assert actor is not None
    return actor.id


def picture(seed: int = 0, kind: str = "PNG", mode: str = "RGB") -> bytes:
    """A drawn pattern, another for each seed."""
    written = io.BytesIO()
    left = -2.0 + seed / 10
    drawn = Image.effect_mandelbrot((300, 220), (left, -1.5, left + 3, 1.5), 100)
    drawn.convert(mode).save(written, kind)
    return written.getvalue()


def flat() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (300, 300), "white").save(written, "PNG")
    return written.getvalue()


def soon(ask: Callable[[], Any], is_so: Callable[[Any], bool]) -> Any:
    """What is answered once the live index has caught up."""
    deadline = time.monotonic() + SOON_S
    while not is_so(said := ask()):
        assert time.monotonic() < deadline, said
        time.sleep(0.02)
    return said


def new_bank(hma: Client, name: str = "TEST_BANK", **body: Any) -> None:
    assert hma.post("/c/banks", json={"name": name, **body}).status_code == 201


def add(hma: Client, signal: Signal, bank: str = "TEST_BANK") -> int:
    answer = hma.post(f"/c/bank/{bank}/signal", json={"pdq": signal.hex})
    assert answer.status_code == 200, answer.text
    assert answer.json()["signals"] == {"pdq": signal.hex}
    return int(answer.json()["id"])


def look_up(hma: Client, signal: Signal, **asked: Any) -> Any:
    query = {"signal": signal.hex, "signal_type": "pdq", **asked}
    answer = hma.get("/m/lookup", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


class TestAsItsClientsUseIt:
    """What FetLife's gem and hma-matrix send and read."""

    def test_a_file_from_hash_to_match(self, hma: Client) -> None:
        new_bank(hma, enabled="true", matching_enabled_ratio=1.0)
        sent = {"photo": ("a.png", picture(), "image/png")}
        ((kind, value),) = hma.post("/h/hash", files=sent).json().items()
        assert (kind, len(value)) == ("pdq", 64)
        metadata = {"metadata": json.dumps({"content_id": "x", "json": {}}), "note": "mine"}
        added = hma.post("/c/bank/TEST_BANK/content", files=sent, data=metadata)
        assert added.status_code == 200
        assert added.json()["signals"] == {"pdq": value}
        number = added.json()["id"]
        assert isinstance(number, int)
        told = {"TEST_BANK": [{"bank_content_id": number, "distance": "0"}]}
        asked = {"signal": value, "signal_type": "pdq"}
        soon(lambda: hma.get("/m/lookup", params=asked).json(), lambda said: said == told)
        assert hma.post("/m/lookup", files=sent).json() == {"pdq": told}
        other = {"photo": ("b.jpg", picture(kind="JPEG"), "image/jpeg")}
        (match,) = hma.post("/m/lookup", files=other).json()["pdq"]["TEST_BANK"]
        assert match["bank_content_id"] == number
        assert 0 <= int(match["distance"]) <= 31
        raw = hma.get("/m/raw_lookup", params=asked).json()
        assert raw == {"matches": [number]}
        raw = hma.get("/m/raw_lookup", params={**asked, "include_distance": "true"}).json()
        assert raw == {"matches": [{"bank_content_id": number, "distance": "0"}]}

    def test_what_is_not_known(self, hma: Client) -> None:
        assert look_up(hma, pdq_value(77)) == {}
        sent = {"photo": ("a.png", picture(7), "image/png")}
        assert hma.post("/m/lookup", files=sent).json() == {"pdq": {}}

    def test_a_video_by_its_md5(self, hma: Client) -> None:
        new_bank(hma)
        data = secrets.token_bytes(2000)
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        sent = {"video": ("a.mp4", data, "video/mp4")}
        assert hma.post("/h/hash", files=sent).json() == {"video_md5": md5}
        number = hma.post("/c/bank/TEST_BANK/content", files=sent).json()["id"]
        told = {"TEST_BANK": [{"bank_content_id": number, "distance": "-"}]}
        soon(
            lambda: hma.post("/m/lookup", files=sent).json(),
            lambda said: said == {"video_md5": told},
        )
        asked = {"signal": md5.upper(), "signal_type": "video_md5"}
        assert hma.get("/m/lookup", params=asked).json() == told

    def test_lack_8_a_video_by_what_it_shows(self, hma: Client) -> None:
        new_bank(hma)
        sent = {"video": ("a.mp4", video(moving_pattern(90)), "video/mp4")}
        answer = hma.post("/h/hash?types=vpdq", files=sent).json()
        frames = json.loads(answer["vpdq"])
        assert all(len(line.split(",")[0]) == 64 for line in frames)
        added = hma.post("/c/bank/TEST_BANK/signal", json=answer)
        assert added.status_code == 200
        asked = {"signal": answer["vpdq"], "signal_type": "vpdq"}
        said = soon(lambda: hma.get("/m/lookup", params=asked).json(), bool)
        assert said["TEST_BANK"][0]["distance"] == "100%[100%]"

    def test_banks_by_name(self, hma: Client) -> None:
        new_bank(hma)
        assert hma.get("/c/banks").json() == [{"matching_enabled_ratio": 1.0, "name": "TEST_BANK"}]
        again = hma.post("/c/banks", json={"name": "TEST_BANK"})
        assert again.status_code == 403
        assert "already exists" in again.json()["message"]
        for name in ("lower", "1A", "A B", "A\n", "", "Ä"):
            answer = hma.post("/c/banks", json={"name": name})
            assert answer.status_code == 400, name
            assert answer.json() == {"message": "Bank names must be UPPER_WITH_UNDERSCORE"}
        assert hma.get("/c/bank/NONE").json() == {"message": "bank 'NONE' not found"}
        assert hma.get("/c/bank/NONE").status_code == 404
        changed = hma.put("/c/bank/TEST_BANK", json={"name": "OTHER", "enabled": False})
        assert changed.json() == {"matching_enabled_ratio": 0.0, "name": "OTHER"}
        for _ in range(2):
            assert hma.delete("/c/bank/OTHER").json() == {"message": "Done"}
        assert hma.get("/c/banks").json() == []

    def test_the_words_that_are_parsed(self, hma: Client, context: Context) -> None:
        assert hma.get("/status").text == "I-AM-ALIVE"
        assert hma.get("/status/live").text == "I-AM-ALIVE"
        live = context.live
        caught_up = live._caught_up_at_s
        live._caught_up_at_s = float("-inf")
        try:
            answer = hma.get("/status")
            assert (answer.status_code, answer.text) in ((503, "INDEX-STALE"), (200, "I-AM-ALIVE"))
        finally:
            live._caught_up_at_s = max(caught_up, live._caught_up_at_s)

    def test_keys_come_in_order(self, hma: Client) -> None:
        new_bank(hma)
        number = add(hma, pdq_value(1))
        text = hma.get(f"/c/bank/TEST_BANK/content/{number}?include_metadata=true").text
        keys = list(json.loads(text))
        assert keys == sorted(keys)
        assert {"id", "disable_until_ts", "bank", "signals", "metadata"} <= set(keys)

    @pytest.mark.parametrize(
        ("path", "absent"),
        [
            ("/h/hash", ["url"]),
            ("/m/lookup", ["signal", "signal_type"]),
            ("/m/raw_lookup?signal=x", ["signal_type"]),
        ],
    )
    def test_what_is_missing_is_named_in_a_list(
        self, hma: Client, path: str, absent: list[str]
    ) -> None:
        answer = hma.get(path)
        assert answer.status_code == 422
        assert [one["loc"][-1] for one in answer.json()] == absent
        assert all(one.keys() == {"type", "loc", "msg", "input", "url"} for one in answer.json())

    def test_forms_that_are_none(self, hma: Client) -> None:
        data = picture()
        for files, message in (
            ({"file": ("a", data)}, "no such content_type: 'file'"),
            ([("photo", ("a", data)), ("photo", ("b", data))], "Too many files"),
        ):
            for path in ("/h/hash", "/m/lookup"):
                answer = hma.post(path, files=files)
                assert answer.status_code == 400
                assert message in answer.json()["message"]
        for body, kind in (
            (b"x", "multipart/form-data"),
            (b"x", "multipart/form-data; boundary=y"),
        ):
            answer = hma.post("/h/hash", content=body, headers={"content-type": kind})
            assert answer.json() == {"message": "Malformed multipart/form-data"}
        missing = {"message": "Missing multipart/form-data file upload"}
        assert hma.post("/h/hash", json={}).json() == missing

    def test_lookups_within_named_banks(self, hma: Client) -> None:
        for name in ("A", "B"):
            new_bank(hma, name)
            add(hma, pdq_value(3), name)
        soon(lambda: look_up(hma, pdq_value(3)), lambda said: said.keys() == {"A", "B"})
        ignored = {"seed": "7", "bypass_coinflip": "true"}
        assert look_up(hma, pdq_value(3), banks="A,NONE", **ignored).keys() == {"A"}
        assert look_up(hma, pdq_value(3), banks="NONE") == {}


class TestDefects:
    def test_defect_1_what_was_withdrawn_matches_no_more(self, hma: Client) -> None:
        new_bank(hma)
        number = add(hma, pdq_value(1))
        soon(lambda: look_up(hma, pdq_value(1)), bool)
        path = f"/c/bank/TEST_BANK/content/{number}"
        assert hma.delete(path).json() == {"deleted": 1}
        assert look_up(hma, pdq_value(1)) == {}
        asked = {"signal": pdq_value(1).hex, "signal_type": "pdq"}
        assert hma.get("/m/raw_lookup", params=asked).json() == {"matches": []}
        assert hma.delete(path).json() == {"deleted": 0}
        assert hma.get(path).status_code == 404

    def test_defect_3_capitals_are_taken(self, hma: Client) -> None:
        new_bank(hma)
        number = hma.post(
            "/c/bank/TEST_BANK/signal", json={"pdq": pdq_value(1).hex.upper()}
        ).json()["id"]
        asked = {"signal": pdq_value(1).hex.upper(), "signal_type": "pdq"}
        said = soon(lambda: hma.get("/m/lookup", params=asked).json(), bool)
        assert said["TEST_BANK"][0]["bank_content_id"] == number

    @pytest.mark.parametrize("copies", [1, 2, 4])
    def test_defect_4_a_bank_of_one_hash_matches(self, hma: Client, copies: int) -> None:
        new_bank(hma)
        numbers = {add(hma, pdq_value(100 + copies)) for _ in range(copies)}
        said = soon(
            lambda: look_up(hma, flipped(pdq_value(100 + copies), 31)),
            lambda found: len(found.get("TEST_BANK", ())) == copies,
        )
        assert {one["bank_content_id"] for one in said["TEST_BANK"]} == numbers

    @pytest.mark.parametrize("text", ["{0}\n", " {0}", "{0}0", "zz", "", "0x" + "0" * 62])
    def test_defect_6_no_malformed_value_gets_in(self, hma: Client, text: str) -> None:
        new_bank(hma)
        value = text.format(pdq_value(1).hex)
        answer = hma.post("/c/bank/TEST_BANK/signal", json={"pdq": value})
        assert answer.status_code == 400
        assert pdq_value(1).hex not in answer.text
        add(hma, pdq_value(2))
        soon(lambda: look_up(hma, pdq_value(2)), bool)

    def test_defect_8_times_of_frames_to_the_millisecond(self, hma: Client) -> None:
        lines = [f"{pdq_value(n).hex},100,{1234.567 + n:.3f}" for n in range(3)]
        new_bank(hma)
        added = hma.post("/c/bank/TEST_BANK/signal", json={"vpdq": json.dumps(lines)})
        number = added.json()["id"]
        told = hma.get(f"/c/bank/TEST_BANK/content/{number}").json()["signals"]["vpdq"]
        assert json.loads(told) == lines

    def test_defect_11_a_sort_of_signals_is_not_switched_by_accident(self, hma: Client) -> None:
        for body in ({"enabled_ratio": 0}, {}):
            assert hma.put("/c/signal_type/pdq", json=body).status_code == 403
        told = hma.get("/c/signal_type").json()
        assert {"enabled_ratio": 1.0, "name": "pdq"} in told
        assert hma.get("/c/content_type").json() == [
            {"enabled": True, "name": "photo"},
            {"enabled": True, "name": "video"},
        ]

    def test_defect_12_a_bank_that_is_made_off_is_off(self, hma: Client) -> None:
        new_bank(hma, "OFF", enabled=False)
        new_bank(hma, "ALSO_OFF", enabled_ratio=0)
        assert [one["matching_enabled_ratio"] for one in hma.get("/c/banks").json()] == [0, 0]
        new_bank(hma, "ON")
        for name in ("OFF", "ALSO_OFF", "ON"):
            add(hma, pdq_value(5), name)
        soon(lambda: look_up(hma, pdq_value(5)), lambda said: said.keys() == {"ON"})
        hma.put("/c/bank/OFF", json={"enabled": True})
        assert look_up(hma, pdq_value(5)).keys() == {"ON", "OFF"}

    @pytest.mark.parametrize("ratio", [7.0, -0.1, 0.5, "x", None, [], 1e400])
    def test_defect_12_ratios(self, hma: Client, ratio: object) -> None:
        written = json.dumps({"name": "R", "enabled_ratio": ratio}).replace("Infinity", "1e400")
        answer = hma.post("/c/banks", content=written)
        assert answer.status_code in ((201,) if ratio is None else (400, 422))

    def test_defect_13_a_content_is_only_in_its_own_bank(self, hma: Client) -> None:
        new_bank(hma, "A")
        new_bank(hma, "B")
        number = add(hma, pdq_value(1), "B")
        path = f"/c/bank/A/content/{number}"
        assert hma.get(path).status_code == 404
        assert hma.put(path, json={"disable_until_ts": 0}).status_code == 404
        assert hma.delete(path).json() == {"deleted": 0}
        assert hma.get(f"/c/bank/B/content/{number}").json()["disable_until_ts"] == 1

    def test_defect_14_no_address_is_ever_fetched(self, hma: Client) -> None:
        new_bank(hma)
        address = "http://127.0.0.1:1/picture.jpg"
        for method, path in (
            ("GET", "/h/hash"),
            ("GET", "/m/lookup"),
            ("POST", "/c/bank/TEST_BANK/content"),
        ):
            answer = hma.request(method, path, params={"url": address})
            assert answer.status_code == 403
            assert "not fetched" in answer.json()["message"]

    def test_defect_15_what_cannot_be_read_is_the_senders_mistake(self, hma: Client) -> None:
        new_bank(hma)
        for data in (b"", b"nothing", picture()[:400], b"\xff\xd8\xff" + b"\0" * 900):
            for path in ("/h/hash", "/m/lookup", "/c/bank/TEST_BANK/content"):
                answer = hma.post(path, files={"photo": ("a", data)})
                assert answer.status_code == 400, (path, answer.text)
                assert answer.json().keys() == {"message"}

    def test_defect_15_a_picture_with_nothing_to_see(self, hma: Client) -> None:
        sent = {"photo": ("a", flat())}
        assert hma.post("/h/hash", files=sent).json() == {"pdq": ""}
        assert hma.post("/m/lookup", files=sent).json() == {"pdq": {}}

    def test_defect_15_every_sort_can_be_compared(self, hma: Client) -> None:
        one, other = pdq_value(1), flipped(pdq_value(1), 10)
        asked = {"pdq": [one.hex, other.hex.upper()], "video_md5": ["a" * 32, "b" * 32]}
        answer = hma.post("/m/compare", json=asked)
        assert answer.json() == {"pdq": [True, {"distance": 10}], "video_md5": [False, {}]}
        for body in ({"pdq": ["a"]}, {"pdq": "a"}, [], {"x": ["a", "b"]}, {"pdq": ["a", "b"]}):
            assert hma.post("/m/compare", json=body).status_code == 400

    def test_defect_15_exchanges_answer_with_a_message(self, hma: Client) -> None:
        assert "stop_ncii" in hma.get("/c/exchanges/apis").json()
        for method, path in (
            ("GET", "/c/exchanges"),
            ("POST", "/c/exchanges"),
            ("PUT", "/c/exchange/X"),
            ("GET", "/c/exchange/X/status"),
            ("GET", "/c/exchanges/api/ncmec"),
        ):
            answer = hma.request(method, path)
            assert answer.status_code == 403, path
            assert answer.json().keys() == {"message"}

    def test_lack_3_nothing_without_a_token_and_nothing_beyond_it(
        self, http: TestClient[Litestar], come_in: Callable[..., Client]
    ) -> None:
        for path in ("/c/banks", "/m/index/status", "/site-map", "/dev/factory_reset"):
            answer = http.get(path)
            assert answer.status_code in (401, 404), path
        reads = come_in("match")
        assert reads.get("/c/banks").status_code == 200
        for method, path in (
            ("POST", "/c/banks"),
            ("PUT", "/c/bank/X"),
            ("DELETE", "/c/bank/X"),
            ("POST", "/c/bank/X/signal"),
            ("DELETE", "/c/bank/X/content/1"),
        ):
            answer = reads.request(method, path)
            assert answer.status_code == 403
            assert answer.json().keys() == {"message"}
        assert come_in("metrics").get("/c/banks").status_code == 403
        writes = come_in("contribute")
        assert writes.get("/c/banks").json() == []
        assert writes.get("/m/index/status").status_code == 403

    def test_lack_3_tokens_of_one_reach_nothing_of_another(
        self, come_in: Callable[..., Client]
    ) -> None:
        one, other = come_in(*ALL), come_in(*ALL)
        new_bank(one)
        number = add(one, pdq_value(50))
        soon(lambda: look_up(one, pdq_value(50)), bool)
        assert other.get("/c/banks").json() == []
        assert look_up(other, pdq_value(50)) == {}
        path = f"/c/bank/TEST_BANK/content/{number}"
        assert other.get(path).status_code == 404
        assert other.delete(path).json() == {"deleted": 0}
        assert other.delete("/c/bank/TEST_BANK").json() == {"message": "Done"}
        # A name that another has taken is free: nobody learns of it by trying.
        new_bank(other)
        assert one.get(path).json()["id"] == number

    def test_lack_9_distances_only_with_the_scope(
        self, context: Context, come_in: Callable[..., Client]
    ) -> None:
        report(context, image(pdq_value(60)))
        with_scope, without = come_in("match", "distance"), come_in("match")
        asked = flipped(pdq_value(60), 9)
        told = soon(lambda: look_up(with_scope, asked), bool)
        assert told["REPORTS"][0]["distance"] == "9"
        assert look_up(without, asked)["REPORTS"][0]["distance"] == "31"


class TestWhatIsShared:
    def test_what_people_reported_is_found_and_cannot_be_changed(
        self, context: Context, hma: Client
    ) -> None:
        opened = report(context, image(pdq_value(70)))
        said = soon(lambda: look_up(hma, pdq_value(70)), bool)
        (match,) = said["REPORTS"]
        path = f"/c/bank/REPORTS/content/{match['bank_content_id']}"
        told = hma.get(path).json()
        assert told["signals"] == {}, "values are for those who may hold them"
        for method in ("PUT", "DELETE"):
            assert hma.request(method, path, json={"disable_until_ts": 0}).status_code == 403
        assert hma.put("/c/bank/REPORTS", json={"enabled": False}).status_code == 403
        assert hma.delete("/c/bank/REPORTS").status_code == 403
        answer = hma.post("/c/bank/REPORTS/signal", json={"pdq": pdq_value(71).hex})
        assert answer.status_code == 403
        workflows.withdraw_item(context, person(opened), item_id=opened.case.items[0].id)
        assert look_up(hma, pdq_value(70)) == {}
        assert hma.get(path).status_code == 404

    def test_holding_until_a_moment(self, hma: Client) -> None:
        new_bank(hma)
        number = add(hma, pdq_value(80))
        path = f"/c/bank/TEST_BANK/content/{number}"
        soon(lambda: look_up(hma, pdq_value(80)), bool)
        later = int(time.time()) + 3600
        for until, told in ((0, 0), (later, later)):
            answer = hma.put(path, json={"disable_until_ts": until, "note": "why"}).json()
            assert (answer["disable_until_ts"], answer["note"]) == (told, "why")
            assert look_up(hma, pdq_value(80)) == {}
        assert hma.put(path, json={"disable_until_ts": 1}).json()["disable_until_ts"] == 1
        soon(lambda: look_up(hma, pdq_value(80)), bool)
        for wrong in (-1, 10**15, later + 6 * 366 * 86400, "x", 1.5, True):
            answer = hma.put(path, json={"disable_until_ts": wrong})
            assert answer.status_code in (400, 422), wrong

    def test_a_bank_that_is_dropped_is_withdrawn_whole(self, context: Context, hma: Client) -> None:
        new_bank(hma)
        for seed in (90, 91):
            add(hma, pdq_value(seed))
        soon(lambda: look_up(hma, pdq_value(91)), bool)
        hma.delete("/c/bank/TEST_BANK")
        assert look_up(hma, pdq_value(91)) == {}
        soon(
            lambda: workflows.screen_signals(context, OPERATOR, [pdq_value(90)]),
            lambda found: found == [],
        )
        new_bank(hma)
        assert hma.get("/m/index/status").json()["video_md5"]["built_to"] != 0

    def test_a_site_for_adults_is_told_of_its_own(self, come_in: Callable[..., Client]) -> None:
        site = come_in(*ALL, serves_adults_only=True)
        new_bank(site)
        add(site, pdq_value(95))
        soon(lambda: look_up(site, pdq_value(95)), bool)

    def test_names_of_our_banks_in_capitals(
        self, context: Context, come_in: Callable[..., Client]
    ) -> None:
        made = ["two words", "two-words", "TWO_WORDS", "불법촬영물"]
        for name in made:
            workflows.create_bank(context, OPERATOR, name=name)
        workflows.create_bank(context, OPERATOR, name="never told", policy=BankPolicy.ALLOW)
        hma = come_in(*ALL)
        try:
            names = [one["name"] for one in hma.get("/c/banks").json()]
            found = [name for name in names if name.startswith(("TWO_WORDS", "BANK_"))]
            assert len(found) == len(set(names) - {"REPORTS"}) == 4
            assert "TWO_WORDS" in found
            assert all(name.isascii() and name == name.upper() for name in names)
            assert names == [one["name"] for one in hma.get("/c/banks").json()]
        finally:
            for name in made:
                workflows.change_bank(context, OPERATOR, name=name, is_limited=True)


class TestFiles:
    def test_a_large_file_stays_in_memory(
        self, hma: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The framework's own reading of forms would write it to disk above a mebibyte."""

        def refuse(*_: object, **__: object) -> None:
            raise AssertionError("something is written")

        for name in ("SpooledTemporaryFile", "TemporaryFile", "NamedTemporaryFile", "mkstemp"):
            monkeypatch.setattr(tempfile, name, refuse)
        written = io.BytesIO()
        noise = Image.effect_noise((1500, 1500), 90)
        noise.save(written, "PNG")
        assert len(written.getvalue()) > 2 * 1024 * 1024
        answer = hma.post("/h/hash", files={"photo": ("a.png", written.getvalue())})
        assert answer.status_code == 200, answer.text

    def test_too_large_is_refused(self, hma: Client) -> None:
        answer = hma.post("/h/hash", files={"photo": ("a", b"\xff\xd8\xff" + bytes(9 << 20))})
        assert answer.status_code == 413
        assert answer.json().keys() == {"message"}
        fields = {"note": "n" * 70_000}
        answer = hma.post("/h/hash", files={"photo": ("a", picture())}, data=fields)
        assert answer.status_code == 413

    def test_metadata_with_other_keys_is_refused(self, hma: Client) -> None:
        new_bank(hma)
        for metadata in ('{"x": 1}', "[]", "{"):
            answer = hma.post(
                "/c/bank/TEST_BANK/content",
                files={"photo": ("a", picture())},
                data={"metadata": metadata},
            )
            assert answer.status_code == 400

    def test_too_many_records_are_refused_before_they_are_looked_at(
        self, come_in: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = come_in("contribute", "opinions")
        for name in ("read_submitted", "read_judged"):
            monkeypatch.setattr(f"haechi.api._stopncii_routes.{name}", lambda _: 1 / 0)
        for path, key in (("SubmitHashes", "hashRecords"), ("SubmitFeedback", "hashFeedbacks")):
            answer = client.post(
                f"/stopncii/v1/{path}",
                json={key: [0] * 10_001},
                headers={"x-functions-key": client.token},
            )
            assert answer.status_code == 413, answer.text

    def test_what_was_made_up_for_a_partner_has_a_number_as_any_other(
        self, context: Context, come_in: Callable[..., Client]
    ) -> None:
        report(context, image(pdq_value(871)))
        client, other = come_in(*ALL, "changes"), come_in(*ALL, "changes")
        with context.database.read() as tx:
            own, *_ = [
                (partner_id, value)
                for partner_id, value in bank.canary_values(tx, context.vault)
                if partner_id == _partner_of(context, client)
            ]
        signal = {"signal": own[1].hex(), "signal_type": "pdq"}
        (number,) = soon(lambda: client.get("/m/raw_lookup", params=signal).json()["matches"], bool)
        path = f"/c/bank/REPORTS/content/{number}"
        found = client.get(path)
        assert found.status_code == 200
        assert found.json()["signals"] == {"pdq": own[1].hex()}
        assert other.get(path).status_code == 404

    @pytest.mark.parametrize("text", ["[1]", "[{}]", "[null]", "[NaN]", "{}", "5"])
    def test_frames_that_are_none(self, hma: Client, text: str) -> None:
        answer = hma.post("/m/compare", json={"vpdq": [text, text]})
        assert answer.status_code == 400, answer.text

    def test_a_share_larger_than_any_number(self, hma: Client) -> None:
        body = b'{"name": "BIG", "enabled_ratio": 1%s}' % (b"0" * 400)
        assert hma.post("/c/banks", content=body).status_code == 422

    @pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"[" * 100_000, b"", b"null"])
    def test_bodies_that_are_no_json(self, hma: Client, body: bytes) -> None:
        for method, path in (
            ("POST", "/c/banks"),
            ("PUT", "/c/bank/X"),
            ("POST", "/c/bank/X/signal"),
            ("PUT", "/c/bank/X/content/1"),
            ("POST", "/m/compare"),
        ):
            answer = hma.request(method, path, content=body)
            assert 400 <= answer.status_code < 500, (path, answer.text)
            assert answer.json()
