# SPDX-License-Identifier: Apache-2.0
"""The Telegram bot against a Bot API server of ours and a real Haechi: what it does, says and keeps."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from bot_api_server import (
    TOKEN,
    Refused,
    Telegram,
    bot_as_admin,
    bot_as_member,
    telegram_world,
)
from made_videos import moving_pattern, video
from reported_pictures import drawn_picture, partner, report_picture, wait_until
from running_server import Server, clean_environment

from haechi.errors import BadSetting, NeedsAccess, OutsideServiceFailed
from haechi.gates import GateSettings
from haechi.gates.telegram import BotSettings, serve

KNOWN = drawn_picture(0)
NEW = drawn_picture(5)
NOT_KNOWN = b'{"action":"none","matches":[]}'


@contextmanager
def haechi_of_ours(answer: Callable[[bytes], tuple[int, bytes]]) -> Iterator[str]:
    """Lets the bot in when it starts; what it says of a file is `answer`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["content-length"]))
            is_check = self.headers["content-type"] == "application/json"
            status, body = (200, NOT_KNOWN) if is_check else answer(data)
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    served = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=served.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{served.server_address[1]}"
    finally:
        served.shutdown()
        thread.join()
        served.server_close()


@contextmanager
def running_bot(settings: BotSettings) -> Iterator[None]:
    """The bot in a thread and an event loop of its own."""
    loop = asyncio.new_event_loop()
    told, watches = asyncio.Event(), threading.Event()
    failed: list[BaseException] = []

    def run() -> None:
        try:
            loop.run_until_complete(serve(settings, told, lambda _: watches.set()))
        except BaseException as error:  # noqa: BLE001  # the test shows it
            failed.append(error)
        finally:
            watches.set()
            loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        watches.wait()
        if not failed:
            yield
    finally:
        if not failed:
            loop.call_soon_threadsafe(told.set)
        thread.join()
    if failed:
        raise failed[0]


@pytest.fixture(scope="module")
def token(server: Server) -> Iterator[str]:
    with partner(server, "match", "opinions") as given:
        report_picture(server, given, KNOWN).close()
        yield given


@pytest.fixture(scope="module")
def telegram() -> Iterator[Telegram]:
    with telegram_world() as world:
        yield world


def bot_settings(world: Telegram, url: str, token: str, **more: Any) -> BotSettings:
    gate = GateSettings(
        url=url, token=token, budget_ms=20_000, appeal_url="https://haechi.example/appeal"
    )
    return BotSettings(
        gate=gate, bot_token=TOKEN, api_url=world.address, **({"retry_waits_s": (0.01,)} | more)
    )


@pytest.fixture(scope="module")
def bot(server: Server, token: str, telegram: Telegram) -> Iterator[Telegram]:
    """One bot that most tests share; each test has a group and people of its own."""
    with running_bot(bot_settings(telegram, server.address, token)):
        yield telegram


class TestKnownCopies:
    def test_a_known_photo_is_taken_out_and_the_admin_told_in_private(self, bot: Telegram) -> None:
        admin, sender = bot.person("Ada"), bot.person("Sam")
        group = bot.group("Book club", admin)
        new = bot.photo(group, NEW, sender=sender)
        known = bot.photo(group, KNOWN, sender=sender)
        bot.wait_for(lambda: bool(bot.told(admin)), "telling")
        assert bot.is_there(group, new)
        assert not bot.is_there(group, known)
        (said,) = bot.told(admin)
        assert "Book club" in said
        assert "2026-05-28 20:26 UTC" in said
        assert "Reference: " in said
        assert "https://haechi.example/appeal" in said
        assert not [each for each in bot.sent if each["chat_id"] == group["id"]]
        assert bot.told(sender) == []
        assert "Sam" not in said

    def test_an_edited_copy_is_known_as_well(self, bot: Telegram) -> None:
        import io

        from PIL import Image, ImageOps

        admin = bot.person("Ada")
        group = bot.group("Edits", admin)
        with Image.open(io.BytesIO(KNOWN)) as opened:
            written = io.BytesIO()
            ImageOps.mirror(opened).resize((400, 300)).save(written, "JPEG", quality=70)
        known = bot.photo(group, written.getvalue())
        bot.wait_for(lambda: not bot.is_there(group, known), "taking out")

    @pytest.mark.parametrize(
        "kind", ["message", "edited_message", "channel_post", "edited_channel_post"]
    )
    def test_wherever_it_comes(self, bot: Telegram, kind: str) -> None:
        admin = bot.person("Ada")
        group = bot.group(kind, admin)
        forwarded = {
            "forward_origin": {
                "type": "hidden_user",
                "sender_user_name": "x",
                "date": 1_780_000_000,
            }
        }
        known = bot.photo(group, KNOWN, kind=kind, **forwarded)
        bot.wait_for(lambda: bool(bot.told(admin)), "telling")
        assert not bot.is_there(group, known)

    @pytest.mark.parametrize(
        "kind",
        ["document", "document by name", "animation", "video", "video_note", "sticker", "paid"],
    )
    def test_whatever_it_comes_as(self, bot: Telegram, kind: str) -> None:
        admin = bot.person("Ada")
        group = bot.group(kind, admin)
        file = bot.file(KNOWN)
        moving = file | {"width": 1, "height": 1, "duration": 1}
        content = {
            "document": {"document": file | {"mime_type": "image/jpeg"}},
            "document by name": {"document": file | {"file_name": "A.JPG"}},
            "animation": {"animation": moving, "document": file | {"mime_type": "video/mp4"}},
            "video": {"video": moving},
            "video_note": {"video_note": file | {"length": 1, "duration": 1}},
            "sticker": {"sticker": file | {"type": "regular", "width": 1, "height": 1,
                                           "is_animated": False, "is_video": False}},
            "paid": {"paid_media": {"star_count": 1, "paid_media": [
                {"type": "photo", "photo": [file | {"width": 1, "height": 1}]}]}},
        }  # fmt: skip
        known = bot.post(group, **content[kind])
        bot.wait_for(lambda: not bot.is_there(group, known), "taking out")
        assert bot.fetched.count(file["file_id"]) == 1

    def test_a_known_film(self, bot: Telegram, server: Server, token: str) -> None:
        film = video(moving_pattern(60), fps=10)
        report_picture(server, token, film).close()
        group = bot.group("Films", bot.person("Ada"))
        moving = bot.file(film) | {"width": 160, "height": 120, "duration": 6}
        known = bot.post(group, video=moving)
        bot.wait_for(lambda: not bot.is_there(group, known), "taking out")

    def test_of_an_album_only_what_is_known(self, bot: Telegram) -> None:
        admin = bot.person("Ada")
        group = bot.group("Album", admin)
        pictures = [drawn_picture(5), KNOWN, drawn_picture(6), KNOWN]
        album = [bot.photo(group, each, media_group_id="9") for each in pictures]
        bot.wait_for(lambda: len(bot.told(admin)) == 2, "telling twice")
        assert [bot.is_there(group, each) for each in album] == [True, False, True, False]

    def test_what_is_no_picture_is_not_fetched(self, bot: Telegram) -> None:
        admin = bot.person("Ada")
        group = bot.group("Papers", admin)
        paper = bot.file(b"%PDF-1.7", mime_type="application/pdf", file_name="a.pdf")
        drawing = bot.file(b"<svg>", mime_type="image/svg+xml", file_name="a.svg")
        bot.post(group, document=paper)
        bot.post(group, document=drawing)
        bot.post(group, text="only words")
        known = bot.photo(group, KNOWN)
        bot.wait_for(lambda: not bot.is_there(group, known), "taking out")
        assert paper["file_id"] not in bot.fetched
        assert drawing["file_id"] not in bot.fetched

    def test_pictures_in_private_are_none_of_its_business(self, bot: Telegram) -> None:
        admin = bot.person("Ada")
        private = bot.photo(bot.private(admin), KNOWN)
        group = bot.group("After", admin)
        known = bot.photo(group, KNOWN)
        bot.wait_for(lambda: not bot.is_there(group, known), "taking out")
        assert bot.is_there(bot.private(admin), private)


class TestTelling:
    def test_each_admin_in_her_language_and_who_cannot_be_reached_is_counted(
        self, bot: Telegram
    ) -> None:
        korean, english = bot.person("하나", "ko"), bot.person("Ada")
        silent = bot.person("Ken", has_started=False)
        group = bot.group("Three", silent, korean, english)
        bot.photo(group, KNOWN)
        bot.wait_for(lambda: bool(bot.told(korean) and bot.told(english)), "telling")
        assert "내렸어요" in bot.told(korean)[0]
        assert "took out" in bot.told(english)[0]
        assert not [each for each in bot.sent if each["chat_id"] == group["id"]]
        bot.command(bot.private(english), english, "/status")
        bot.wait_for(lambda: len(bot.told(english)) == 2, "status")
        status = bot.told(english)[1]
        assert "Three: 1 looked at, 1 known" in status
        assert "1 messages to admins that could not be delivered" in status
        assert "The service answers: yes" in status

    def test_without_the_right_it_says_so_and_what_it_found(self, bot: Telegram) -> None:
        admin = bot.person("Ada")
        group = bot.group("No rights", admin, may_delete=False)
        known = bot.photo(group, KNOWN)
        bot.wait_for(lambda: bool(bot.told(admin)), "telling")
        assert bot.is_there(group, known)
        assert "make me an admin" in bot.told(admin)[0]
        assert "still there" in bot.told(admin)[0]

    def test_it_says_when_it_is_ready_and_when_the_right_is_lost(self, bot: Telegram) -> None:
        admin = bot.person("하나", "ko")
        group = bot.group("Rights", admin)
        member, may, may_not = (
            bot_as_member(),
            bot_as_admin(can_delete=True),
            bot_as_admin(can_delete=False),
        )
        changed = {"chat": group, "from": admin, "date": 1_780_000_000}
        for number, (old, new) in enumerate([(member, may), (may, may_not), (may_not, member)], 1):
            bot.give({"my_chat_member": changed | {"old_chat_member": old, "new_chat_member": new}})
            bot.wait_for(lambda number=number: len(bot.told(admin)) == number, f"telling {number}")
        said = bot.told(admin)
        assert "준비됐어요" in said[0]
        assert "권한이 없어서" in said[1]

    def test_told_to_wait_it_waits_and_goes_on(self, bot: Telegram) -> None:
        admin = bot.person("Ada")
        group = bot.group("Wait", admin)
        bot.refusals["deleteMessage"] = [Refused(429, "Too Many Requests: retry after 0", 0)]
        known = bot.photo(group, KNOWN)
        bot.wait_for(lambda: bool(bot.told(admin)), "telling")
        assert not bot.is_there(group, known)
        assert bot.refusals["deleteMessage"] == []

    def test_a_message_that_is_gone_already_is_as_good(self, bot: Telegram) -> None:
        admin = bot.person("Ada")
        group = bot.group("Gone", admin)
        bot.refusals["deleteMessage"] = [Refused(400, "Bad Request: message to delete not found")]
        bot.photo(group, KNOWN)
        bot.wait_for(lambda: bool(bot.told(admin)), "telling")
        assert "took out" in bot.told(admin)[0]


class TestOpinions:
    def test_a_button_tells_the_service(self, bot: Telegram) -> None:
        admin = bot.person("Ada")
        group = bot.group("Opinions", admin)
        bot.photo(group, KNOWN)
        bot.wait_for(lambda: bool(bot.buttons_for(admin)), "buttons")
        confirmed, not_this = bot.buttons_for(admin)
        assert confirmed != not_this
        before = len([name for name in bot.names() if name == "answerCallbackQuery"])
        bot.press(admin, confirmed)
        bot.wait_for(lambda: bot.names().count("answerCallbackQuery") == before + 1, "the answer")
        said = [params["text"] for name, params in bot.calls if name == "answerCallbackQuery"]
        assert said[-1] == "Thank you. The service has been told."

    @pytest.mark.parametrize("who", ["a stranger", "an admin elsewhere", "a forger", "nonsense"])
    def test_nobody_else_can_press_it(self, bot: Telegram, who: str) -> None:
        admin, other = bot.person("Ada"), bot.person("Eve")
        group = bot.group("Mine", admin)
        bot.group("Hers", other)
        bot.photo(group, KNOWN)
        bot.wait_for(lambda: bool(bot.buttons_for(admin)), "buttons")
        data = bot.buttons_for(admin)[0]
        forged = data.replace(str(group["id"]), str(group["id"] - 1))
        pressed = {"a forger": (admin, forged), "nonsense": (admin, "|||")}.get(who, (other, data))
        before = bot.names().count("answerCallbackQuery")
        bot.press(*pressed)
        bot.wait_for(lambda: bot.names().count("answerCallbackQuery") == before + 1, "the answer")
        said = [params["text"] for name, params in bot.calls if name == "answerCallbackQuery"]
        assert said[-1] == "This button does not count any more."


class TestCommands:
    @pytest.mark.parametrize(("language", "word"), [("en", "Hello"), ("ko", "안녕하세요")])
    def test_start_and_help(self, bot: Telegram, language: str, word: str) -> None:
        person = bot.person("Ada", language)
        bot.command(bot.private(person), person, "/start")
        bot.wait_for(lambda: len(bot.told(person)) == 1, "start")
        bot.command(bot.private(person), person, "/help")
        bot.wait_for(lambda: len(bot.told(person)) == 2, "help")
        assert bot.told(person)[0].startswith(word)
        assert "20 MB" in bot.told(person)[1]

    def test_an_admin_chooses_only_to_be_told(self, bot: Telegram) -> None:
        admin, member = bot.person("Ada"), bot.person("Mia")
        group = bot.group("Choices", admin)
        bot.command(group, member, "/settings")
        bot.command(group, admin, "/settings")
        bot.wait_for(lambda: bool(bot.buttons_for(admin)), "settings")
        assert bot.told(member) == []
        removes = bot.buttons_for(admin)[0]
        bot.press(member, removes)
        bot.press(admin, removes)
        bot.wait_for(
            lambda: any("known copies: only tell" in each for each in bot.told(admin)), "the choice"
        )
        known = bot.photo(group, KNOWN)
        bot.wait_for(lambda: "I left it, as you chose" in bot.told(admin)[-1], "telling")
        assert bot.is_there(group, known)

    def test_settings_in_private_are_those_of_ones_own_groups(self, bot: Telegram) -> None:
        admin, other = bot.person("Ada"), bot.person("Eve")
        first, second = bot.group("Ada one", admin), bot.group("Eve two", other)
        for group in (first, second):
            known = bot.photo(group, KNOWN)
            bot.wait_for(lambda g=group, k=known: not bot.is_there(g, k), "taking out")
        bot.command(bot.private(admin), admin, "/settings")
        bot.wait_for(lambda: any("What I do in Ada one" in each for each in bot.told(admin)), "it")
        assert not any("Eve two" in each for each in bot.told(admin))

    def test_who_never_pressed_start_is_asked_to(self, bot: Telegram) -> None:
        admin = bot.person("Ken", has_started=False)
        group = bot.group("Never", admin)
        bot.command(group, admin, "/settings")
        bot.wait_for(lambda: any(each["chat_id"] == group["id"] for each in bot.sent), "a word")
        assert "press Start" in bot.sent[-1]["text"]

    def test_a_choice_moves_with_its_group(self, bot: Telegram) -> None:
        admin = bot.person("Ada")
        group = bot.group("Moving", admin)
        bot.command(group, admin, "/settings")
        bot.wait_for(lambda: bool(bot.buttons_for(admin)), "settings")
        bot.press(admin, bot.buttons_for(admin)[0])
        bot.wait_for(
            lambda: any("known copies: only tell" in each for each in bot.told(admin)), "the choice"
        )
        moved = bot.group("Moving", admin)
        bot.post(group, migrate_to_chat_id=moved["id"])
        bot.command(moved, admin, "/settings")
        bot.wait_for(lambda: "only tell" in bot.told(admin)[-1], "settings")
        known = bot.photo(moved, KNOWN)
        bot.wait_for(lambda: "I left it, as you chose" in bot.told(admin)[-1], "telling")
        assert bot.is_there(moved, known)


class TestTooLarge:
    def test_is_told_once_and_its_preview_looked_at(self, bot: Telegram) -> None:
        admin = bot.person("Ada")
        group = bot.group("Large", admin)
        big = bot.file(b"x", file_size=30 * 1024 * 1024, width=1, height=1, duration=9)
        bot.post(group, video=big)
        bot.wait_for(lambda: len(bot.told(admin)) == 1, "telling")
        assert "too large" in bot.told(admin)[0]
        left = bot.post(group, video=big)
        preview = bot.file(KNOWN, width=320, height=240)
        known = bot.post(group, video=big | {"thumbnail": preview})
        bot.wait_for(lambda: len(bot.told(admin)) == 2, "telling")
        assert not bot.is_there(group, known)
        assert bot.is_there(group, left)
        assert big["file_id"] not in bot.fetched

    def test_whatever_the_message_says_of_its_size(self, bot: Telegram) -> None:
        admin = bot.person("Ada")
        group = bot.group("Lies", admin)
        lies = bot.file(b"x" * (21 * 1024 * 1024), file_size=10, width=1, height=1, duration=9)
        bot.post(group, video=lies)
        bot.wait_for(lambda: len(bot.told(admin)) == 1, "telling")
        assert "too large" in bot.told(admin)[0]

    def test_it_stops_reading_at_its_own_bound(self) -> None:
        asked: list[bytes] = []

        def answer(data: bytes) -> tuple[int, bytes]:
            asked.append(data)
            return 200, NOT_KNOWN

        with telegram_world() as world, haechi_of_ours(answer) as url:
            admin = world.person("Ada")
            group = world.group("Bound", admin)
            with running_bot(bot_settings(world, url, "hp_x", most_mib=1)):
                lies = world.file(b"x" * (2 * 1024 * 1024), file_size=10)
                left = world.post(group, document=lies | {"mime_type": "image/png"})
                world.wait_for(lambda: bool(world.told(admin)), "telling")
        assert "over 1 MB" in world.told(admin)[0]
        assert asked == []
        assert world.is_there(group, left)


class TestServiceAway:
    def test_open_leaves_and_closed_takes_out(self, tmp_path: Path) -> None:
        kept = tmp_path / "bot.json"
        with telegram_world() as world, haechi_of_ours(lambda _: (503, b"")) as url:
            admin = world.person("Ada")
            group, strict = world.group("Open", admin), world.group("Closed", admin)
            choice = {"removes": True, "fails_closed": True, "removes_large": True}
            kept.write_text(json.dumps({"groups": {str(strict["id"]): choice}}))
            with running_bot(bot_settings(world, url, "hp_x", remembers_in=kept)):
                left = world.photo(group, NEW)
                world.wait_for(lambda: len(world.told(admin)) == 1, "telling")
                taken = world.photo(strict, NEW)
                world.wait_for(lambda: len(world.told(admin)) == 2, "telling")
                world.photo(group, NEW)
                big = world.file(b"x", file_size=2**25, width=1, height=1, duration=9)
                large = world.post(strict, video=big)
                world.wait_for(lambda: len(world.told(admin)) == 3, "telling")
            assert world.is_there(group, left)
            assert not world.is_there(strict, taken)
            assert not world.is_there(strict, large)
            assert "could not check (1 so far). I left them, as you chose" in world.told(admin)[0]
            assert "I took them out" in world.told(admin)[1]
            assert "I take such files out" in world.told(admin)[2]

    def test_it_asks_again_and_has_few_files_in_memory(self) -> None:
        asked: list[bytes] = []
        at_once, most = [0], [0]
        lock = threading.Lock()

        def answer(data: bytes) -> tuple[int, bytes]:
            with lock:
                asked.append(data)
                is_first = asked.count(data) == 1
                at_once[0] += 1
                most[0] = max(most[0], at_once[0])
            time.sleep(0.01)  # so that others come meanwhile, if they can
            with lock:
                at_once[0] -= 1
            return (429, b"") if is_first else (200, NOT_KNOWN)

        with telegram_world() as world, haechi_of_ours(answer) as url:
            admin = world.person("Ada")
            group = world.group("Many", admin)
            with running_bot(bot_settings(world, url, "hp_x", most_at_once=1)):
                for number in range(12):
                    world.photo(group, b"picture %d" % number)
                wait_until(lambda: len(asked) == 24)
        assert most[0] == 1
        assert world.told(admin) == []

    def test_an_ended_token_is_no_silence(self) -> None:
        with telegram_world() as world, haechi_of_ours(lambda _: (401, b"")) as url:
            admin = world.person("Ada")
            group = world.group("Ended", admin)
            with running_bot(bot_settings(world, url, "hp_x")):
                world.photo(group, NEW)
                world.wait_for(lambda: bool(world.told(admin)), "telling")
        assert "could not check" in world.told(admin)[0]


class TestStarting:
    def test_a_wrong_bot_token_is_one_sentence_without_it(
        self, telegram: Telegram, server: Server, token: str
    ) -> None:
        gate = GateSettings(url=server.address, token=token)
        wrong = BotSettings(gate=gate, bot_token="1:not-the-token", api_url=telegram.address)
        with (
            pytest.raises(BadSetting, match="Telegram does not know it") as raised,
            running_bot(wrong),
        ):
            pass
        assert "not-the-token" not in str(raised.value)
        assert raised.value.__cause__ is None

    def test_a_wrong_partner_token_is_found_at_the_start(
        self, telegram: Telegram, server: Server
    ) -> None:
        wrong = bot_settings(telegram, server.address, "hp_wrong")
        with pytest.raises(NeedsAccess), running_bot(wrong):
            pass

    def test_no_telegram_is_one_sentence(self, server: Server, token: str) -> None:
        nowhere = BotSettings(
            gate=GateSettings(url=server.address, token=token),
            bot_token=TOKEN,
            api_url="http://127.0.0.1:9",
        )
        with pytest.raises(OutsideServiceFailed, match="Telegram"), running_bot(nowhere):
            pass

    @pytest.mark.parametrize(
        ("code", "said"),
        [
            ("runpy.run_module('haechi.gates.telegram', run_name='__main__')", "HAECHI_URL"),
            ("sys.argv[1:] = ['bot']; from haechi.__main__ import main; main()", "HAECHI_URL"),
            (
                "sys.modules['telegram'] = None; sys.argv[1:] = ['bot']; from haechi.__main__ import main; main()",
                "pip install 'haechi[bot]'",
            ),
        ],
    )
    def test_what_is_missing_is_one_sentence(self, code: str, said: str) -> None:
        done = subprocess.run(
            [sys.executable, "-c", f"import runpy, sys; {code}"],
            env=clean_environment(TELEGRAM_BOT_TOKEN=TOKEN, COLUMNS="200"),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in (1, 2)
        assert said in done.stderr
        assert done.stderr.startswith("haechi: ")
        assert done.stderr.count("\n") == 1
        assert TOKEN not in done.stderr

    def test_no_log_has_a_secret_or_a_word_of_a_group(
        self, server: Server, token: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        with telegram_world() as world:
            admin = world.person("Ada")
            group = world.group("Quiet title", admin)
            world.refusals["getUpdates"] = [Refused(502, "Bad Gateway")]
            world.refusals["getChatAdministrators"] = [Refused(400, "Bad Request: chat not found")]
            with running_bot(bot_settings(world, server.address, token)):
                known = world.photo(group, KNOWN)
                world.wait_for(lambda: not world.is_there(group, known), "taking out")
                world.give({"message": {"message_id": "no message", "chat": group}})
                known = world.photo(group, KNOWN)
                world.wait_for(lambda: not world.is_there(group, known), "taking out")
        assert "Telegram does not answer" in caplog.text
        assert "an update was set aside" in caplog.text
        for secret in (TOKEN, TOKEN.partition(":")[2], token, "Quiet title", "mat_", "Ada"):
            assert secret not in caplog.text, secret

    def test_the_command_runs_until_ctrl_c_and_keeps_and_says_nothing(
        self, server: Server, token: str, tmp_path: Path
    ) -> None:
        with telegram_world() as world:
            admin = world.person("Ada")
            group = world.group("By command", admin)
            known = world.photo(group, KNOWN)
            process = subprocess.Popen(
                [sys.executable, "-m", "haechi", "bot", "--bot-api", world.address,
                 "--settings-file", "bot.json"],
                env=clean_environment(HAECHI_URL=server.address, HAECHI_PARTNER_TOKEN=token,
                                      TELEGRAM_BOT_TOKEN=TOKEN, TMPDIR=str(tmp_path)),
                cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip
            try:
                world.wait_for(lambda: bool(world.told(admin)), "telling")
                removes = next(iter(world.buttons_for(admin)))
                world.command(group, admin, "/settings")
                world.wait_for(lambda: removes not in world.buttons_for(admin), "settings")
                world.press(admin, world.buttons_for(admin)[0])
                world.wait_for((tmp_path / "bot.json").exists, "remembering")
            finally:
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=30)
        assert process.returncode == 0
        assert not world.is_there(group, known)
        assert out == ""
        assert err == "@haechi_test_bot is watching. Ctrl-C stops it.\n"
        assert [path.name for path in tmp_path.rglob("*")] == ["bot.json"]
        chosen = {"removes": False, "fails_closed": False, "removes_large": False}
        assert json.loads((tmp_path / "bot.json").read_text()) == {
            "groups": {str(group["id"]): chosen}
        }
        assert (tmp_path / "bot.json").stat().st_mode & 0o777 == 0o600
