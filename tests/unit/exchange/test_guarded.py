# SPDX-License-Identifier: Apache-2.0
"""The one client for addresses that somebody gave us: where it goes, how long, and how much it takes."""

from __future__ import annotations

import ipaddress
import logging
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from loopback import Answer, Asked, serving

from haechi.errors import AddressRefused
from haechi.exchange import _guarded, guarded_client
from haechi.exchange._guarded import is_open_address

OPEN = ("93.184.215.14", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101")
CLOSED = (
    "127.0.0.1", "127.8.9.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "0.0.0.0",  # noqa: S104
    "100.64.0.1", "224.0.0.1", "255.255.255.255", "192.0.2.1", "240.0.0.1",
    "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "::7f00:1", "::ffff:0:7f00:1", "64:ff9b:1::7f00:1", "fec0::1", "192.88.99.1",
    "64:ff9b::a00:1", "2002:7f00:1::1", "2002:a00:1::", "2001:0:1::1",
)  # fmt: skip


@pytest.mark.parametrize("address", OPEN)
def test_the_open_internet(address: str) -> None:
    assert is_open_address(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", CLOSED)
def test_nothing_else_is_open(address: str) -> None:
    assert not is_open_address(ipaddress.ip_address(address))


def _resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    asked = []

    def resolve(host: str, port: int, **_: object) -> list[tuple]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


class TestWithoutPrivate:
    """What is on the open internet, and https."""

    @pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254"])
    def test_a_name_that_leads_inside_is_refused(
        self, monkeypatch: pytest.MonkeyPatch, address: str
    ) -> None:
        asked = _resolve_to(monkeypatch, address)
        with guarded_client(allow_private=False) as client, pytest.raises(AddressRefused):
            client.get("https://forum.example/hook")
        assert asked == ["forum.example"]

    def test_one_address_inside_is_enough(self, monkeypatch: pytest.MonkeyPatch) -> None:
        _resolve_to(monkeypatch, "1.1.1.1", "10.0.0.1")
        with guarded_client(allow_private=False) as client, pytest.raises(AddressRefused):
            client.get("https://forum.example/hook")

    @pytest.mark.parametrize(
        "url",
        [
            "https://127.0.0.1/", "https://[::1]/", "https://0x7f.1/", "https://2130706433/",
            "https://[::ffff:10.0.0.1]/", "https://localhost/",
        ],
    )  # fmt: skip
    def test_an_address_in_any_spelling(self, url: str) -> None:
        with guarded_client(allow_private=False) as client, pytest.raises(AddressRefused):
            client.get(url)

    def test_plain_http_is_refused(self) -> None:
        with guarded_client(allow_private=False) as client, pytest.raises(AddressRefused):
            client.get("http://1.1.1.1/")

    def test_the_connection_goes_to_the_address_that_was_looked_at(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = _resolve_to(monkeypatch, "1.1.1.1")
        reached = []

        def connect(address: tuple, *_: object, **__: object) -> socket.socket:
            reached.append(address)
            raise ConnectionRefusedError

        monkeypatch.setattr(socket, "create_connection", connect)
        with guarded_client(allow_private=False) as client, pytest.raises(httpx.ConnectError):
            client.get("https://forum.example/")
        assert (asked, reached) == (["forum.example"], [("1.1.1.1", 443)])


def test_plain_http_never_leaves_for_the_open_internet(monkeypatch: pytest.MonkeyPatch) -> None:
    _resolve_to(monkeypatch, "1.1.1.1")
    with guarded_client(allow_private=True) as client, pytest.raises(AddressRefused):
        client.get("http://forum.example/hook")


class TestOnTheWay:
    """Sizes, times, redirects, and what is told of them."""

    def test_an_answer_comes_through(self) -> None:
        with serving(lambda _: Answer(body=b"hello")) as url, _client() as client:
            assert client.get(url).content == b"hello"

    def test_a_redirect_is_not_followed(self) -> None:
        seen = []

        def answer(asked: Asked) -> Answer:
            seen.append(asked.path)
            return Answer(302, headers={"Location": "/elsewhere"})

        with serving(answer) as url, _client() as client:
            assert client.get(url).status_code == 302
        assert seen == ["/"]

    def test_a_redirect_that_is_followed_is_looked_at_anew(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The first hop is let through; the second, over the same client, is not."""
        with (
            serving(lambda _: Answer(302, headers={"Location": "http://inside.example/"})) as url,
            _client() as client,
        ):
            backend = client._transport._pool._network_backend
            plain = socket.getaddrinfo

            def resolve(host: str, *args: object, **kw: object) -> list:
                if host == "inside.example":
                    backend._allow_private = False
                    return plain("10.0.0.1", 80)
                return plain(host, *args, **kw)

            monkeypatch.setattr(socket, "getaddrinfo", resolve)
            with pytest.raises(AddressRefused):
                client.get(url, follow_redirects=True)

    def test_a_long_answer_breaks_off(self) -> None:
        with (
            serving(lambda _: Answer(body=b"x" * 5000)) as url,
            guarded_client(allow_private=True, most_bytes=4999) as client,
            pytest.raises(httpx.ReadError),
        ):
            client.get(url)

    def test_a_packed_answer_is_not_taken(self) -> None:
        packed = Answer(body=b"x", headers={"Content-Encoding": "gzip"})
        with (
            serving(lambda _: packed) as url,
            _client() as client,
            pytest.raises(httpx.DecodingError),
        ):
            client.get(url)

    def test_the_whole_has_an_end(self) -> None:
        """However long each step may take."""
        with (
            serving(lambda _: Answer(body=b"x")) as url,
            guarded_client(allow_private=True, timeout_s=60, whole_s=-1) as client,
            pytest.raises(httpx.TimeoutException),
        ):
            client.get(url)

    def test_nobody_is_there(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            with _client() as client, pytest.raises(httpx.ConnectError):
                client.get(f"http://127.0.0.1:{port}/")

    def test_a_name_that_is_none(self) -> None:
        with _client() as client, pytest.raises((httpx.ConnectError, httpx.InvalidURL)):
            client.get(f"http://{'a' * 64}.example/")

    def test_no_proxy_of_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
        with serving(lambda _: Answer(body=b"direct")) as url, _client() as client:
            assert client.get(url).content == b"direct"

    def test_no_address_is_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        with (
            serving(lambda _: Answer()) as url,
            _client() as client,
            caplog.at_level(logging.DEBUG),
        ):
            client.get(f"{url}/?access_token=secret")
        assert "secret" not in caplog.text


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """The port of a server with a certificate for `localhost`, and the certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    own = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(own + made.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    with serving(lambda _: Answer(body=b"secured"), tls=context) as address:
        yield int(address.rpartition(":")[2]), path


class TestSecured:
    """The address was looked at; the name is what the certificate must be for."""

    def test_a_certificate_that_nobody_vouches_for(self, secured: tuple[int, Path]) -> None:
        with _client() as client, pytest.raises(httpx.ConnectError):
            client.get(f"https://localhost:{secured[0]}/")

    def test_one_that_is_for_this_name(
        self, secured: tuple[int, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        port, path = secured
        trusting = ssl.create_default_context(cafile=path)
        monkeypatch.setattr(_guarded, "_secured", lambda: trusting)
        with _client() as client:
            assert client.get(f"https://localhost:{port}/").content == b"secured"
            with pytest.raises(httpx.ConnectError):
                client.get(f"https://127.0.0.1:{port}/")


def _client() -> httpx.Client:
    return guarded_client(allow_private=True)
