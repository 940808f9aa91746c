# SPDX-License-Identifier: Apache-2.0
"""What the page of a receipt says, in English: the keys that a face looks up in its catalogue."""

from __future__ import annotations

from typing import Final

SAID: Final = {
    "name": "Haechi",
    "title": "Receipt",
    "opened": "This case was opened at the time below, with what is listed here.",
    "added": "What is listed here was added to this case at the time below.",
    "erased": "This case was erased at the time below, with what is listed here.",
    "number": "Case number",
    "korean_time": "Time in Korea",
    "world_time": "World time (UTC)",
    "images": "Photos",
    "videos": "Videos",
    "items": "Photos and videos",
    "sightings": "Places where it was seen or heard of",
    "shows": "What it shows",
    "shows_report": "That this was in the case at this time. Whoever has the very same file, or the very same words, can show that they belong to it.",
    "shows_erasure": "That this service erased the case at this time.",
    "hides": "What it does not show",
    "hides_content": "There is no picture in it, no fingerprint, and nothing that was written.",
    "hides_people": "It does not say what can be seen, who made it, or who passed it on.",
    "hides_copies": "It says nothing about copies that are somewhere else.",
    "keep": "Keep it where only you look, or give it to someone you trust.",
    "check": "How to check it",
    "check_file": "The signed receipt is a small file inside this PDF, receipt.json. This page only shows what it says. Anyone can check the file without us and without a network.",
    "check_key": "The service publishes its key at /v1/receipt-key. Save it as key.pem, and see that it is the public key below.",
    "with_haechi": "With Haechi",
    "with_openssl": "With Python and OpenSSL, once receipt.json is saved out of this PDF",
    "key": "Public key",
    "signature": "Signature",
    "statement": "What was signed",
}
"""Each sentence by what it is for; none has a placeholder."""

RECEIPT_MESSAGES: Final = tuple(SAID.values())
"""All of them, for whoever translates."""
