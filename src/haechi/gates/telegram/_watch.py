# SPDX-License-Identifier: Apache-2.0
"""Looks at each message with a picture or video, and does what the answer and the group say."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from datetime import UTC
from typing import Any, Final

import httpx
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Message, Update
from telegram.constants import ChatType

from haechi.gates._decision import Action, Decision, Reason
from haechi.gates._screener import AsyncScreener
from haechi.gates._words import LANGUAGES, say
from haechi.gates.telegram._buttons import Button
from haechi.gates.telegram._groups import Group, Groups
from haechi.gates.telegram._media import CannotFetch, Media, TooLarge, fetch, media_of
from haechi.gates.telegram._quietly import Outcome, call
from haechi.gates.telegram._settings import BotSettings
from haechi.gates.telegram._tell import Teller
from haechi.values import Opinion

_SAID_AGAIN_AFTER_S: Final = 3600.0
_UNDECIDED: Final = frozenset({Reason.NO_ANSWER, Reason.NOT_LET_IN})
_MANY: Final = 1000

OPINIONS: Final = {"c": Opinion.CONFIRMED, "n": Opinion.NOT_THIS}


class Watch:
    """The part of the bot that acts. Holds one file at a time for each of its places, and only in memory."""

    def __init__(
        self,
        settings: BotSettings,
        bot: Bot,
        screener: AsyncScreener,
        groups: Groups,
        teller: Teller,
        http: httpx.AsyncClient,
        told: asyncio.Event,
    ) -> None:
        self._settings = settings
        self._bot = bot
        self._screener = screener
        self._groups = groups
        self._teller = teller
        self._http = http
        self._told = told
        self._room = asyncio.Semaphore(settings.most_at_once)
        self._said_unchecked_at: dict[int, float] = {}
        self._unchecked_since: dict[int, int] = {}

    async def look_at(self, update: Update, _context: Any) -> None:
        """A message came, or was changed."""
        message = update.effective_message
        if message is None or message.chat.type == ChatType.PRIVATE:
            return
        files = media_of(message)
        if not files:
            return
        group = self._groups.of(message.chat_id, message.chat.title)
        await self._teller.meet(group.id)
        for media in files:
            if await self._look_at_file(message, group, media):
                return

    async def _look_at_file(self, message: Message, group: Group, media: Media) -> bool:
        """Whether the message is gone, and with it what else is in it."""
        group.tally.seen += 1
        decision = await self._decide(media)
        if decision.reason is Reason.TOO_LARGE:
            return await self._too_large(message, group, media)
        if decision.reason in _UNDECIDED:
            return await self._unchecked(message, group)
        return await self._act(message, group, decision)

    async def _act(self, message: Message, group: Group, decision: Decision) -> bool:
        """Do what the answer says; whether the message is gone."""
        if decision.action is Action.BLOCK:
            return await self._known(message, group, decision)
        if decision.action is Action.REVIEW and decision.matches:
            group.tally.review += 1
            await self._tell_match(message, group, decision, "bot_review")
        return False

    async def _decide(self, media: Media) -> Decision:
        """The decision on one file; asked again for a while if there is no answer."""
        if media.size_bytes > self._settings.most_bytes:
            return self._screener.settle(Reason.TOO_LARGE)
        decision = await self._ask(media.file_id)
        for wait_s in self._settings.retry_waits_s:
            if decision.reason is not Reason.NO_ANSWER:
                break
            # The file is let go meanwhile, and fetched again: waiting costs no memory.
            if await self._is_told_to_stop(wait_s):
                break
            decision = await self._ask(media.file_id)
        return decision

    async def _is_told_to_stop(self, wait_s: float) -> bool:
        """Wait for so long, or until the bot is to stop."""
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._told.wait()
        return self._told.is_set()

    async def _ask(self, file_id: str) -> Decision:
        async with self._room:
            try:
                data = await fetch(
                    self._bot,
                    self._http,
                    file_id,
                    most_bytes=self._settings.most_bytes,
                    timeout_s=self._settings.fetch_timeout_s,
                )
            except TooLarge:
                return self._screener.settle(Reason.TOO_LARGE)
            except CannotFetch:
                return self._screener.settle(Reason.NO_ANSWER)
            return await self._screener.screen(data)

    async def _known(self, message: Message, group: Group, decision: Decision) -> bool:
        group.tally.matched += 1
        if not group.choice.removes:
            await self._tell_match(message, group, decision, "bot_only_told")
            return False
        outcome = await self._take_out(message)
        if outcome in {Outcome.DONE, Outcome.GONE}:
            await self._tell_match(message, group, decision, "bot_taken_out")
            return True
        await self._tell_match(message, group, decision, "bot_may_not", "bot_still_there")
        return False

    async def _too_large(self, message: Message, group: Group, media: Media) -> bool:
        group.tally.large += 1
        if media.preview_id:
            decision = await self._decide(Media(media.preview_id, 0))
            if decision.is_answer and await self._act(message, group, decision):
                return True
        removes = group.choice.removes_large
        if removes:
            await self._take_out(message)
        if not group.said_large:
            group.said_large = True
            key = "bot_large_taken_out" if removes else "bot_large"
            await self._teller.tell(group, [key], most_mib=self._settings.most_mib)
        return removes

    async def _unchecked(self, message: Message, group: Group) -> bool:
        group.tally.unchecked += 1
        closed = group.choice.fails_closed
        if closed:
            await self._take_out(message)
        count = self._unchecked_since.get(group.id, 0) + 1
        self._unchecked_since[group.id] = count
        now = time.monotonic()
        if now - self._said_unchecked_at.get(group.id, -_SAID_AGAIN_AFTER_S) >= _SAID_AGAIN_AFTER_S:
            if len(self._said_unchecked_at) >= _MANY:
                self._said_unchecked_at.clear()
            self._said_unchecked_at[group.id] = now
            self._unchecked_since.pop(group.id)
            done = "@bot_done_taken_out" if closed else "@bot_done_left"
            await self._teller.tell(group, ["bot_unchecked"], count=count, done=done)
        return closed

    async def _take_out(self, message: Message) -> Outcome:
        return await call(lambda: self._bot.delete_message(message.chat_id, message.message_id))

    async def _tell_match(
        self, message: Message, group: Group, decision: Decision, *keys: str
    ) -> None:
        appeal_url = self._screener.settings.appeal_url
        await self._teller.tell(
            group,
            [*keys, "bot_appeal" if appeal_url else "bot_appeal_plain"],
            self._opinion_buttons(group, decision),
            time=message.date.astimezone(UTC).strftime("%Y-%m-%d %H:%M"),
            reference=decision.reference,
            url=appeal_url,
        )

    def _opinion_buttons(
        self, group: Group, decision: Decision
    ) -> dict[str, InlineKeyboardMarkup] | None:
        match_id = decision.matches[0].id if decision.matches else ""
        key = self._settings.bot_token.encode()
        signed = {what: Button(what, group.id, match_id).sign(key) for what in OPINIONS}
        if not match_id or None in signed.values():
            return None
        words = {"c": "bot_confirmed", "n": "bot_not_this"}
        return {
            language: InlineKeyboardMarkup([[
                InlineKeyboardButton(say(language, words[what]), callback_data=data)
                for what, data in signed.items()
            ]])
            for language in LANGUAGES
        }  # fmt: skip
