# SPDX-License-Identifier: Apache-2.0
"""The console in a browser window: users set up through its pages, and what is done there."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pyotp
from page_visit import Visit

PASSWORD = "correct horse battery"

Run = Callable[..., Any]


def invitation(run_haechi: Run, data_folder: Any, login: str, role: str) -> str:
    """The path of a fresh invitation."""
    done = run_haechi(
        "user", "add", "--login", login, "--role", role, "--json", "--data-folder", data_folder
    )
    assert done.returncode == 0, done.stderr
    return "/work/" + json.loads(done.stdout)["invitation"].partition("/work/")[2]


def take_up(one: Visit, path: str) -> None:
    """Choose a password; the page for a second factor comes next."""
    one.open(path)
    one.page.fill("#password", PASSWORD)
    one.page.fill("#again", PASSWORD)
    one.page.click("main form button")
    one.page.locator(".secret").wait_for()


def use_app(one: Visit) -> str:
    """Set up an authenticator app with the key that the page shows; the key."""
    secret = re.sub(r"\s", "", one.page.locator(".secret").inner_text())
    one.page.fill("#code", pyotp.TOTP(secret).now())
    one.page.click('form[action="/work/me/totp"] button')
    one.page.wait_for_url("**/work")
    return secret


def sign_in(one: Visit, login: str, secret: str) -> None:
    """With password and code; of the next step, as that of the moment may have counted."""
    one.open("/work/enter")
    one.page.fill("#login", login)
    one.page.fill("#password", PASSWORD)
    one.page.click('form[action="/work/enter"] button')
    one.page.fill("#code", pyotp.TOTP(secret).at(time.time() + 30))
    one.page.click("main form button")
    one.page.wait_for_url("**/work")


def add_authenticator(one: Visit, transport: str = "internal") -> Callable[[bool], object]:
    """A virtual authenticator of the browser; what it returns says whether it verifies its user."""
    devtools = one.context.new_cdp_session(one.page)
    devtools.send("WebAuthn.enable")
    made = devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": transport,
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return lambda verifies: devtools.send(
        "WebAuthn.setUserVerified",
        {"authenticatorId": made["authenticatorId"], "isUserVerified": verifies},
    )
