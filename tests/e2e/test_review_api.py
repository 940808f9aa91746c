# SPDX-License-Identifier: Apache-2.0
"""What partners say of matches, and appeals, by HTTP and by the page; what HMA has nothing for.

Reference hma.md §2, "missing": 2 (who did what is on record), 4 (a record of each match, and a queue),
6 (saying that a match is none, and a guard against floods).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator

import pytest
from installations import flipped, pdq_value
from litestar.testing import TestClient
from sqlalchemy import select

from haechi import bank
from haechi.asgi import create_app
from haechi.audit._tables import audit_event
from haechi.review._tables import match_record, opinion, review_task
from haechi.settings import load_settings
from haechi.values import Actor, ActorKind, BankPolicy, Sharing, Signal
from haechi.workflows import Context, admit_partner, open_context

OPERATOR = Actor(ActorKind.OPERATOR, "test")
UNKNOWN = "We do not know this reference. Please check it, sign by sign."


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    folder = tmp_path_factory.mktemp("review") / "data"
    settings = load_settings({}, data_folder=folder, reports_per_min=1000)
    with open_context(settings, follows=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(context: Context) -> Iterator[TestClient]:  # type: ignore[type-arg]
    with TestClient(create_app(context), base_url="http://haechi.test") as opened:
        yield opened


def _admit(context: Context, *scopes: str) -> dict[str, str]:
    scopes = scopes or ("match", "opinions")
    _, token = admit_partner(context, OPERATOR, name=secrets.token_hex(8), scopes=scopes)
    return {"authorization": f"Bearer {token}"}


def _put(context: Context, signal: Signal) -> str:
    with context.database.write() as tx:
        bank_id = bank.ensure_bank(tx, "reports", policy=BankPolicy.BLOCK).id
        content_id = bank.add_content(
            tx,
            context.vault,
            bank_id=bank_id,
            key_id=context.vault.new_key(tx),
            signals=[signal],
            sharing=Sharing(),
        )
    context.index.catch_up()
    return content_id


def _match(client: TestClient, headers: dict[str, str], signal: Signal) -> str:  # type: ignore[type-arg]
    body = {"signals": [{"type": "pdq", "value": signal.hex}]}
    (found,) = client.post("/v1/match", json=body, headers=headers).json()["matches"]
    return str(found["match"])


@pytest.fixture
def signal() -> Signal:
    return pdq_value(secrets.randbits(60))


@pytest.fixture
def content_id(context: Context, signal: Signal) -> str:
    return _put(context, signal)


def test_a_match_is_on_record_and_so_is_who_spoke_of_it(
    context: Context,
    client: TestClient,  # type: ignore[type-arg]
    signal: Signal,
    content_id: str,
) -> None:
    headers = _admit(context)
    match_id = _match(client, headers, signal)
    body = {"opinions": [{"match": match_id, "opinion": "not_this"}]}
    answer = client.post("/v1/opinions", json=body, headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"taken": 1})
    with context.database.read() as tx:
        row = tx.execute(select(match_record).where(match_record.c.id == match_id)).one()
        said = tx.execute(select(opinion).where(opinion.c.match_id == match_id)).one()
        verbs = tx.scalars(
            select(audit_event.c.verb).where(audit_event.c.actor_id == row.partner_id)
        ).all()
    assert (row.content_id, said.value, said.giver_id) == (content_id, "not_this", row.partner_id)
    assert "give_opinions" in verbs


def test_all_opinions_are_taken_or_none(
    context: Context,
    client: TestClient,  # type: ignore[type-arg]
    signal: Signal,
    content_id: str,
) -> None:
    headers, other = _admit(context), _admit(context)
    match_id, foreign = _match(client, headers, signal), _match(client, other, signal)
    for unknown in ({"match": foreign}, {"match": "mat_x"}, {"content": "con_x"}):
        body = {
            "opinions": [
                {"match": match_id, "opinion": "confirmed"},
                {**unknown, "opinion": "confirmed"},
            ]
        }
        assert client.post("/v1/opinions", json=body, headers=headers).status_code == 404
    with context.database.read() as tx:
        assert not tx.scalars(select(opinion).where(opinion.c.content_id == content_id)).all()


def test_opinions_and_appeals_need_their_scope(
    context: Context,
    client: TestClient,  # type: ignore[type-arg]
    signal: Signal,
    content_id: str,  # there is something to match
) -> None:
    headers = _admit(context, "match")
    match_id = _match(client, headers, signal)
    opinions = {"opinions": [{"match": match_id, "opinion": "confirmed"}]}
    assert client.post("/v1/opinions", json=opinions, headers=headers).status_code == 403
    appeal = {"match": match_id, "text": "A garden."}
    assert client.post("/v1/appeals", json=appeal, headers=headers).status_code == 403


@pytest.mark.parametrize(("partners", "action"), [(1, "block"), (2, "review")])
def test_unlike_pictures_open_a_task_and_no_longer_block(
    context: Context,
    client: TestClient,  # type: ignore[type-arg]
    signal: Signal,
    content_id: str,
    partners: int,
    action: str,
) -> None:
    """One partner alone only calls a reviewer."""
    headers = [_admit(context) for _ in range(partners)]
    for seed in range(context.settings.flood_looks_per_hour):
        _match(client, headers[seed % partners], flipped(signal, 20, seed=seed))
    body = {"signals": [{"type": "pdq", "value": signal.hex}]}
    assert client.post("/v1/match", json=body, headers=headers[0]).json()["action"] == action
    with context.database.read() as tx:
        kinds = tx.scalars(select(review_task.c.kind).where(review_task.c.subject_id == content_id))
        assert kinds.all() == ["flood"]


class TestThePage:
    def test_an_uploader_appeals_and_asks_how_far_it_is(
        self,
        context: Context,
        client: TestClient,  # type: ignore[type-arg]
        signal: Signal,
        content_id: str,
    ) -> None:
        headers = _admit(context)
        match_id = _match(client, headers, signal)
        form = {"match_reference": match_id, "text": "This is my garden."}
        sent = client.post("/appeal", data=form)
        assert sent.status_code == 200
        (reference,) = re.findall(r"A-[0-9A-Z]{4}-[0-9A-Z]{4}", sent.text)
        asked = client.post("/appeal", data={"appeal_reference": reference.lower()})
        assert "It has been received." in asked.text
        for secret in (content_id, match_id, "garden", signal.hex):
            assert secret not in asked.text
        got = client.get(f"/v1/appeals/{reference}", headers=headers).json()
        assert got["step"] == "received"
        assert client.post("/appeal", data=form).status_code == 409

    def test_what_is_not_known_gets_one_answer(
        self,
        client: TestClient,  # type: ignore[type-arg]
    ) -> None:
        for reference in ("A-0000-0000", "A-7K3M-Q2XD", "apl_x", "", "%' OR 1=1"):
            answer = client.post("/appeal", data={"appeal_reference": reference})
            assert (answer.status_code, UNKNOWN in answer.text) == (404, True)
        for match_id in ("mat_x", "", "x" * 5000):
            answer = client.post("/appeal", data={"match_reference": match_id, "text": "<b>x"})
            assert (answer.status_code, UNKNOWN in answer.text) == (404, True)
            assert "<b>x" not in answer.text
