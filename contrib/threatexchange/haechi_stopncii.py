# SPDX-License-Identifier: Apache-2.0
"""python-threatexchange's StopNCII exchange, with what was withdrawn taken out again.

For any server of that shape, Haechi's among them. What it does otherwise than the class it stands on
(threatexchange up to 1.2.17):

- A record that is `Withdrawn` or `Deleted` ends there; the other keeps it, and it keeps matching.
- A word that is not known (of a feedback, a status, a type) counts as `Unknown`; there, one such feedback
  drops the whole hash.
- Hashes in capitals are taken.
- A page that names itself as the next one ends the fetch with an error, not never.
- `submit_hashes` sends the type as the service writes it.
"""

from __future__ import annotations

import time
import typing as t

from threatexchange.exchanges import fetch_state as state
from threatexchange.exchanges.clients.stopncii import api
from threatexchange.exchanges.collab_config import CollaborationConfigBase
from threatexchange.exchanges.impl.stop_ncii_api import (
    StopNCIICheckpoint,
    StopNCIICredentials,
    StopNCIISignalExchangeAPI,
    StopNCIISignalMetadata,
)
from threatexchange.signal_type.md5 import VideoMD5Signal
from threatexchange.signal_type.pdq.signal import PdqSignal
from threatexchange.signal_type.raw_text import RawTextSignal
from threatexchange.signal_type.signal_base import SignalType
from threatexchange.signal_type.url import URLSignal

Json = dict[str, t.Any]
Key = tuple[str, str]

_TYPES: t.Final[dict[api.StopNCIISignalType, str]] = {
    api.StopNCIISignalType.ImagePDQ: PdqSignal.get_name(),
    api.StopNCIISignalType.VideoMD5: VideoMD5Signal.get_name(),
    api.StopNCIISignalType.URL: URLSignal.get_name(),
    api.StopNCIISignalType.Text: RawTextSignal.get_name(),
}
_HASHES: t.Final = frozenset(
    {api.StopNCIISignalType.ImagePDQ.value, api.StopNCIISignalType.VideoMD5.value}
)
_GONE: t.Final = frozenset({api.StopNCIICaseStatus.Withdrawn, api.StopNCIICaseStatus.Deleted})
_UNKNOWN: t.Final = "Unknown"


class EndlessPages(RuntimeError):
    """The server named the same page as the next one."""


class HaechiStopNCIIAPI(api.StopNCIIAPI):
    """The client, patient with words that it does not know."""

    def _get(self, endpoint: api.StopNCIIEndpoint, **params: t.Any) -> Json:
        answer: Json = super()._get(endpoint, **params)
        records = answer.get("hashRecords")
        if isinstance(records, list):
            answer["hashRecords"] = [_readable(one) for one in records if isinstance(one, dict)]
        return answer

    def fetch_hashes_iter(
        self, start_timestamp: int = api.StopNCIIAPI.DEFAULT_START_TIME
    ) -> t.Iterator[api.FetchHashesResponse]:
        """Every page from a moment on.

        Raises:
            EndlessPages: the server names a page that it named before.
        """
        page, has_more, seen = "", True, set()
        while has_more:
            result = self.fetch_hashes(start_timestamp=start_timestamp, next_page=page)
            page, has_more = result.nextPageToken or "", result.hasMoreRecords
            if has_more and (not page or page in seen):
                raise EndlessPages
            seen.add(page)
            yield result

    def submit_hashes(
        self, hashes: dict[tuple[api.StopNCIISignalType, str], api.StopNCIICSPFeedback]
    ) -> None:
        """Send hashes of one's own, each with what one says of it."""
        now = int(time.time())
        records = [
            {
                "lastModtimestamp": now,
                "signalType": kind.value,
                "hashValue": value,
                "CSPFeedbacks": [feedback.as_dict_for_post()],
            }
            for (kind, value), feedback in hashes.items()
        ]
        self._post(
            api.StopNCIIEndpoint.SubmitHashes,
            json={"count": len(records), "hashRecords": records},
        )


class HaechiStopNCIISignalExchangeAPI(StopNCIISignalExchangeAPI):
    """The exchange; HMA shows it as `haechi_stop_ncii`."""

    @classmethod
    def for_collab(
        cls,
        collab: CollaborationConfigBase,
        credentials: StopNCIICredentials | None = None,
    ) -> HaechiStopNCIISignalExchangeAPI:
        """The exchange for one configuration."""
        credentials = credentials or StopNCIICredentials.get(cls)
        client = HaechiStopNCIIAPI(
            credentials.subscription_key,
            credentials.fetch_function_key,
            base_url_override=credentials.base_url_override,
        )
        return cls(collab, client)

    def fetch_iter(
        self,
        _supported_signal_types: t.Sequence[type[SignalType]],
        checkpoint: StopNCIICheckpoint | None,
    ) -> t.Iterator[state.FetchDelta[Key, StopNCIISignalMetadata, StopNCIICheckpoint]]:
        """Page by page what has changed; None for what is to be dropped."""
        since = api.StopNCIIAPI.DEFAULT_START_TIME
        if checkpoint is not None:
            since = checkpoint.update_time
        for page in self.api.fetch_hashes_iter(start_timestamp=since):
            updates = {
                (_TYPES[record.signalType], record.hashValue): _metadata(record)
                for record in page.hashRecords
                if record.signalType in _TYPES
            }
            yield state.FetchDelta(updates, StopNCIICheckpoint.from_stopncii_fetch(page))


def _metadata(record: api.StopNCIIHashRecord) -> StopNCIISignalMetadata | None:
    return None if record.hashStatus in _GONE else StopNCIISignalMetadata(record.CSPFeedbacks)


def _readable(record: Json) -> Json:
    """The record with every word that the client does not know as `Unknown`."""
    read = dict(record)
    read["signalType"] = _word(read.get("signalType"), api.StopNCIISignalType)
    read["hashStatus"] = _word(read.get("hashStatus"), api.StopNCIICaseStatus)
    cases = read.get("caseNumbers") or {}
    read["caseNumbers"] = {
        number: _word(status, api.StopNCIICaseStatus) for number, status in cases.items()
    }
    read["CSPFeedbacks"] = [
        {**one, "feedbackValue": _word(one.get("feedbackValue"), api.StopNCIICSPFeedbackValue)}
        for one in read.get("CSPFeedbacks") or []
    ]
    if read["signalType"] in _HASHES and isinstance(read.get("hashValue"), str):
        read["hashValue"] = read["hashValue"].strip().lower()
    return read


def _word(value: t.Any, words: t.Any) -> str:
    return value if value in {word.value for word in words} else _UNKNOWN
