# SPDX-License-Identifier: Apache-2.0
"""The screening API: the same answers by the quick way and by the route, limits, keys, batches, ids."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from installations import flipped, pdq_value
from litestar import Litestar
from litestar.testing import TestClient
from own_loop import run_apart
from sqlalchemy import select

from haechi import bank
from haechi.api import _arriving
from haechi.asgi import _quick, create_app
from haechi.errors import BadInput
from haechi.review._tables import match_record
from haechi.settings import load_settings
from haechi.signals import digests
from haechi.values import Actor, ActorKind, BankPolicy, Sharing, Signal
from haechi.workflows import (
    Context,
    actor_of_token,
    admit_partner,
    dismiss_partner,
    open_context,
    remembered_actor,
)

OPERATOR = Actor(ActorKind.OPERATOR, "test")
ADDRESS = "http://haechi.test"


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    folder = tmp_path_factory.mktemp("match") / "data"
    with open_context(load_settings({}, data_folder=folder), follows=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def apps(context: Context) -> dict[str, Litestar]:
    """With the quick way in front, and without it."""
    made = {"quick": create_app(context), "route": create_app(context)}
    made["route"].asgi_handler = made["route"]._create_asgi_handler()
    return made


@pytest.fixture(scope="module")
def clients(apps: dict[str, Litestar]) -> Iterator[dict[str, TestClient[Litestar]]]:
    with (
        TestClient(apps["quick"], base_url=ADDRESS) as quick,
        TestClient(apps["route"], base_url=ADDRESS) as route,
    ):
        yield {"quick": quick, "route": route}


@pytest.fixture(params=["quick", "route"])
def way(request: pytest.FixtureRequest, clients: dict[str, Any]) -> TestClient[Litestar]:
    """Each way in turn."""
    return clients[request.param]


@pytest.fixture
def quick_answers(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What the quick way said of each question that came to it."""
    said: list[bool] = []
    real = _quick.answers_nothing

    def noting(*given: Any) -> bool:
        said.append(real(*given))
        return said[-1]

    monkeypatch.setattr(_quick, "answers_nothing", noting)
    return said


def admit(context: Context, *scopes: str, **facts: Any) -> dict[str, str]:
    """The header of a new partner, remembered already."""
    name = secrets.token_hex(8)
    scopes = scopes or ("match",)
    _, token = admit_partner(context, OPERATOR, name=name, scopes=scopes, **facts)
    return {"authorization": f"Bearer {token}"}


def put(
    context: Context,
    signal: Signal,
    *,
    name: str = "reports",
    policy: BankPolicy = BankPolicy.BLOCK,
) -> str:
    with context.database.write() as tx:
        key_id = context.vault.new_key(tx)
        bank_id = bank.ensure_bank(tx, name, policy=policy).id
        content_id = bank.add_content(
            tx, context.vault, bank_id=bank_id, key_id=key_id, signals=[signal], sharing=Sharing()
        )
    context.index.catch_up()
    return content_id


def fresh() -> Signal:
    return pdq_value(secrets.randbits(60))


def body(*signals: Signal, **more: Any) -> dict[str, Any]:
    return {"signals": [written(signal) for signal in signals], **more}


def written(signal: Signal) -> dict[str, Any]:
    told = {"type": signal.type.value, "value": signal.hex}
    return told if signal.quality is None else {**told, "quality": signal.quality}


def remembered(context: Context, headers: dict[str, str]) -> None:
    """Come in until the token is remembered: the live index looks at the feed every 25 ms."""
    token = headers["authorization"].removeprefix("Bearer ")
    deadline = time.monotonic() + 5
    while remembered_actor(context, token) is None:
        assert actor_of_token(context, token) is not None
        assert time.monotonic() < deadline
        time.sleep(0.005)


class TestTheQuickWay:
    def test_answers_what_is_near_nothing_as_the_route_does(
        self, context: Context, clients: dict[str, Any], quick_answers: list[bool]
    ) -> None:
        headers = admit(context)
        remembered(context, headers)
        quick_answers.clear()
        asked = body(fresh(), reference="upload-1")
        answers = [clients[name].post("/v1/match", json=asked, headers=headers) for name in clients]
        assert quick_answers == [True]
        one, other = answers
        assert one.status_code == other.status_code == 200
        assert one.content == other.content == b'{"action":"none","matches":[]}'
        assert sorted(one.headers.multi_items()) == sorted(other.headers.multi_items())
        assert "content-security-policy" in one.headers

    def test_leaves_what_is_known_to_the_route(
        self, context: Context, clients: dict[str, Any], quick_answers: list[bool]
    ) -> None:
        headers = admit(context, "match", "distance")
        known = fresh()
        put(context, known)
        remembered(context, headers)
        quick_answers.clear()
        answers = []
        for client in clients.values():
            answer = client.post("/v1/match", json=body(flipped(known, 9)), headers=headers).json()
            (match,) = answer["matches"]
            assert match.pop("match")
            answers.append(answer)
        assert quick_answers == [False]
        assert answers[0] == answers[1]
        assert answers[0]["matches"][0]["distance"] == 9

    @pytest.mark.parametrize(
        ("change", "path"),
        [
            ({"origin": "https://elsewhere.example"}, "/v1/match"),
            ({"sec-fetch-site": "cross-site"}, "/v1/match"),
            ({"sec-fetch-site": "same-origin"}, "/v1/match"),
            ({"idempotency-key": "one"}, "/v1/match"),
            ({"content-type": "application/json;charset=latin-1"}, "/v1/match"),
            ({"authorization": "Bearer nope"}, "/v1/match"),
            ({"authorization": "Basic nope"}, "/v1/match"),
            ({"content-type": "image/png"}, "/v1/match"),
            ({}, "/v1/match?reference=a"),
            ({}, "/v1/match/"),
            ({}, "/v1//match"),
        ],
    )
    def test_touches_nothing_that_asks_for_more_than_a_look(
        self,
        context: Context,
        clients: dict[str, Any],
        quick_answers: list[bool],
        change: dict[str, str],
        path: str,
    ) -> None:
        headers = admit(context) | {"content-type": "application/json"}
        remembered(context, headers)
        quick_answers.clear()
        sent = json.dumps(body(fresh())).encode()
        answers = [
            client.post(path, content=sent, headers=headers | change) for client in clients.values()
        ]
        assert quick_answers == []
        assert answers[0].status_code == answers[1].status_code
        assert answers[0].content == answers[1].content

    def test_a_token_without_the_scope_is_refused_both_ways(
        self, context: Context, way: TestClient[Litestar]
    ) -> None:
        headers = admit(context, "metrics")
        remembered(context, headers)
        for path in ("/v1/match", "/v1/match/batch"):
            answer = way.post(path, json=body(fresh()), headers=headers)
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_yours")

    @pytest.mark.parametrize(
        ("sent", "code"),
        [
            (b"", "bad_input"),
            (b"{", "bad_input"),
            (b"null", "malformed_field"),
            (b'{"signals":[]}', "malformed_field"),
            (b'{"signals":[{"type":"pdq","value":"' + b"ab" * 31 + b'"}]}', "malformed_signal"),
            (b'{"signals":[{"type":"phash","value":"ab"}]}', "malformed_field"),
            (json.dumps(body(fresh(), reference="a b")).encode(), "malformed_field"),
            (json.dumps(body(fresh(), reference="ab\n")).encode(), "malformed_field"),
            (json.dumps(body(fresh(), reference="a" * 101)).encode(), "malformed_field"),
            (json.dumps(body(fresh(), note="x")).encode(), "malformed_field"),
            (b"[" * 60_000, "malformed_field"),
        ],
    )
    def test_what_cannot_be_read_is_one_clear_error_both_ways(
        self, context: Context, way: TestClient[Litestar], sent: bytes, code: str
    ) -> None:
        headers = admit(context) | {"content-type": "application/json"}
        remembered(context, headers)
        answer = way.post("/v1/match", content=sent, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)

    def test_an_unexpected_failure_of_the_look_is_left_to_the_route(
        self, context: Context, clients: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        headers = admit(context)
        remembered(context, headers)

        def fail(*_: Any) -> bool:
            raise RuntimeError

        monkeypatch.setattr(_quick, "answers_nothing", fail)
        answer = clients["quick"].post("/v1/match", json=body(fresh()), headers=headers)
        assert answer.json() == {"action": "none", "matches": []}

    def test_a_failure_of_the_look_is_not_told(
        self,
        context: Context,
        clients: dict[str, Any],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """While the index is not ready the route says so."""
        headers = admit(context)
        remembered(context, headers)
        monkeypatch.setattr(type(context.live), "is_ready", property(lambda _: False))
        answer = clients["quick"].post("/v1/match", json=body(fresh()), headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "not_ready")


class TestTokens:
    def test_a_revoked_token_is_refused_at_once(
        self, context: Context, way: TestClient[Litestar]
    ) -> None:
        partner, token = admit_partner(
            context, OPERATOR, name=secrets.token_hex(8), scopes=["match"]
        )
        headers = {"authorization": f"Bearer {token}"}
        remembered(context, headers)
        assert way.post("/v1/match", json=body(fresh()), headers=headers).is_success
        dismiss_partner(context, OPERATOR, name=partner.name)
        for _ in range(3):
            assert way.post("/v1/match", json=body(fresh()), headers=headers).status_code == 401

    def test_another_process_refuses_it_within_moments(
        self, context: Context, clients: dict[str, Any]
    ) -> None:
        """Nothing wakes the index here: it sees the change at its next look."""
        name = secrets.token_hex(8)
        _, token = admit_partner(context, OPERATOR, name=name, scopes=["match"])
        headers = {"authorization": f"Bearer {token}"}
        remembered(context, headers)
        with open_context(context.settings, follows=False) as other:
            dismiss_partner(other, OPERATOR, name=name)
        deadline = time.monotonic() + 1
        while clients["quick"].post("/v1/match", json=body(fresh()), headers=headers).is_success:
            assert time.monotonic() < deadline
            time.sleep(0.01)


class TestWhatFollows:
    @pytest.mark.parametrize(
        ("policy", "bits", "action"),
        [
            (BankPolicy.BLOCK, 4, "block"),
            (BankPolicy.BLOCK, 27, "review"),
            (BankPolicy.REVIEW, 4, "review"),
            (BankPolicy.ALLOW, 4, "none"),
            (BankPolicy.BLOCK, 40, "none"),
        ],
    )
    def test_the_action_goes_by_policy_and_verdict(
        self,
        context: Context,
        way: TestClient[Litestar],
        policy: BankPolicy,
        bits: int,
        action: str,
    ) -> None:
        known = fresh()
        put(context, known, name=f"bank-{policy.value}", policy=policy)
        answer = way.post("/v1/match", json=body(flipped(known, bits)), headers=admit(context))
        told = answer.json()
        assert told["action"] == action
        assert bool(told["matches"]) is (action != "none")
        for match in told["matches"]:
            assert match["policy"] == policy.value
            assert match["match"]

    def test_no_distance_without_the_scope(
        self, context: Context, way: TestClient[Litestar]
    ) -> None:
        """HMA tells any caller how far its hash is (hma.md §2, 9): that is an oracle."""
        known = fresh()
        put(context, known)
        for scopes, tells in ((("match",), False), (("match", "distance"), True)):
            headers = admit(context, *scopes)
            (single,) = way.post("/v1/match", json=body(known), headers=headers).json()["matches"]
            batch = way.post(
                "/v1/match/batch", json={"uploads": [body(known)]}, headers=headers
            ).json()
            (in_batch,) = batch["answers"][0]["matches"]
            for match in (single, in_batch):
                assert {"distance", "radius", "evidence"} & set(match) == (
                    {"distance", "radius", "evidence"} if tells else set()
                )

    def test_a_bank_of_one_matches(self, context: Context, way: TestClient[Litestar]) -> None:
        """HMA's index loses a bank that holds one hash (hma.md §2, 4)."""
        known = fresh()
        put(context, known, name=f"one-{secrets.token_hex(4)}")
        answer = way.post("/v1/match", json=body(known), headers=admit(context)).json()
        assert len(answer["matches"]) == 1


class TestWhatIsNoted:
    """HMA keeps no record of what it matched (hma.md §2, missing 4)."""

    def test_each_match_under_its_id_with_the_partners_word(
        self, context: Context, way: TestClient[Litestar]
    ) -> None:
        known = fresh()
        content_id = put(context, known)
        headers = admit(context)
        asked = body(known, reference="post:77")
        single = way.post("/v1/match", json=asked, headers=headers).json()
        batch = way.post("/v1/match/batch", json={"uploads": [asked]}, headers=headers).json()
        told = [single["matches"][0], batch["answers"][0]["matches"][0]]
        with context.database.read() as tx:
            rows = {
                row.id: row
                for row in tx.execute(
                    select(match_record).where(match_record.c.content_id == content_id)
                )
            }
        assert set(rows) == {match["match"] for match in told}
        for row in rows.values():
            assert row.reference == "post:77"
            assert row.partner_id == partner_id(context, headers)

    def test_a_question_that_finds_nothing_writes_nothing(
        self, context: Context, way: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        headers = admit(context)
        remembered(context, headers)
        monkeypatch.setattr(
            type(context.database), "write", lambda _: pytest.fail("nothing is written")
        )
        for path, asked in (
            ("/v1/match", body(fresh(), reference="a")),
            ("/v1/match/batch", {"uploads": [body(fresh())] * 3}),
        ):
            assert way.post(path, json=asked, headers=headers).is_success
        monkeypatch.undo()

    def test_a_file_is_found_by_its_bytes_and_keeps_its_word(
        self, context: Context, way: TestClient[Litestar]
    ) -> None:
        data = secrets.token_bytes(40)
        put(context, digests([data])[1])
        headers = admit(context) | {"content-type": "application/octet-stream"}
        answer = way.post("/v1/match?reference=file-1", content=data, headers=headers).json()
        assert answer["action"] == "block"
        wrong = way.post("/v1/match?reference=a%20b", content=data, headers=headers)
        assert (wrong.status_code, wrong.json()["error"]["field"]) == (400, "reference")


def partner_id(context: Context, headers: dict[str, str]) -> str:
    actor = actor_of_token(context, headers["authorization"].removeprefix("Bearer "))
    assert actor is not None
    return actor.id


class TestLimits:
    def test_too_many_are_told_when_to_ask_again(
        self, context: Context, way: TestClient[Litestar]
    ) -> None:
        headers = admit(context, lookups_per_min=120)
        statuses = []
        for _ in range(6):
            answer = way.post("/v1/match", json=body(fresh()), headers=headers)
            statuses.append(answer.status_code)
        assert statuses[:4] == [200] * 4
        assert statuses[-1] == 429
        assert answer.json()["error"]["code"] == "too_many_requests"
        assert int(answer.headers["retry-after"]) >= 1

    def test_a_batch_counts_its_signals(self, context: Context, way: TestClient[Litestar]) -> None:
        headers = admit(context, lookups_per_min=60)
        uploads = {"uploads": [body(fresh()) for _ in range(50)]}
        assert way.post("/v1/match/batch", json=uploads, headers=headers).is_success
        answer = way.post("/v1/match", json=body(fresh()), headers=headers)
        assert answer.status_code == 429
        assert 40 <= int(answer.headers["retry-after"]) <= 50

    def test_one_partner_does_not_use_up_what_is_anothers(
        self, context: Context, way: TestClient[Litestar]
    ) -> None:
        one, other = admit(context, lookups_per_min=30), admit(context, lookups_per_min=30)
        for _ in range(3):
            last = way.post("/v1/match", json=body(fresh()), headers=one)
        assert last.status_code == 429
        assert way.post("/v1/match", json=body(fresh()), headers=other).is_success


class TestKeys:
    def test_the_same_request_gets_the_same_answer_and_is_noted_once(
        self, context: Context, way: TestClient[Litestar]
    ) -> None:
        known = fresh()
        put(context, known)
        headers = admit(context) | {"idempotency-key": "a-key"}
        answers = [way.post("/v1/match", json=body(known), headers=headers) for _ in range(3)]
        assert answers[0].json()["matches"]
        assert {answer.content for answer in answers} == {answers[0].content}
        context.usage.write(context.database)
        (usage,) = way.get("/v1/usage", headers=headers).json()["usage"]
        assert (usage["verb"], usage["asked"], usage["matched"]) == ("match", 1, 1)

    @pytest.mark.parametrize("path", ["/v1/match", "/v1/match/batch"])
    def test_the_same_key_with_another_request_is_refused(
        self, context: Context, way: TestClient[Litestar], path: str
    ) -> None:
        headers = admit(context) | {"idempotency-key": "a-key"}
        bodies = [body(fresh()), body(fresh())]
        if path.endswith("batch"):
            bodies = [{"uploads": [one]} for one in bodies]
        assert way.post(path, json=bodies[0], headers=headers).is_success
        answer = way.post(path, json=bodies[1], headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "key_used_before")
        assert way.post(path, json=bodies[0], headers=headers).is_success

    def test_two_partners_may_use_one_key(
        self, context: Context, way: TestClient[Litestar]
    ) -> None:
        for _ in range(2):
            headers = admit(context) | {"idempotency-key": "1"}
            assert way.post("/v1/match", json=body(fresh()), headers=headers).is_success

    @pytest.mark.parametrize("key", ["a b", "k" * 101, "\x7f"])
    def test_a_key_that_is_none(
        self, context: Context, way: TestClient[Litestar], key: str
    ) -> None:
        headers = admit(context) | {"idempotency-key": key}
        answer = way.post("/v1/match", json=body(fresh()), headers=headers)
        assert answer.status_code == 400
        assert answer.json()["error"]["field"] == "Idempotency-Key"

    def test_an_error_is_not_kept(self, context: Context, way: TestClient[Litestar]) -> None:
        headers = admit(context) | {"idempotency-key": "k"}
        assert way.post("/v1/match", json={"signals": []}, headers=headers).status_code == 400
        assert way.post("/v1/match", json=body(fresh()), headers=headers).is_success


class TestBatch:
    def test_only_what_is_known_is_answered_by_place_and_word(
        self, context: Context, way: TestClient[Litestar]
    ) -> None:
        known, for_review = fresh(), fresh()
        put(context, known)
        put(context, for_review, name="bank-review", policy=BankPolicy.REVIEW)
        uploads = [
            body(fresh()),
            body(fresh(), flipped(known, 5), reference="second"),
            body(fresh(), reference="third"),
            body(for_review),
        ]
        answer = way.post(
            "/v1/match/batch", json={"uploads": uploads}, headers=admit(context)
        ).json()
        assert answer["asked"] == 4
        told = [(one["upload"], one["reference"], one["action"]) for one in answer["answers"]]
        assert told == [(1, "second", "block"), (3, "", "review")]
        assert all(
            len(one["matches"]) == 1 and one["matches"][0]["match"] for one in answer["answers"]
        )

    def test_more_than_fits(self, context: Context, way: TestClient[Litestar]) -> None:
        headers = admit(context, lookups_per_min=10**9) | {"content-type": "application/json"}
        one = written(pdq_value(1))
        uploads = {"uploads": [{"signals": [one] * 64} for _ in range(313)]}
        answer = way.post("/v1/match/batch", json=uploads, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_much_at_once")
        long = b'{"uploads":[' + b" " * (16 << 20) + b"]}"
        answer = way.post("/v1/match/batch", content=long, headers=headers)
        assert answer.status_code == 413

    def test_what_cannot_be_read_is_named_by_its_place(
        self, context: Context, way: TestClient[Litestar]
    ) -> None:
        wrong = {"signals": [{"type": "md5", "value": "abc"}]}
        answer = way.post(
            "/v1/match/batch", json={"uploads": [body(fresh()), wrong]}, headers=admit(context)
        )
        assert answer.status_code == 400
        assert answer.json()["error"]["field"] == "uploads[1].value"

    def test_takes_no_files_and_no_regions(
        self, context: Context, way: TestClient[Litestar]
    ) -> None:
        headers = admit(context)
        answer = way.post(
            "/v1/match/batch", content=b"x", headers=headers | {"content-type": "image/png"}
        )
        assert answer.status_code == 415
        regions = {"type": "rpdq", "value": "01ffffffff" + "ab" * 38}
        answer = way.post(
            "/v1/match/batch", json={"uploads": [{"signals": [regions]}]}, headers=headers
        )
        assert answer.status_code == 400
        assert "rpdq" in answer.json()["error"]["message"]


def test_one_hash_matches_after_a_restart(tmp_path: Path) -> None:
    """HMA's index loses it when it is written and read again (hma.md §2, 4)."""
    settings = load_settings({}, data_folder=tmp_path / "data")
    known = fresh()
    with open_context(settings, follows=True) as first:
        put(first, known)
        headers = admit(first)
    with open_context(settings, follows=True) as second:
        deadline = time.monotonic() + 10
        while second.live is None or not second.live.is_ready:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        with TestClient(create_app(second), base_url=ADDRESS) as client:
            for bits in (0, 20, 31):
                answer = client.post(
                    "/v1/match", json=body(flipped(known, bits)), headers=headers
                ).json()
                assert len(answer["matches"]) == 1


def test_a_body_in_drops_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_arriving, "_GRACE_S", 0)

    class Dripping:
        async def stream(self) -> AsyncIterator[bytes]:
            await asyncio.Event().wait()
            yield b"never"

    async def read() -> list[bytes]:
        return [part async for part in _arriving.arriving(Dripping())]

    with pytest.raises(BadInput):
        run_apart(read())
