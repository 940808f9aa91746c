# SPDX-License-Identifier: Apache-2.0
"""Starts the bot, keeps it running, and ends it in order."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, Final

import httpx
from telegram import BotCommand, Update
from telegram.error import InvalidToken, TelegramError
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    MessageHandler,
    filters,
)

from haechi.errors import BadSetting, OutsideServiceFailed
from haechi.gates._screener import AsyncScreener
from haechi.gates.telegram._commands import Commands
from haechi.gates.telegram._groups import Groups
from haechi.gates.telegram._poll import Poll
from haechi.gates.telegram._settings import BOT_TOKEN_VARIABLE, BotSettings
from haechi.gates.telegram._tell import Teller
from haechi.gates.telegram._watch import Watch

_log: Final = logging.getLogger("haechi.gates.telegram")

_UPDATES: Final = (
    Update.MESSAGE,
    Update.EDITED_MESSAGE,
    Update.CHANNEL_POST,
    Update.EDITED_CHANNEL_POST,
    Update.CALLBACK_QUERY,
    Update.MY_CHAT_MEMBER,
)
_MOST_UPDATES_AT_ONCE: Final = 64
_COMMANDS: Final = {
    "en": {
        "settings": "what I do in your groups",
        "status": "how many I saw",
        "help": "how I work",
    },
    "ko": {"settings": "제가 하는 일 정하기", "status": "살펴본 수", "help": "어떻게 움직이는지"},
}


def run(settings: BotSettings) -> None:
    """Run the bot until Ctrl-C or SIGTERM; what it is at is done first, unless told a second time.

    Raises:
        BadSetting: Telegram does not know the bot's token. NeedsAccess, NotYours: Haechi does not let
            it in. OutsideServiceFailed: one of the two is not there.
    """
    try:
        asyncio.run(_until_told(settings))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


async def _until_told(settings: BotSettings) -> None:
    told = asyncio.Event()
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def tell() -> None:
        if told.is_set() and task is not None:
            task.cancel()
        told.set()

    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, tell)
    await serve(settings, told, _say_watching)


def _say_watching(name: str) -> None:
    sys.stderr.write(f"@{name} is watching. Ctrl-C stops it.\n")
    sys.stderr.flush()


async def serve(
    settings: BotSettings, told: asyncio.Event, is_watching: Callable[[str], None]
) -> None:
    """Run the bot until `told` is set; `is_watching` is called with its name once it watches.

    Raises:
        As `run`.
    """
    _keep_secrets_out_of_logs()
    groups = Groups(settings.remembers_in)
    screener = AsyncScreener(settings.gate)
    await asyncio.to_thread(screener.check)
    application = _application(settings)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(screener.aclose)
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=settings.fetch_timeout_s))
        await _begin(application)
        stack.push_async_callback(application.shutdown)
        bot = application.bot
        teller = Teller(bot, notices_per_min=settings.notices_per_min)
        watch = Watch(settings, bot, screener, groups, teller, http, told)
        _wire(application, watch, Commands(settings, bot, screener, groups, teller))
        await application.start()
        stack.push_async_callback(application.stop)
        address = f"{settings.api_url.rstrip('/')}/bot{settings.bot_token}/getUpdates"
        poll = Poll(bot, http, application.update_queue, address=address, wanted=_UPDATES)
        stack.push_async_callback(poll.confirm)
        polling = asyncio.create_task(poll.run())
        stack.callback(polling.cancel)
        is_watching(bot.username)
        await told.wait()


def _application(settings: BotSettings) -> Application[Any, Any, Any, Any, Any, Any]:
    api = settings.api_url.rstrip("/")
    builder = ApplicationBuilder().token(settings.bot_token)
    builder = builder.base_url(f"{api}/bot").base_file_url(f"{api}/file/bot")
    builder = builder.concurrent_updates(_MOST_UPDATES_AT_ONCE)
    # The queue is short, so that a flood waits at the Bot API.
    return builder.updater(None).update_queue(asyncio.Queue(_MOST_UPDATES_AT_ONCE)).build()


async def _begin(application: Application[Any, Any, Any, Any, Any, Any]) -> None:
    try:
        await application.initialize()
        await application.bot.delete_webhook()
        for language, commands in _COMMANDS.items():
            told = [BotCommand(name, about) for name, about in commands.items()]
            await application.bot.set_my_commands(told)
            await application.bot.set_my_commands(told, language_code=language)
    except InvalidToken:
        # Without the cause: its words have the token in them.
        await application.bot.shutdown()
        raise BadSetting(name=BOT_TOKEN_VARIABLE, reason="Telegram does not know it") from None
    except TelegramError:
        await application.bot.shutdown()
        raise OutsideServiceFailed(service="Telegram", reason="it cannot be reached") from None


def _wire(
    application: Application[Any, Any, Any, Any, Any, Any], watch: Watch, commands: Commands
) -> None:
    application.add_handlers([
        CommandHandler("start", commands.start),
        CommandHandler("help", commands.help),
        CommandHandler("status", commands.status),
        CommandHandler("settings", commands.settings),
        CallbackQueryHandler(commands.press),
        ChatMemberHandler(commands.rights_changed, ChatMemberHandler.MY_CHAT_MEMBER),
        MessageHandler(filters.StatusUpdate.MIGRATE, commands.moved),
        MessageHandler(filters.ALL, watch.look_at),
    ])  # fmt: skip
    application.add_error_handler(_say_stumbled)


def _keep_secrets_out_of_logs() -> None:
    """The libraries below log addresses, and in Telegram's addresses is the bot's token."""
    os.environ.setdefault("PTB_TIMEDELTA", "true")
    for name in ("httpx", "httpcore", "telegram"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


async def _say_stumbled(_update: object, context: Any) -> None:
    """One message that cannot be handled is no reason to stop; only the kind of error is told."""
    _log.error("a message could not be handled: %s", type(context.error).__name__)
