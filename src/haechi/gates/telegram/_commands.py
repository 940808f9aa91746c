# SPDX-License-Identifier: Apache-2.0
"""What people say to the bot: commands and buttons, and changes of its rights in a group."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from telegram import (
    Bot,
    ChatMember,
    ChatMemberAdministrator,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
    Update,
)
from telegram.constants import ChatType

from haechi.errors import HaechiError
from haechi.gates._screener import AsyncScreener
from haechi.gates._words import say
from haechi.gates.telegram._buttons import Button
from haechi.gates.telegram._groups import CHOICES, Group, Groups
from haechi.gates.telegram._quietly import Outcome, call
from haechi.gates.telegram._settings import BotSettings
from haechi.gates.telegram._tell import Teller
from haechi.gates.telegram._watch import OPINIONS

_MOST_SHOWN: Final = 20
_CHOOSE: Final = "s"
_PRESENT: Final = frozenset({ChatMember.OWNER, ChatMember.ADMINISTRATOR, ChatMember.MEMBER})


class Commands:
    """Answers people; what a group chose is changed by its admins only."""

    def __init__(
        self,
        settings: BotSettings,
        bot: Bot,
        screener: AsyncScreener,
        groups: Groups,
        teller: Teller,
    ) -> None:
        self._settings = settings
        self._bot = bot
        self._screener = screener
        self._groups = groups
        self._teller = teller
        self._key = settings.bot_token.encode()

    async def start(self, update: Update, _context: Any) -> None:
        """/start, in private."""
        await self._answer(update, "bot_start")

    async def help(self, update: Update, _context: Any) -> None:
        """/help, in private."""
        await self._answer(update, "bot_help")

    async def status(self, update: Update, _context: Any) -> None:
        """/status, in private: numbers of the groups in which the asker is an admin."""
        message, user = update.effective_message, update.effective_user
        if message is None or user is None or message.chat.type != ChatType.PRIVATE:
            return
        language = self._teller.learn(user)
        lines = [
            say(language, "bot_status_line", group=group.title or group.id, **asdict(group.tally))
            for group in await self._groups_of(user.id)
        ]
        try:
            await asyncio.to_thread(self._screener.check)
            state = "bot_state_good"
        except HaechiError:
            state = "bot_state_bad"
        said = "\n".join(lines) or say(language, "bot_status_nothing")
        text = say(language, "bot_status", lines=said, state=say(language, state))
        await self._teller.write(user.id, text.strip())

    async def settings(self, update: Update, _context: Any) -> None:
        """/settings: of this group, or in private of every group of the asker's; answered in private."""
        message, user = update.effective_message, update.effective_user
        if message is None or user is None:
            return
        language = self._teller.learn(user)
        if message.chat.type == ChatType.PRIVATE:
            groups = await self._groups_of(user.id)
            if not groups:
                await self._teller.write(user.id, say(language, "bot_settings_none"))
            for group in groups:
                await self._teller.write(user.id, *self._card(group, language))
            return
        if user.is_bot or not await self._teller.is_admin(message.chat_id, user.id):
            await self._reply(message, say(language, "bot_settings_admins_only"))
            return
        group = self._groups.of(message.chat_id, message.chat.title)
        sent = await self._teller.write(user.id, *self._card(group, language))
        key = "bot_settings_sent" if sent is Outcome.DONE else "bot_settings_start_first"
        await self._reply(message, say(language, key))

    async def press(self, update: Update, _context: Any) -> None:
        """A button was pressed."""
        query = update.callback_query
        if query is None:
            return
        language = self._teller.learn(query.from_user)
        button = Button.read(query.data or "", self._key)
        if button is None or not await self._teller.is_admin(button.chat_id, query.from_user.id):
            said = "bot_button_old"
        elif button.what in OPINIONS:
            is_taken = await self._screener.tell(button.subject, OPINIONS[button.what])
            said = "bot_opinion_taken" if is_taken else "bot_opinion_not_taken"
            if is_taken:
                await call(query.edit_message_reply_markup)
        else:
            name, _, wanted = button.subject.partition("=")
            group = self._groups.of(button.chat_id)
            self._groups.choose(group, name, is_wanted=wanted == "1")
            text, markup = self._card(group, language)
            await call(lambda: query.edit_message_text(text, reply_markup=markup))
            said = "bot_changed"
        await call(lambda: query.answer(say(language, said)))

    async def rights_changed(self, update: Update, _context: Any) -> None:
        """The bot was added to a group, or its rights there changed."""
        changed = update.my_chat_member
        if changed is None or changed.chat.type == ChatType.PRIVATE:
            return
        group = self._groups.of(changed.chat.id, changed.chat.title)
        self._teller.learn(changed.from_user)
        self._teller.forget_admins(group.id)
        was_able, is_able = (
            _may_delete(changed.old_chat_member),
            _may_delete(changed.new_chat_member),
        )
        if changed.new_chat_member.status not in _PRESENT:
            return
        if is_able and not was_able:
            await self._teller.tell(group, ["bot_is_ready"])
        elif not is_able:
            await self._teller.tell(group, ["bot_may_not_here"])

    async def moved(self, update: Update, _context: Any) -> None:
        """A group became a supergroup."""
        message = update.effective_message
        if message is not None and message.migrate_to_chat_id:
            self._groups.move(message.chat_id, message.migrate_to_chat_id)

    async def _answer(self, update: Update, key: str) -> None:
        message, user = update.effective_message, update.effective_user
        if message is None or user is None or message.chat.type != ChatType.PRIVATE:
            return
        language = self._teller.learn(user)
        text = say(language, key, most_mib=self._settings.most_mib)
        await self._teller.write(user.id, text.strip())

    async def _reply(self, message: Message, text: str) -> None:
        await call(lambda: self._bot.send_message(message.chat_id, text))

    async def _groups_of(self, user_id: int) -> Sequence[Group]:
        """The groups in which somebody is an admin, the first few."""
        likely = [each for each in self._groups if self._teller.was_admin(each.id, user_id)]
        return [
            group
            for group in likely[:_MOST_SHOWN]
            if await self._teller.is_admin(group.id, user_id)
        ]

    def _card(self, group: Group, language: str) -> tuple[str, InlineKeyboardMarkup]:
        """What a group chose, and a button to turn each choice round."""
        words = {
            name: say(language, f"bot_{name}_{'yes' if getattr(group.choice, name) else 'no'}")
            for name in CHOICES
        }
        text = say(language, "bot_settings", group=group.title or group.id, **words)
        rows = []
        for name in CHOICES:
            wanted = not getattr(group.choice, name)
            data = Button(_CHOOSE, group.id, f"{name}={int(wanted)}").sign(self._key)
            value = say(language, f"bot_{name}_{'yes' if wanted else 'no'}")
            label = say(language, f"bot_button_{name}", value=value)
            rows.append([InlineKeyboardButton(label, callback_data=data)])
        return text.strip(), InlineKeyboardMarkup(rows)


def _may_delete(member: ChatMember) -> bool:
    if member.status == ChatMember.OWNER:
        return True
    return isinstance(member, ChatMemberAdministrator) and member.can_delete_messages
