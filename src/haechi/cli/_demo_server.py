# SPDX-License-Identifier: Apache-2.0
"""The server that the demo speaks with: `haechi serve`, as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from haechi.cli._client import ServiceClient
from haechi.cli._ports import check_port, free_port
from haechi.errors import OutsideServiceFailed
from haechi.settings import ENV_PREFIX

_HOST: Final = "127.0.0.1"
_READY_WITHIN_S: Final = 60.0
_STOP_WITHIN_S: Final = 15.0

CENTRE_NAME: Final = "Example Support Centre"
CENTRE_CONTACT: Final = "cases@centre.example"


class DemoServer:
    """A running site; `address` is where. Ends with the block.

    Raises:
        BadSetting: the port is taken. OutsideServiceFailed: the server ended, or was not ready within a minute.
    """

    def __init__(self, data_folder: Path, *, port: int | None) -> None:
        self.data_folder = data_folder
        if port is not None:
            # Another server on it would answer in the place of ours.
            check_port(_HOST, port)
        self.address = f"http://{_HOST}:{port or free_port(_HOST)}"
        command = [sys.executable, "-m", "haechi", "serve", "--host", _HOST]
        command += ["--port", self.address.rpartition(":")[2], "--data-folder", str(data_folder)]
        # A file, not a pipe: nobody reads along, and a full pipe would stop the server.
        self._words = tempfile.TemporaryFile()  # noqa: SIM115  # closed in `_stop`
        centre = {
            ENV_PREFIX + "CENTRE_NAME": CENTRE_NAME,
            ENV_PREFIX + "CENTRE_CONTACT": CENTRE_CONTACT,
        }
        self._process = subprocess.Popen(
            command, env=centre | os.environ, stdout=subprocess.DEVNULL, stderr=self._words
        )

    def __enter__(self) -> Self:
        try:
            self._wait_until_ready()
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
        try:
            self._process.wait()
        except KeyboardInterrupt:
            # The server got the same signal from the terminal; `_stop` waits for it.
            return

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _READY_WITHIN_S
        with ServiceClient(self.address) as client:
            while time.monotonic() < deadline:
                if self._process.poll() is not None:
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
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._words.close()
