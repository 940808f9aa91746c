# SPDX-License-Identifier: Apache-2.0
"""A Bot API server on the loopback: the part of Telegram that a moderation bot speaks with.

It answers in the shapes of core.telegram.org/bots/api, hands out updates by long poll, serves files,
and refuses what the real one refuses: deletions without the right, messages to who never pressed Start.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

TOKEN = "12345:AAtest-token-of-nobody"
BOT = {"id": 777, "is_bot": True, "first_name": "Haechi", "username": "haechi_test_bot"}
BOT_API_MOST_BYTES = 20 * 1024 * 1024
_WAIT_S = 20.0


class Refused(Exception):
    """An error answer, as the Bot API words it."""

    def __init__(self, code: int, description: str, retry_after_s: int | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after_s = retry_after_s


@dataclass
class Telegram:
    """The world that the server shows: chats, their admins, messages, files."""

    address: str = ""
    admins: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    started: set[int] = field(default_factory=set)
    """Who pressed Start and can be written to."""
    may_delete: set[int] = field(default_factory=set)
    """The chats in which the bot has the right."""
    present: set[tuple[int, int]] = field(default_factory=set)
    """(chat, message) of every message that is there."""
    sent: list[dict[str, Any]] = field(default_factory=list)
    """What the bot wrote."""
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    refusals: dict[str, list[Refused]] = field(default_factory=dict)
    """Errors that the next calls of a method get."""
    fetched: list[str] = field(default_factory=list)
    _files: dict[str, bytes] = field(default_factory=dict)
    _updates: list[dict[str, Any]] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _last_id: int = 100

    def next_id(self) -> int:
        with self._changed:
            self._last_id += 1
            return self._last_id

    def group(self, title: str, *admins: dict[str, Any], may_delete: bool = True) -> dict[str, Any]:
        """A new group with these admins."""
        chat = {"id": -1_000_000 - self.next_id(), "type": "supergroup", "title": title}
        self.admins[chat["id"]] = list(admins)
        if may_delete:
            self.may_delete.add(chat["id"])
        return chat

    def person(
        self, name: str, language: str = "en", *, has_started: bool = True
    ) -> dict[str, Any]:
        user = {
            "id": self.next_id(),
            "is_bot": False,
            "first_name": name,
            "language_code": language,
        }
        if has_started:
            self.started.add(user["id"])
        return user

    def file(self, data: bytes, **more: Any) -> dict[str, Any]:
        """A file that can be fetched, as the Bot API names it."""
        file_id = f"file{self.next_id()}"
        self._files[file_id] = data
        named = {"file_id": file_id, "file_unique_id": f"u{file_id}", "file_size": len(data)}
        return named | more

    def post(
        self,
        chat: dict[str, Any],
        sender: dict[str, Any] | None = None,
        kind: str = "message",
        message_id: int | None = None,
        **content: Any,
    ) -> int:
        """A message in a chat; its id."""
        message_id = message_id or self.next_id()
        message = {"message_id": message_id, "date": 1_780_000_000, "chat": chat, **content}
        if sender is not None:
            message["from"] = sender
        self.present.add((chat["id"], message_id))
        self.give({kind: message})
        return message_id

    def photo(self, chat: dict[str, Any], data: bytes, **more: Any) -> int:
        small = self.file(b"small", width=90, height=60)
        sizes = [small, self.file(data, width=1280, height=853)]
        return self.post(chat, more.pop("sender", None), photo=sizes, **more)

    def command(self, chat: dict[str, Any], sender: dict[str, Any], text: str) -> int:
        word = text.partition(" ")[0]
        entities = [{"type": "bot_command", "offset": 0, "length": len(word)}]
        return self.post(chat, sender, text=text, entities=entities)

    def private(self, user: dict[str, Any]) -> dict[str, Any]:
        return {"id": user["id"], "type": "private", "first_name": user["first_name"]}

    def press(self, user: dict[str, Any], data: str) -> None:
        """Somebody presses a button, or makes believe to."""
        message = {"message_id": self.next_id(), "date": 1_780_000_000, "chat": self.private(user),
                   "text": "x"}  # fmt: skip
        query = {"id": str(self.next_id()), "from": user, "chat_instance": "1"}
        self.give({"callback_query": query | {"message": message, "data": data}})

    def give(self, update: dict[str, Any]) -> None:
        number = self.next_id()
        with self._changed:
            self._updates.append({"update_id": number, **update})
            self._changed.notify_all()

    def wait_for(self, is_so: Callable[[], bool], what: str = "it") -> None:
        """Until something is so; a failure after a long while."""
        with self._changed:
            if not self._changed.wait_for(is_so, _WAIT_S):
                raise AssertionError(f"{what} did not happen; calls: {self.names()}")

    def names(self) -> list[str]:
        return [name for name, _ in self.calls if name != "getUpdates"]

    def told(self, user: dict[str, Any]) -> list[str]:
        return [each["text"] for each in self.sent if each["chat_id"] == user["id"]]

    def buttons_for(self, user: dict[str, Any]) -> list[str]:
        """The data of the buttons under the latest message to somebody that has some."""
        for each in reversed(self.sent):
            if each["chat_id"] == user["id"] and each["markup"]:
                rows = each["markup"]["inline_keyboard"]
                return [button["callback_data"] for row in rows for button in row]
        return []

    def is_there(self, chat: dict[str, Any], message_id: int) -> bool:
        return (chat["id"], message_id) in self.present

    def answer(self, method: str, params: dict[str, str]) -> Any:
        """The result of a call.

        Raises:
            Refused: as the real server would.
        """
        with self._changed:
            self.calls.append((method, params))
            self._changed.notify_all()
            waiting = self.refusals.get(method, [])
            if waiting:
                raise waiting.pop(0)
        handle = getattr(self, f"_{_snake(method)}", None)
        result = handle(params) if handle else True
        with self._changed:
            self._changed.notify_all()
        return result

    def read_file(self, file_id: str) -> bytes | None:
        with self._changed:
            self.fetched.append(file_id)
            self._changed.notify_all()
        return self._files.get(file_id)

    def _get_me(self, _: dict[str, str]) -> Any:
        return BOT | {"can_join_groups": True, "can_read_all_group_messages": True,
                      "supports_inline_queries": False}  # fmt: skip

    def _get_updates(self, params: dict[str, str]) -> Any:
        offset = int(params.get("offset", 0))
        with self._changed:
            self._updates = [each for each in self._updates if each["update_id"] >= offset]
            self._changed.wait_for(lambda: self._updates, min(float(params.get("timeout", 0)), 0.3))
            return list(self._updates)

    def _get_file(self, params: dict[str, str]) -> Any:
        data = self._files.get(params["file_id"])
        if data is None:
            raise Refused(400, "Bad Request: invalid file_id")
        if len(data) > BOT_API_MOST_BYTES:
            raise Refused(400, "Bad Request: file is too big")
        file_id = params["file_id"]
        return {
            "file_id": file_id,
            "file_unique_id": f"u{file_id}",
            "file_path": f"media/{file_id}",
        }

    def _delete_message(self, params: dict[str, str]) -> Any:
        chat_id, message_id = int(params["chat_id"]), int(params["message_id"])
        if (chat_id, message_id) not in self.present:
            raise Refused(400, "Bad Request: message to delete not found")
        if chat_id not in self.may_delete:
            raise Refused(400, "Bad Request: message can't be deleted")
        with self._changed:
            self.present.discard((chat_id, message_id))
        return True

    def _send_message(self, params: dict[str, str]) -> Any:
        chat_id = int(params["chat_id"])
        if chat_id > 0 and chat_id not in self.started:
            raise Refused(403, "Forbidden: bot can't initiate conversation with a user")
        markup = json.loads(params.get("reply_markup", "null"))
        with self._changed:
            self.sent.append({"chat_id": chat_id, "text": params["text"], "markup": markup})
        chat = {"id": chat_id, "type": "private" if chat_id > 0 else "supergroup"}
        return {"message_id": self.next_id(), "date": 1_780_000_000, "chat": chat,
                "text": params["text"], "from": BOT}  # fmt: skip

    def _get_chat_administrators(self, params: dict[str, str]) -> Any:
        people = self.admins.get(int(params["chat_id"]))
        if people is None:
            raise Refused(400, "Bad Request: chat not found")
        owner = {"status": "creator", "is_anonymous": False}
        return [_admin(BOT), *({"user": person, **owner} for person in people)]

    def _get_chat_member(self, params: dict[str, str]) -> Any:
        user_id = int(params["user_id"])
        for person in self.admins.get(int(params["chat_id"]), []):
            if person["id"] == user_id:
                return {"user": person, "status": "creator", "is_anonymous": False}
        return {"user": {"id": user_id, "is_bot": False, "first_name": "x"}, "status": "member"}

    def _edit_message_text(self, params: dict[str, str]) -> Any:
        return self._send_message(params)


def _admin(user: dict[str, Any], *, can_delete: bool = True) -> dict[str, Any]:
    rights = dict.fromkeys(
        ("can_be_edited", "is_anonymous", "can_manage_chat", "can_manage_video_chats",
         "can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users",
         "can_post_stories", "can_edit_stories", "can_delete_stories"), False
    )  # fmt: skip
    return {"user": user, "status": "administrator", "can_delete_messages": can_delete, **rights}


def bot_as_admin(*, can_delete: bool) -> dict[str, Any]:
    return _admin(BOT, can_delete=can_delete)


def bot_as_member() -> dict[str, Any]:
    return {"user": BOT, "status": "member"}


def _snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", name)


@contextmanager
def telegram_world() -> Iterator[Telegram]:
    """A server with nothing in it, until the block ends."""
    world = Telegram()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            sent = self.rfile.read(length).decode()
            is_json = self.headers.get("content-type") == "application/json"
            params = json.loads(sent) if is_json else dict(parse_qsl(sent, keep_blank_values=True))
            _, token, method = self.path.split("/", 2)
            status, body = 200, {}
            if token != f"bot{TOKEN}":
                status, body = 401, {"ok": False, "error_code": 401, "description": "Unauthorized"}
            else:
                try:
                    body = {"ok": True, "result": world.answer(method, params)}
                except Refused as refused:
                    status = refused.code
                    body = {"ok": False, "error_code": status, "description": refused.description}
                    if refused.retry_after_s is not None:
                        body["parameters"] = {"retry_after": refused.retry_after_s}
            self._send(status, json.dumps(body).encode())

        def do_GET(self) -> None:
            data = world.read_file(self.path.rpartition("/")[2])
            is_ours = self.path.startswith(f"/file/bot{TOKEN}/media/")
            self._send(200 if data is not None and is_ours else 404, data or b"")

        def _send(self, status: int, body: bytes) -> None:
            try:
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the bot hung up while it was polling

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    world.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield world
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
