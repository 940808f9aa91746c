# SPDX-License-Identifier: Apache-2.0
"""The parts of the bot that need no Telegram: buttons, groups, what is a picture, the pace of messages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from own_loop import call_apart
from telegram import Bot, Message
from telegram.error import BadRequest, Forbidden, NetworkError, TelegramError

from haechi.errors import BadSetting
from haechi.gates import GateSettings
from haechi.gates.telegram import BotSettings
from haechi.gates.telegram._buttons import Button
from haechi.gates.telegram._groups import Groups
from haechi.gates.telegram._media import media_of
from haechi.gates.telegram._quietly import Outcome, call
from haechi.gates.telegram._tell import Teller

KEY = b"1:a-token"
words = st.text("abcdef_=0123456789", max_size=30)


class TestButtons:
    @given(st.sampled_from("cns"), st.integers(-(10**13), 10**13), words)
    def test_what_was_signed_is_read(self, what: str, chat_id: int, subject: str) -> None:
        button = Button(what, chat_id, subject)
        signed = button.sign(KEY)
        if signed is None:
            assert len(f"{what}|{chat_id}|{subject}") > 64 - 13
            return
        assert len(signed.encode()) <= 64
        assert Button.read(signed, KEY) == button
        assert Button.read(signed, b"another") is None

    @given(st.text(max_size=64))
    def test_nothing_else_is(self, text: str) -> None:
        assert Button.read(text, KEY) is None

    def test_the_id_of_a_match_fits(self) -> None:
        assert Button("c", -1_001_234_567_890, f"mat_{'a' * 26}").sign(KEY) is not None


class TestGroups:
    def test_choices_outlive_the_bot_and_nothing_else_does(self, tmp_path: Path) -> None:
        path = tmp_path / "bot.json"
        groups = Groups(path)
        group = groups.of(-5, "A title")
        groups.of(-6, "Another")
        group.tally.seen = 7
        groups.choose(group, "removes", is_wanted=False)
        kept = json.loads(path.read_text())
        assert kept == {
            "groups": {"-5": {"removes": False, "fails_closed": False, "removes_large": False}}
        }
        assert not Groups(path).of(-5).choice.removes
        assert Groups(path).of(-6).choice.removes
        groups.choose(group, "removes", is_wanted=True)
        assert json.loads(path.read_text()) == {"groups": {}}

    def test_without_a_file_nothing_is_written(self, tmp_path: Path, monkeypatch: Any) -> None:
        monkeypatch.chdir(tmp_path)
        groups = Groups(None)
        groups.choose(groups.of(-5), "removes", is_wanted=False)
        assert list(tmp_path.iterdir()) == []

    def test_a_group_that_moved_keeps_its_choice(self) -> None:
        groups = Groups(None)
        groups.choose(groups.of(-5, "Title"), "fails_closed", is_wanted=True)
        groups.move(-5, -1005)
        groups.move(-7, -1007)
        assert groups.of(-1005).choice.fails_closed
        assert not groups.of(-5).choice.fails_closed

    @pytest.mark.parametrize(
        "text", ["", "[]", "{}", '{"groups": 3}', '{"groups": {"x": {}}}', '{"groups": {"-5": {}}}',
                 '{"groups": {"-5": 3}}'],
    )  # fmt: skip
    def test_a_file_of_something_else_is_refused(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "bot.json"
        path.write_text(text)
        with pytest.raises(BadSetting, match="no settings of a bot"):
            Groups(path)
        assert path.read_text() == text

    def test_only_so_many_are_held_and_who_chose_is_never_forgotten(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("haechi.gates.telegram._groups._MOST_GROUPS", 3)
        groups = Groups(None)
        groups.choose(groups.of(-1), "removes", is_wanted=False)
        for number in range(2, 10):
            groups.of(-number)
        held = [group.id for group in groups]
        assert len(held) == 3
        assert -1 in held


class TestMedia:
    def read(self, **content: Any) -> list[tuple[str, int]]:
        body = {"message_id": 1, "date": 1, "chat": {"id": -1, "type": "group"}, **content}
        message = Message.de_json(body, None)
        return [(media.file_id, media.size_bytes) for media in media_of(message)]

    def size(self, name: str, side: int) -> dict[str, Any]:
        return {
            "file_id": name,
            "file_unique_id": name,
            "width": side,
            "height": side,
            "file_size": side,
        }

    def test_the_largest_of_a_photo(self) -> None:
        sizes = [self.size("s", 9), self.size("l", 90), self.size("m", 40)]
        assert self.read(photo=sizes) == [("l", 90)]

    def test_a_video_and_its_cover(self) -> None:
        moving = self.size("v", 5) | {"duration": 1, "cover": [self.size("c", 7)]}
        assert self.read(video=moving) == [("c", 7), ("v", 5)]

    def test_every_paid_one(self) -> None:
        paid = [{"type": "photo", "photo": [self.size("p", 1)]},
                {"type": "video", "video": self.size("v", 2) | {"duration": 1}},
                {"type": "preview"}]  # fmt: skip
        assert self.read(paid_media={"star_count": 1, "paid_media": paid}) == [("p", 1), ("v", 2)]

    def test_a_drawn_sticker_is_none(self) -> None:
        sticker = self.size("t", 1) | {"type": "regular", "is_animated": True, "is_video": False}
        assert self.read(sticker=sticker) == []
        assert self.read(text="words") == []


class TestCalls:
    @pytest.mark.parametrize(
        ("error", "outcome"),
        [
            (BadRequest("Message to delete not found"), Outcome.GONE),
            (BadRequest("Message can't be deleted"), Outcome.FORBIDDEN),
            (BadRequest("Not enough rights to delete"), Outcome.FORBIDDEN),
            (BadRequest("Chat not found"), Outcome.FORBIDDEN),
            (BadRequest("Message is not modified"), Outcome.FAILED),
            (Forbidden("bot was blocked by the user"), Outcome.FORBIDDEN),
            (TelegramError("else"), Outcome.FAILED),
        ],
    )
    def test_say_how_they_ended(self, error: TelegramError, outcome: Outcome) -> None:
        async def make() -> None:
            raise error

        assert call_apart(call, make) is outcome

    def test_a_network_that_is_away_for_a_moment_is_asked_again(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("haechi.gates.telegram._quietly._SHORT_WAIT_S", 0)
        tries = []

        async def make() -> None:
            tries.append(1)
            if len(tries) < 3:
                raise NetworkError("away")

        assert call_apart(call, make) is Outcome.DONE
        assert len(tries) == 3


class TestPace:
    def test_a_flood_becomes_a_count(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from haechi.gates.telegram import _tell

        now = [0.0]
        monkeypatch.setattr(_tell.time, "monotonic", lambda: now[0])
        teller = Teller(Bot(KEY.decode()), notices_per_min=2)
        assert [teller._keep_pace(-1) for _ in range(5)] == [0, 0, None, None, None]
        assert teller._keep_pace(-2) == 0
        now[0] = 61.0
        assert [teller._keep_pace(-1) for _ in range(2)] == [3, 0]


class TestSettings:
    GATE = GateSettings(url="http://haechi.test", token="hp_a")

    @pytest.mark.parametrize(
        "wrong",
        [{"bot_token": ""}, {"bot_token": "12:../x"}, {"most_mib": 0}, {"most_at_once": 0}],
    )
    def test_what_cannot_be_is_refused(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(BadSetting):
            BotSettings(**({"gate": self.GATE, "bot_token": "12:abcdefghijk"} | wrong))

    def test_secrets_come_from_the_environment_and_never_show(self) -> None:
        environ = {"HAECHI_PARTNER_TOKEN": "hp_secret", "TELEGRAM_BOT_TOKEN": "12:abcdefghijk"}
        found = BotSettings.from_environment(environ, url="http://haechi.test")
        assert "hp_secret" not in repr(found)
        assert "abcdefghijk" not in repr(found)
        with pytest.raises(BadSetting, match="HAECHI_URL"):
            BotSettings.from_environment(environ)
