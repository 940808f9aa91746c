# SPDX-License-Identifier: Apache-2.0
"""Writes to the admins of a group, each in private and in their language; never in the group."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from telegram import Bot, ChatMember, InlineKeyboardMarkup, User
from telegram.error import TelegramError

from haechi.gates._words import language_of, say
from haechi.gates.telegram._groups import Group
from haechi.gates.telegram._quietly import Outcome, call

_ADMINS_FOR_S: Final = 60.0
_MINUTE_S: Final = 60.0
_MOST_LANGUAGES: Final = 10_000
_MANY_CHATS: Final = 10_000

ADMIN_STATUSES: Final = frozenset({ChatMember.OWNER, ChatMember.ADMINISTRATOR})

Buttons = Mapping[str, InlineKeyboardMarkup]
"""language → the buttons under a message."""


@dataclass(slots=True)
class _Pace:
    """When a group's admins were written to within the last minute, and what was left unsaid."""

    said_at: deque[float] = field(default_factory=deque)
    unsaid: int = 0


class Teller:
    """Knows who the admins are, and keeps within a pace."""

    def __init__(self, bot: Bot, *, notices_per_min: int) -> None:
        self._bot = bot
        self._per_min = notices_per_min
        self._admins: dict[int, tuple[float, Sequence[User]]] = {}
        self._languages: dict[int, str] = {}
        self._paces: dict[int, _Pace] = {}

    def learn(self, user: User | None) -> str:
        """Remember which language somebody who wrote to us uses; the language."""
        if user is None:
            return language_of(None)
        if user.language_code and len(self._languages) < _MOST_LANGUAGES:
            self._languages[user.id] = language_of(user.language_code)
        return self._languages.get(user.id, language_of(user.language_code))

    async def admins(self, chat_id: int) -> Sequence[User]:
        """The people who are admins of a group; as known for a minute."""
        known_at, admins = self._admins.get(chat_id, (float("-inf"), ()))
        if time.monotonic() - known_at < _ADMINS_FOR_S:
            return admins
        try:
            members = await self._bot.get_chat_administrators(chat_id)
            admins = [member.user for member in members if not member.user.is_bot]
        except TelegramError:
            # Those known before are as good a guess, until it is asked again.
            pass
        if len(self._admins) >= _MANY_CHATS:
            self._admins.clear()
        self._admins[chat_id] = (time.monotonic(), admins)
        return admins

    async def meet(self, chat_id: int) -> None:
        """Learn who the admins of a group are, if that was never asked."""
        if chat_id not in self._admins:
            await self.admins(chat_id)

    def was_admin(self, chat_id: int, user_id: int) -> bool:
        """Whether somebody was an admin of a group when that was last asked; asks nobody."""
        _, admins = self._admins.get(chat_id, (0.0, ()))
        return any(admin.id == user_id for admin in admins)

    def forget_admins(self, chat_id: int) -> None:
        """Ask anew who they are: something has changed."""
        self._admins.pop(chat_id, None)

    async def is_admin(self, chat_id: int, user_id: int) -> bool:
        """Whether somebody is an admin of a group right now."""
        try:
            member = await self._bot.get_chat_member(chat_id, user_id)
        except TelegramError:
            return False
        return member.status in ADMIN_STATUSES

    async def tell(
        self, group: Group, keys: Sequence[str], buttons: Buttons | None = None, **params: object
    ) -> None:
        """Write these sentences to every admin; who never started the bot cannot be reached, and is counted."""
        unsaid = self._keep_pace(group.id)
        if unsaid is None:
            return
        admins = await self.admins(group.id)
        group.tally.untold += not admins
        for admin in admins:
            language = self.learn(admin)
            filled = {"group": group.title, **_in(language, params)}
            lines = [say(language, key, **filled).strip() for key in keys]
            if unsaid:
                lines.insert(0, say(language, "bot_more", group=group.title, count=unsaid))
            markup = buttons[language] if buttons else None
            if await self.write(admin.id, "\n".join(lines), markup) is not Outcome.DONE:
                group.tally.untold += 1

    async def write(
        self, user_id: int, text: str, markup: InlineKeyboardMarkup | None = None
    ) -> Outcome:
        """Write to one person."""
        return await call(
            lambda: self._bot.send_message(user_id, text, reply_markup=markup, protect_content=True)
        )

    def _keep_pace(self, chat_id: int) -> int | None:
        """How many were left unsaid before this one; None: leave this one unsaid as well."""
        if len(self._paces) >= _MANY_CHATS and chat_id not in self._paces:
            self._paces.clear()
        pace = self._paces.setdefault(chat_id, _Pace())
        now = time.monotonic()
        while pace.said_at and now - pace.said_at[0] > _MINUTE_S:
            pace.said_at.popleft()
        if len(pace.said_at) >= self._per_min:
            pace.unsaid += 1
            return None
        pace.said_at.append(now)
        unsaid, pace.unsaid = pace.unsaid, 0
        return unsaid


def _in(language: str, params: Mapping[str, object]) -> dict[str, object]:
    """The gaps; one that begins with `@` names another sentence."""
    return {
        name: say(language, value[1:]) if isinstance(value, str) and value[:1] == "@" else value
        for name, value in params.items()
    }
