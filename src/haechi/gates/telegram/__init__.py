# SPDX-License-Identifier: Apache-2.0
"""A moderation bot for Telegram groups and channels. Needs `pip install haechi[bot]`.

A group's admin adds it; it asks a Haechi about each picture and video, takes known copies out, and
tells the admins in private. Files are in memory until the answer is there, and nowhere else.
"""

from haechi.gates.telegram._run import run, serve
from haechi.gates.telegram._settings import BOT_TOKEN_VARIABLE, BotSettings

__all__ = ["BOT_TOKEN_VARIABLE", "BotSettings", "run", "serve"]
