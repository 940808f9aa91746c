# SPDX-License-Identifier: Apache-2.0
"""The one exception tree: class → code, exit status, HTTP status and the sentence a person may see.

    HaechiError
    ├── BadInput ─────────── what was sent cannot be used as it is
    │   ├── MalformedField   MalformedSignal   TooMuchAtOnce   UnreadableBank   UnreadableList   BadSetting
    │   └── MediaError ─────── a file cannot be fingerprinted
    │       ├── UnsupportedFormat    FileTooLarge    TooManyPixels
    │       └── DamagedFile          DecodingStopped  FileNotReadable
    ├── Refused ──────────── understood, and not done
    │   ├── ImageBytesRefused   NotYours      NeedsAccess > NeedsSignIn   WrongPassphrase > WrongSignIn
    │   ├── CrossSiteRefused    TooManyRequests   NoAgency        AlreadySent   AnotherCase
    │   ├── KeyUsedBefore       AddressRefused    OnlyTheReporter
    │   └── AlreadyAppealed     AlreadyDecided    PauseDue
    ├── NotFound
    ├── FeedCompacted
    ├── Unavailable ──────── try again later: NotReady   Busy   SourceBusy   NotInstalled   OutsideServiceFailed > SourceFailed
    ├── VerificationFailed
    └── BrokenStore ──────── our own data is not as it should be: DamagedSnapshot

A sentence says what is wrong and what to do. It is a template of the message catalogue (English text
is the key), so every page can show it in the reader's language; `params` never hold a hash, a URL, a
name or a passphrase.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar

__all__ = [
    "AddressRefused",
    "AlreadyAppealed",
    "AlreadyDecided",
    "AlreadySent",
    "AnotherCase",
    "BadInput",
    "BadSetting",
    "BrokenStore",
    "Busy",
    "CrossSiteRefused",
    "DamagedFile",
    "DamagedSnapshot",
    "DecodingStopped",
    "ExitCode",
    "FeedCompacted",
    "FileNotReadable",
    "FileTooLarge",
    "HaechiError",
    "ImageBytesRefused",
    "KeyUsedBefore",
    "MalformedField",
    "MalformedSignal",
    "MediaError",
    "NeedsAccess",
    "NeedsSignIn",
    "NoAgency",
    "NotFound",
    "NotInstalled",
    "NotReady",
    "NotYours",
    "OnlyTheReporter",
    "OutsideServiceFailed",
    "PauseDue",
    "Refused",
    "SourceBusy",
    "SourceFailed",
    "TooManyPixels",
    "TooManyRequests",
    "TooMuchAtOnce",
    "Unavailable",
    "UnreadableBank",
    "UnreadableList",
    "UnsupportedFormat",
    "VerificationFailed",
    "WrongPassphrase",
    "WrongSignIn",
]


class ExitCode(IntEnum):
    """How a command ends (docs/cli.md)."""

    OK = 0
    FAILED = 1
    USAGE = 2
    OUTSIDE = 3
    REFUSED = 4
    VERIFICATION = 5
    INTERRUPTED = 130


class HaechiError(Exception):
    """Base of everything that Haechi raises on purpose.

    `field` names the part of a request that is meant, where there is one.
    """

    code: ClassVar[str] = "failed"
    exit_code: ClassVar[ExitCode] = ExitCode.FAILED
    http_status: ClassVar[int] = 500
    template: ClassVar[str] = "Something went wrong on our side. Please try again."

    def __init__(self, *, field: str | None = None, **params: object) -> None:
        self.field = field
        self.params = params
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        """The sentence in English, safe to show to whoever asked."""
        return self.template.format(**self.params)


class BadInput(HaechiError):
    """What was sent cannot be used as it is."""

    code = "bad_input"
    exit_code = ExitCode.USAGE
    http_status = 400
    template = "This request cannot be read. Check it against the documentation."


class MalformedField(BadInput):
    """One field of a request is missing or not as it should be; `reason` says how."""

    code = "malformed_field"
    template = "{reason}"


class TooMuchAtOnce(BadInput):
    """A request that is longer than what is asked for can be."""

    code = "too_much_at_once"
    http_status = 413
    template = "This is too much at once. Please send less."


class MalformedSignal(BadInput):
    """A fingerprint that is none."""

    code = "malformed_signal"
    template = "This is not a {type} fingerprint: it needs {wanted}."


class UnreadableBank(BadInput):
    """A file of hashes of which not one line can be read."""

    code = "unreadable_bank"
    template = (
        "No fingerprint was found in this file. Each line should be 64 hexadecimal digits, "
        "or `TYPE VALUE`, or a line of `haechi hash --json`."
    )


class UnreadableList(BadInput):
    """A list of hashes to import of which not one line can be read."""

    code = "unreadable_list"
    template = (
        "Nothing in this list of {lines} lines can be read. "
        "It should be CSV, JSON lines, JSON of HMA or a file of tx."
    )


class BadSetting(BadInput):
    """A setting has a value that cannot be used."""

    code = "bad_setting"
    template = "The setting {name} cannot be used: {reason}."


class MediaError(BadInput):
    """A file cannot be fingerprinted."""

    code = "media_error"
    http_status = 422
    exit_code = ExitCode.FAILED
    template = "This file cannot be fingerprinted."


class UnsupportedFormat(MediaError):
    """Neither a picture nor a video that we read."""

    code = "unsupported_format"
    http_status = 415
    template = (
        "This is not a picture or video we can read. Use JPEG, PNG, WebP, GIF, HEIC or AVIF, "
        "or MP4, MOV, WebM, MKV or AVI."
    )


class FileTooLarge(MediaError):
    """More bytes than the limit."""

    code = "file_too_large"
    http_status = 413
    template = "This file is too large: at most {max_mib} MiB can be read."


class TooManyPixels(MediaError):
    """More pixels, or a longer side, than the limit: as a decompression bomb has."""

    code = "too_many_pixels"
    template = "This picture is too large when unpacked: at most {max_megapixels} megapixels and {max_side} pixels a side can be read."


class DamagedFile(MediaError):
    """It begins like a picture and cannot be decoded to its end."""

    code = "damaged_file"
    template = "This file is damaged or incomplete. Try the original file."


class DecodingStopped(MediaError):
    """The decoding process ran out of time or memory, or died."""

    code = "decoding_stopped"
    template = "This file could not be read within the limits. Try another copy of it."


class FileNotReadable(MediaError):
    """The file system refused: not there, a folder, or no permission."""

    code = "file_not_readable"
    template = "This file cannot be opened. Check that it exists and that you may read it."


class Refused(HaechiError):
    """Understood, and not done."""

    code = "refused"
    exit_code = ExitCode.REFUSED
    http_status = 403
    template = "This is not allowed."


class ImageBytesRefused(Refused):
    """A survivor endpoint was sent something other than signals."""

    code = "image_bytes_refused"
    http_status = 415
    template = (
        "Pictures and files are not accepted here, only fingerprints as JSON. Nothing was kept."
    )


class NeedsAccess(Refused):
    """No session, case or partner token that this route needs."""

    code = "needs_access"
    http_status = 401
    template = (
        "Please come in first: with your case number and passphrase, or with a partner token."
    )


class NeedsSignIn(NeedsAccess):
    """No session of a user of the console, or one that has ended."""

    code = "needs_sign_in"
    template = "Please sign in first. Sessions end by themselves after a while."


class WrongPassphrase(Refused):
    """Case number and passphrase do not belong together; also when there is no such case."""

    code = "wrong_passphrase"
    http_status = 401
    template = "The case number and the passphrase do not fit together. Check both and try again."
    hold_back_s: float = 0.0
    """How long the answer should wait, so that guessing gets slow."""


class WrongSignIn(WrongPassphrase):
    """What a user of the console showed does not belong together; never said which part."""

    code = "wrong_sign_in"
    template = "This does not fit together. Check it and try again."


class AlreadySent(Refused):
    """The same was sent before, so long ago that what was answered then is forgotten."""

    code = "already_sent"
    http_status = 409
    template = "This was sent already. Come in with your case number and passphrase to see it."


class KeyUsedBefore(Refused):
    """An Idempotency-Key that came with another request before."""

    code = "key_used_before"
    http_status = 409
    template = (
        "This Idempotency-Key came with another request before. Use a new key for each request."
    )


class AlreadyAppealed(Refused):
    """There is an appeal against this match."""

    code = "already_appealed"
    http_status = 409
    template = "There is an appeal on this already. Its reference tells how far it is."


class AlreadyDecided(Refused):
    """A task that somebody else decided, or is at."""

    code = "already_decided"
    http_status = 409
    template = "Somebody else is at this or has decided it. Please take the next one."


class PauseDue(Refused):
    """A reviewer has decided enough for now."""

    code = "pause_due"
    http_status = 429
    template = "Time for a break. Please go on after {time}."


class AnotherCase(Refused):
    """The page is of another case than the one that is open on this device now."""

    code = "another_case"
    http_status = 409
    template = "Another case is open on this device now. Nothing was changed. Go back to your case and try again."


class NotYours(Refused):
    """The token is good and does not reach this far."""

    code = "not_yours"
    template = "This access does not include that."


class CrossSiteRefused(Refused):
    """A page of another site sent the request."""

    code = "cross_site_refused"
    template = "This request came from another page. Please send it from this site."


class TooManyRequests(Refused):
    """More than the rate limit allows."""

    code = "too_many_requests"
    http_status = 429
    template = "That was a lot at once. Please wait {seconds} seconds and try again."


class AddressRefused(Refused):
    """An address that we were given to call leads to a private network, or is not https."""

    code = "address_refused"
    template = (
        "This address may not be called from here: it needs https and a host on the open internet."
    )


class OnlyTheReporter(Refused):
    """A person's own report is withdrawn by herself and by nobody else."""

    code = "only_the_reporter"
    http_status = 409
    template = "Only the person who reported this can withdraw it. Hold it instead: then it matches nothing."


class NoAgency(Refused):
    """The person has said that the centre may not act for her."""

    code = "no_agency"
    template = "The person has said that the centre may not act for her, so this is not prepared in her name."


class NotFound(HaechiError):
    """There is no such thing, or not for you: the answer is the same."""

    code = "not_found"
    http_status = 404
    template = "There is nothing here."


class FeedCompacted(HaechiError):
    """The feed does not reach back to where this follower stands, or is another feed by now."""

    code = "feed_compacted"
    http_status = 410
    template = "The feed does not go on from there. Please begin anew, without `after` and `feed`."


class Unavailable(HaechiError):
    """Right, and not now."""

    code = "unavailable"
    http_status = 503
    template = "This is not available right now. Please try again in a moment."


class NotReady(Unavailable):
    """The index has not caught up with the bank since the start."""

    code = "not_ready"
    template = "The service is still starting. Please try again in a few seconds."


class Busy(Unavailable):
    """More uploads are being looked at than this machine can hold."""

    code = "busy"
    template = "There is a lot to look at right now. Please send this again in a moment."


class NotInstalled(Unavailable):
    """A command needs a package that is installed only when it is asked for."""

    code = "not_installed"
    template = "This needs packages that are not installed: run pip install 'haechi[{extra}]' and try again."


class SourceBusy(Unavailable):
    """Somebody is pulling this source, or sending to it, at this moment."""

    code = "source_busy"
    template = "This source is being pulled already. Please try again when that has ended."


class OutsideServiceFailed(Unavailable):
    """A service that we depend on did not answer as it should."""

    code = "outside_service_failed"
    exit_code = ExitCode.OUTSIDE
    http_status = 502
    template = "{service} did not answer as expected: {reason}."


class SourceFailed(OutsideServiceFailed):
    """A source that we pull from did not answer as it should; `word` says in one word how."""

    code = "source_failed"
    template = "The source did not answer as expected ({word}). It is tried again at the next pull."


class VerificationFailed(HaechiError):
    """A signature or digest does not hold."""

    code = "verification_failed"
    exit_code = ExitCode.VERIFICATION
    http_status = 422
    template = "Verification failed: {reason}."


class BrokenStore(HaechiError):
    """Our own data cannot be used: a key is missing, the tables are of another version."""

    code = "broken_store"
    template = "The data folder cannot be used: {reason}."


class DamagedSnapshot(BrokenStore):
    """A snapshot of the index that cannot be used; the bank can rebuild the index."""

    code = "damaged_snapshot"
    template = "The snapshot of the index cannot be used: {reason}."
