# SPDX-License-Identifier: Apache-2.0
"""The one client for every address that somebody gave us: sources, webhooks, other installations.

A name is resolved here and the connection goes to the very address that was looked at, so that an
answer of the name service that changes in between leads nowhere else. Each request is looked at anew,
so a redirect that somebody chose to follow is, too. No proxy of the environment is used: behind one,
nobody here would know where it leads.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final, cast

import httpcore
import httpx

from haechi.errors import AddressRefused

_MIB: Final = 1024 * 1024
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_CARRYING: Final = tuple(
    ipaddress.ip_network(net)
    for net in ("::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "fec0::/10", "192.88.99.0/24")
)
"""What nobody on the open internet has: other ways to carry IPv4, local translators, old local addresses."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_SocketOptions = Iterable[
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
]


def guarded_client(
    *,
    allow_private: bool,
    timeout_s: float = 10,
    whole_s: float = 60,
    most_bytes: int = 64 * _MIB,
) -> httpx.Client:
    """A client that reaches only what may be reached; close it, or use it as a context manager.

    Without `allow_private`: https only, and no name of which any address is private, local or otherwise
    not of the open internet. With it those too, and plain http, but that only to them. Redirects are not followed unless a request asks for it. `timeout_s` is for
    each step, `whole_s` for a request and its answer together; an answer of more than `most_bytes`, or
    one that is packed, breaks off. Safe across threads.

    A request raises `AddressRefused`, or an `httpx.HTTPError` for all that goes wrong on the way.
    """
    # They write whole addresses, and in those of some services there is a secret.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return httpx.Client(
        transport=_GuardedTransport(
            allow_private=allow_private, whole_s=whole_s, most_bytes=most_bytes
        ),
        timeout=timeout_s,
        trust_env=False,
        follow_redirects=False,
        headers={"user-agent": "haechi", "accept-encoding": "identity"},
    )


def is_open_address(address: Address) -> bool:
    """Whether this is an address of the open internet, also where an IPv6 one carries an IPv4 one."""
    if isinstance(address, ipaddress.IPv6Address):
        carried = address.ipv4_mapped or address.sixtofour
        if carried is None and address in _NAT64:
            carried = ipaddress.IPv4Address(address.packed[-4:])
        if carried is not None:
            return is_open_address(carried)
        if address.teredo is not None:
            return False
    if any(address in net for net in _CARRYING):
        return False
    return address.is_global and not address.is_multicast


class _Ends(threading.local):
    """When the request of this thread has to be over, and whether anybody on the way can read it."""

    at: float = float("inf")
    is_plain: bool = False

    def left(self, timeout: float | None) -> float | None:
        left = self.at - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the whole request took too long")
        if left == float("inf"):
            return timeout
        return left if timeout is None else min(left, timeout)


class _Stream(httpcore.NetworkStream):
    """A connection whose every step is bounded by what is left for the whole."""

    def __init__(self, inner: httpcore.NetworkStream, ends: _Ends) -> None:
        self._inner = inner
        self._ends = ends

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._ends.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._ends.left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        secured = self._inner.start_tls(ssl_context, server_hostname, self._ends.left(timeout))
        return _Stream(secured, self._ends)

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Connects to an address that was looked at, never to a name."""

    def __init__(self, *, allow_private: bool, ends: _Ends) -> None:
        self._allow_private = allow_private
        self._ends = ends
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: _SocketOptions | None = None,
    ) -> httpcore.NetworkStream:
        failed: Exception = httpcore.ConnectError("the name leads nowhere")
        for address in self._addresses(host, port):
            try:
                stream = self._plain.connect_tcp(
                    str(address), port, self._ends.left(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return _Stream(stream, self._ends)
        raise failed

    def _addresses(self, host: str, port: int) -> list[Address]:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            # UnicodeError: a name that is none, as one with a label of 64 characters.
            return []
        # An address of a link has its interface behind a percent sign.
        texts = dict.fromkeys(str(row[4][0]).partition("%")[0] for row in rows)
        addresses = [ipaddress.ip_address(text) for text in texts]
        are_open = [is_open_address(address) for address in addresses]
        if not self._allow_private and not all(are_open):
            raise AddressRefused
        if self._ends.is_plain and any(are_open):
            # A trial on one machine needs no https; what leaves it does.
            raise AddressRefused
        return addresses


class _Bounded(httpx.SyncByteStream):
    """The body of an answer, until it is too long."""

    def __init__(self, inner: httpx.SyncByteStream, most_bytes: int) -> None:
        self._inner = inner
        self._left = most_bytes

    def __iter__(self) -> Iterator[bytes]:
        for part in self._inner:
            self._left -= len(part)
            if self._left < 0:
                raise httpx.ReadError("the answer is too long")
            yield part

    def close(self) -> None:
        self._inner.close()


@cache
def _secured() -> ssl.SSLContext:
    """Reads the list of authorities once: that takes longer than many a request."""
    return httpx.create_ssl_context(trust_env=False)


class _GuardedTransport(httpx.HTTPTransport):
    def __init__(self, *, allow_private: bool, whole_s: float, most_bytes: int) -> None:
        secured = _secured()
        super().__init__(verify=secured, trust_env=False)
        self._allow_private = allow_private
        self._whole_s = whole_s
        self._most_bytes = most_bytes
        self._ends = _Ends()
        # The one way to hand httpx a backend: its own constructor takes none.
        self._pool = httpcore.ConnectionPool(
            ssl_context=secured,
            network_backend=_Backend(allow_private=allow_private, ends=self._ends),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.scheme != "https" and not self._allow_private:
            raise AddressRefused
        self._ends.at = time.monotonic() + self._whole_s
        self._ends.is_plain = request.url.scheme != "https"
        answer = super().handle_request(request)
        if answer.headers.get("content-encoding", "identity").lower() != "identity":
            # We asked for none: unpacked it could be of any length.
            answer.close()
            raise httpx.DecodingError("the answer is packed")
        answer.stream = _Bounded(cast("httpx.SyncByteStream", answer.stream), self._most_bytes)
        return answer
