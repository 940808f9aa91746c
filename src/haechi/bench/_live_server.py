# SPDX-License-Identifier: Apache-2.0
"""`haechi serve` as a process of its own, and a connection to it that costs the asker little."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from haechi.errors import OutsideServiceFailed
from haechi.settings import ENV_PREFIX, Settings, settings_as_variables

__all__ = ["Asker", "Server"]

_HOST: Final = "127.0.0.1"
_READY_WITHIN_S: Final = 900.0
_STOP_WITHIN_S: Final = 20.0
_ANSWER_WITHIN_S: Final = 30.0
_OK: Final = 200
_ERROR: Final = 400


class Server:
    """A running site of an installation; ends with the block.

    `ready_s` is how long it took from its start until its index held the bank.

    Raises:
        OutsideServiceFailed: it ended, or was not ready within a quarter of an hour.
    """

    def __init__(self, settings: Settings) -> None:
        self.port = _free_port()
        address = f"http://{_HOST}:{self.port}"
        self.address = address
        self._settings = replace(settings, host=_HOST, port=self.port, public_url=address)
        self._process: subprocess.Popen[bytes] | None = None
        self.ready_s = 0.0

    def __enter__(self) -> Self:
        others = {k: v for k, v in os.environ.items() if not k.startswith(ENV_PREFIX)}
        begun_s = time.perf_counter()
        with tempfile.TemporaryFile() as words:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "haechi", "serve"],
                env=others | settings_as_variables(self._settings),
                stdout=subprocess.DEVNULL,
                stderr=words,
            )
        try:
            self._wait_until_ready(self._process, begun_s + _READY_WITHIN_S)
        except BaseException:
            self._stop()
            raise
        self.ready_s = time.perf_counter() - begun_s
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    @property
    def resident_bytes(self) -> int | None:
        """The memory that the process holds; None where the system does not say."""
        if self._process is None:
            return None
        try:
            text = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        except OSError:
            return None
        sizes = [line.split()[1] for line in text.splitlines() if line.startswith("VmRSS")]
        return int(sizes[0]) * 1024 if sizes else None

    def _wait_until_ready(self, process: subprocess.Popen[bytes], until_s: float) -> None:
        while time.perf_counter() < until_s:
            if process.poll() is not None:
                raise OutsideServiceFailed(service="The server", reason="it ended at its start")
            with closing(HTTPConnection(_HOST, self.port, timeout=_ANSWER_WITHIN_S)) as probe:
                try:
                    probe.request("GET", "/readyz")
                    if probe.getresponse().status == _OK:
                        return
                except (OSError, HTTPException):
                    pass  # it does not listen yet
            time.sleep(0.1)
        raise OutsideServiceFailed(service="The server", reason="it was not ready in time")

    def _stop(self) -> None:
        process = self._process
        if process is None:
            return
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Asker:
    """A connection to a server that stays open; for one thread. `token` is a partner's."""

    def __init__(self, server: Server, token: str = "") -> None:
        self._connection = HTTPConnection(_HOST, server.port, timeout=_ANSWER_WITHIN_S)
        self._headers = {"content-type": "application/json"}
        if token:
            self._headers["authorization"] = f"Bearer {token}"

    def post(self, path: str, body: Any = None, *, cookie: str = "") -> tuple[Any, str]:
        """The answer as JSON, and the cookie that came with it.

        Raises:
            OutsideServiceFailed: an error, or no answer.
        """
        headers = self._headers | ({"cookie": cookie} if cookie else {})
        sent = b"" if body is None else json.dumps(body).encode()
        try:
            self._connection.request("POST", path, sent, headers)
            response = self._connection.getresponse()
            text = response.read()
        except (OSError, HTTPException) as error:
            raise OutsideServiceFailed(
                service="The server", reason="it did not answer under the load"
            ) from error
        if response.status >= _ERROR:
            reason = f"it answered with status {response.status}"
            raise OutsideServiceFailed(service="The server", reason=reason)
        return json.loads(text), (response.getheader("set-cookie") or "").partition(";")[0]

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()


def _free_port() -> int:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port
