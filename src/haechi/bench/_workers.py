# SPDX-License-Identifier: Apache-2.0
"""Work spread over processes, or done in this one."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

__all__ = ["Workers"]

_Work = TypeVar("_Work")
_Done = TypeVar("_Done")


class Workers:
    """So many processes, for as long as the block; with 0 this one does it all.

    They are begun anew: what is forked would hold the locks of our threads.
    """

    def __init__(self, processes: int) -> None:
        begun_anew = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(processes, mp_context=begun_anew) if processes else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def each(self, do: Callable[[_Work], _Done], items: Iterable[_Work]) -> Iterator[_Done]:
        """What `do` makes of each item, in their order, as they are done."""
        return map(do, items) if self._pool is None else self._pool.map(do, items)
