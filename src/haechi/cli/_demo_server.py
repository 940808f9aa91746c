# SPDX-License-Identifier: Apache-2.0
"""The server that the demo speaks with: `haechi serve`, as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from types import TracebackType
from typing import Final, Self

from haechi.cli._client import ServiceClient
from haechi.cli._ports import check_port, free_port
from haechi.errors import OutsideServiceFailed
from haechi.settings import ENV_PREFIX, Settings, settings_as_variables

_HOST: Final = "127.0.0.1"
_READY_WITHIN_S: Final = 60.0
_STOP_WITHIN_S: Final = 15.0

_CENTRE_NAME: Final = "Example Support Centre"
_CENTRE_CONTACT: Final = "cases@centre.example"


class DemoServer:
    """A running site on this machine; `address` is where, `settings` are those it runs with.

    Starts and ends with the block. The settings given count, and none of the environment.

    Raises:
        BadSetting: the port is taken. OutsideServiceFailed: the server ended, or was not ready within a minute.
    """

    def __init__(self, settings: Settings, *, port: int | None) -> None:
        if port is not None:
            # Another server on it would answer in the place of ours.
            check_port(_HOST, port)
        port = port or free_port(_HOST)
        self.address = f"http://{_HOST}:{port}"
        self.settings = replace(
            settings,
            host=_HOST,
            port=port,
            # Behind https elsewhere or not: here it is reached at this address only.
            public_url=self.address,
            centre_name=settings.centre_name or _CENTRE_NAME,
            centre_contact=settings.centre_contact or _CENTRE_CONTACT,
        )
        # A file, not a pipe: nobody reads along, and a full pipe would stop the server.
        self._words = tempfile.TemporaryFile()  # noqa: SIM115  # closed in `_stop`
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        others = {k: v for k, v in os.environ.items() if not k.startswith(ENV_PREFIX)}
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "haechi", "serve"],
                env=others | settings_as_variables(self.settings),
                stdout=subprocess.DEVNULL,
                stderr=self._words,
            )
            self._wait_until_ready(self._process)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def wait(self) -> None:
        """Return when the server has ended or the user pressed Ctrl-C."""
        if self._process is None:
            return
        try:
            self._process.wait()
        except KeyboardInterrupt:
            # The server got the same signal from the terminal; `_stop` waits for it.
            return

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _READY_WITHIN_S
        with ServiceClient(self.address) as client:
            while time.monotonic() < deadline:
                if process.poll() is not None:
                    raise OutsideServiceFailed(service="The server", reason=self._last_words())
                if client.is_ready():
                    return
                time.sleep(0.05)
        raise OutsideServiceFailed(service="The server", reason="it was not ready in time")

    def _last_words(self) -> str:
        self._words.seek(0)
        text = self._words.read().decode(errors="replace").strip()
        return text.splitlines()[-1].removeprefix("haechi: ").rstrip(".") if text else "it ended"

    def _stop(self) -> None:
        process = self._process
        if process is not None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(_STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._words.close()
