# SPDX-License-Identifier: Apache-2.0
"""What the verbs work with, opened once for each process."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from haechi.errors import BrokenStore, NotReady
from haechi.media import Decoder, Limits, VideoLimits
from haechi.settings import Settings
from haechi.storage import DATABASE_AWAY, Database, Keys, Vault, load_keys
from haechi.workflows._flood import FloodGuard
from haechi.workflows._follow import LiveIndex
from haechi.workflows._holders import Holders
from haechi.workflows._index_file import IndexFile
from haechi.workflows._rates import Rates
from haechi.workflows._recent_lookups import RecentLookups
from haechi.workflows._seen_lists import SeenLists
from haechi.workflows._tries import Tries
from haechi.workflows._usage import UsageCounts
from haechi.workflows._warm_up import warm_up

_VIDEO_TIMES: Final = 15
"""A video may take so many times as long as a picture."""

_NOTHING_HERE: Final = "there is no installation here yet; haechi serve makes one"


@dataclass(frozen=True, slots=True)
class Context:
    """An open installation: database, keys, decoder, and the live index where one is followed."""

    settings: Settings
    database: Database
    keys: Keys
    vault: Vault
    decoder: Decoder
    live: LiveIndex | None
    tries: Tries = field(default_factory=Tries)
    flood: FloodGuard = field(default_factory=FloodGuard)
    recent: RecentLookups = field(default_factory=RecentLookups)
    holders: Holders = field(default_factory=Holders)
    rates: Rates = field(default_factory=Rates)
    usage: UsageCounts = field(default_factory=UsageCounts)
    lists: SeenLists = field(default_factory=SeenLists)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def index(self) -> LiveIndex:
        """The live index, caught up with the bank.

        Raises:
            NotReady: this context follows no feed, or it has not caught up since the start.
        """
        if self.live is None or not self.live.is_ready:
            raise NotReady
        return self.live

    def changed(self) -> None:
        """Tell this process that a commit changed the bank, partners, or what they are told."""
        self.holders.doubt()
        if self.live is not None:
            self.live.wake()

    def let_go(self) -> None:
        """Nobody waits for a change any more: the service is about to stop."""
        if self.live is not None:
            self.live.moved.end()

    def close(self) -> None:
        """Stop following, end the decoders, give back the connections."""
        if self.live is not None:
            self.live.stop()
        self.decoder.close()
        with suppress(*DATABASE_AWAY):
            self.recent.write(self.database, self.vault)
        with suppress(*DATABASE_AWAY):
            self.usage.write(self.database)
        self.recent.close()
        self.database.close()


def open_context(settings: Settings, *, follows: bool, may_create: bool = True) -> Context:
    """An open installation with its tables up to date; `follows` starts the live index.

    Without `may_create` a folder without an installation, as a misspelt one is, is left as it is.

    Raises:
        BrokenStore: the data folder, the keys and the database do not fit together, or there is no
            installation and none may be made.
    """
    url = settings.resolved_database_url
    if not may_create and not Database.is_there(url):
        raise BrokenStore(reason=_NOTHING_HERE)
    with ExitStack() as opened:
        database = opened.enter_context(Database(url))
        # Keys are made for a new database only, and before its tables: a key that is lost later
        # must be restored, and a new one in its place would hide that.
        is_new = database.revision() is None
        if is_new and not may_create:
            raise BrokenStore(reason=_NOTHING_HERE)
        keys = load_keys(settings.resolved_key_folder, may_create=is_new)
        database.migrate()
        vault = Vault(keys.master)
        with database.write() as tx:
            vault.check(tx)
        limits = Limits(
            max_bytes=settings.upload_max_mib * 1024 * 1024, timeout_s=settings.decode_timeout_s
        )
        video_limits = VideoLimits(
            max_bytes=limits.max_bytes, timeout_s=_VIDEO_TIMES * settings.decode_timeout_s
        )
        decoder = opened.enter_context(
            Decoder(limits, video_limits=video_limits, processes=settings.decoder_processes)
        )
        live = None
        if follows:
            file = IndexFile.of(settings.data_folder, keys)
            live = LiveIndex(database, vault, poll_s=settings.feed_poll_ms / 1000, file=file)
            warm_up(decoder)
            live.start()
        # From here on it is the context that closes them.
        opened.pop_all()
    return Context(settings, database, keys, vault, decoder, live)
