# SPDX-License-Identifier: Apache-2.0
"""A whole journey on each engine: one audit row for each act, and nothing secret anywhere."""

from __future__ import annotations

import base64
import logging
from pathlib import Path

import pytest
from installations import OPERATOR, digest, flipped, image, pdq_value, person
from sqlalchemy import select
from structlog.testing import capture_logs

from haechi import workflows
from haechi.audit._tables import audit_event
from haechi.errors import HaechiError, WrongPassphrase
from haechi.notices import ClockKind
from haechi.storage import metadata
from haechi.workflows import CaseReport, Context, DraftRequest, Sighting

URL = "https://rooms.example.com/leaked?id=4711"
PLACE = "텔레그램 비밀 방"
NOTE = "a friend of mine wrote this"
SIGNALS = (pdq_value(1), digest(1))


def _journey(ctx: Context) -> tuple[list[object], list[str]]:
    """Every verb once; what each handed out, and the secrets among it."""
    partner, token = workflows.admit_partner(
        ctx, OPERATOR, name="Platform", scopes=["match", "distance"]
    )
    opened = workflows.open_case(
        ctx, CaseReport([image(*SIGNALS)], [Sighting(URL, PLACE, NOTE)], "ko")
    )
    ctx.live.catch_up()
    platform = workflows.actor_of_token(ctx, token)
    found = workflows.screen_signals(ctx, platform, [flipped(SIGNALS[0], 9)])
    assert [match.distance_bits for match in found] == [9]
    number = opened.case.number
    with pytest.raises(WrongPassphrase) as refused:
        workflows.enter_case(ctx, case_number=number, passphrase="wrong")
    session = workflows.enter_case(ctx, case_number=number, passphrase=opened.passphrase)
    actor = workflows.actor_of_session(ctx, session)
    request = DraftRequest(number, 1, "Example", "US-TIDA", declares_good_faith=True)
    notice = workflows.draft_notice(ctx, OPERATOR, request)
    view = workflows.read_case(ctx, actor)
    assert view.notices == (notice,)
    listed = workflows.case_numbers(ctx, OPERATOR)
    shown = workflows.read_case_file(ctx, OPERATOR, case_number=number)
    assert shown == view
    workflows.withdraw_item(ctx, actor, item_id=opened.case.items[0].id)
    ctx.live.catch_up()
    assert workflows.screen_signals(ctx, platform, SIGNALS) == []
    workflows.leave_case(ctx, session)
    workflows.dismiss_partner(ctx, OPERATOR, name="Platform")
    assert actor == person(opened)
    handed_out = [
        partner, opened, opened.case, platform, found, refused.value, actor, request, notice,
        notice.text, view, listed, shown, ctx, ctx.live, ctx.settings, SIGNALS, view.items,
        workflows.list_partners(ctx, OPERATOR),
    ]  # fmt: skip
    return handed_out, [token, opened.passphrase, opened.session_token, session]


def _secrets(ctx: Context, tokens: list[str]) -> list[str]:
    values = [signal.value for signal in SIGNALS] + [ctx.keys.master, ctx.keys.signing]
    forms = [value.hex() for value in values]
    forms += [base64.b64encode(value).decode() for value in values]
    forms += [repr(value)[2:-1] for value in values]
    return [*tokens, URL, PLACE, NOTE, "rooms.example.com", *forms]


def test_nothing_secret_shows_or_is_logged(
    each_ctx: Context,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not even with every log of every library turned up."""
    caplog.set_level(logging.DEBUG)
    with capture_logs() as logs:
        handed_out, tokens = _journey(each_ctx)
    out, err = capfd.readouterr()
    told = "\n".join([repr(handed_out), str(handed_out), repr(logs), out, err, caplog.text])
    for secret in _secrets(each_ctx, tokens):
        assert secret not in told, secret[:12]


def test_nothing_secret_is_in_the_store(each_ctx: Context) -> None:
    """Every table, as whoever stole the database would read it."""
    _, tokens = _journey(each_ctx)
    with each_ctx.database.read() as tx:
        rows = [
            tuple(row) for table in metadata.tables.values() for row in tx.execute(select(table))
        ]
    stored = repr(rows)
    raw = b"".join(value for row in rows for value in row if isinstance(value, bytes))
    for secret in _secrets(each_ctx, tokens):
        assert secret not in stored, secret[:12]
        assert secret.encode() not in raw
    for signal in SIGNALS:
        assert signal.value not in raw


def test_nothing_secret_is_in_the_data_folder(ctx: Context, tmp_path: Path) -> None:
    _, tokens = _journey(ctx)
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert ctx.settings.centre_name.encode() not in written
    for secret in _secrets(ctx, tokens):
        assert secret.encode() not in written, secret[:12]


def test_every_act_has_one_row_of_ids(each_ctx: Context) -> None:
    _journey(each_ctx)
    with each_ctx.database.read() as tx:
        rows = tx.execute(select(audit_event).order_by(audit_event.c.id)).all()
    assert [(row.actor_kind, row.verb, row.subject_id[:4]) for row in rows] == [
        ("operator", "admit_partner", "ptn_"),
        ("person", "open_case", "cas_"),
        ("person", "enter_case", "cas_"),
        ("operator", "draft_notice", "ntc_"),
        ("operator", "list_cases", ""),
        ("operator", "read_case_file", "cas_"),
        ("person", "withdraw_item", "itm_"),
        ("operator", "dismiss_partner", "ptn_"),
    ]
    assert rows[-1].subject_id == rows[0].subject_id
    case_id = rows[1].subject_id
    assert [row.actor_id for row in rows if row.actor_kind == "person"] == [case_id] * 3
    for row in rows:
        assert len(row.subject_id) in (0, 30)


def test_a_refusal_leaves_no_row(each_ctx: Context) -> None:
    with pytest.raises(HaechiError):
        workflows.enter_case(each_ctx, case_number="0000-0000", passphrase="x")
    with pytest.raises(HaechiError):
        workflows.dismiss_partner(each_ctx, OPERATOR, name="nobody")
    with pytest.raises(HaechiError):
        workflows.read_case_file(each_ctx, OPERATOR, case_number="0000-0000")
    with each_ctx.database.read() as tx:
        assert tx.execute(select(audit_event)).all() == []


def test_a_notice_of_the_journey_is_what_the_law_asks_for(each_ctx: Context) -> None:
    opened = workflows.open_case(
        each_ctx, CaseReport([image(*SIGNALS)], [Sighting(URL, PLACE, NOTE)], "en")
    )
    request = DraftRequest(opened.case.number, 1, "Example", "us-tida", declares_good_faith=True)
    with pytest.raises(HaechiError, match="US-TIDA"):
        workflows.draft_notice(each_ctx, OPERATOR, request)
    request = DraftRequest(
        opened.case.number,
        1,
        "Example",
        "US-TIDA",
        declares_good_faith=True,
        has_authorisation=True,
    )
    notice = workflows.draft_notice(each_ctx, OPERATOR, request)
    text = " ".join(notice.text.text.split())
    assert notice.text.missing == ()
    assert URL in text
    assert PLACE in text
    assert "case@centre.example" in text
    assert notice.clock.kind is ClockKind.STATUTORY
    assert notice.clock.due_at is None
    # Her own words, her fingerprints and her passphrase are nobody else's business.
    for secret in (NOTE, opened.passphrase, *(signal.hex for signal in SIGNALS)):
        assert secret not in text
    lacking = DraftRequest(opened.case.number, 1, "Example", "US-TIDA", declares_good_faith=False)
    drafted = workflows.draft_notice(each_ctx, OPERATOR, lacking)
    assert drafted.text.missing == ("good_faith_statement", "authorisation")
