# SPDX-License-Identifier: Apache-2.0
"""What an answer of a Haechi means, and what is done without one."""

from __future__ import annotations

import json
import os
import string
import subprocess
import sys
import warnings
from typing import Any

import httpx
import pytest
from own_loop import call_apart

from haechi.errors import BadSetting, NeedsAccess, NotYours, OutsideServiceFailed
from haechi.gates import Action, AsyncScreener, Decision, GateSettings, Reason, Screener
from haechi.gates._words import LANGUAGES, catalogue, language_of, say
from haechi.values import Opinion

SETTINGS = {"url": "http://haechi.test", "token": "hp_secret"}


def match(**changed: Any) -> dict[str, Any]:
    usual = {"content": "con_1", "bank": "reports", "verdict": "same", "policy": "block"}
    return usual | {"match": "mat_1"} | changed


def screener(handle: Any, **settings: Any) -> Screener:
    return Screener(GateSettings(**SETTINGS, **settings), httpx.MockTransport(handle))


class TestAnswers:
    def test_the_service_names_the_action(self) -> None:
        decision = Decision.of_answer({"action": "review", "matches": [match()]})
        assert decision.action is Action.REVIEW
        assert decision.is_answer
        assert decision.reference == "mat_1"

    @pytest.mark.parametrize(
        ("matches", "action"),
        [
            ([], Action.NONE),
            ([match()], Action.BLOCK),
            ([match(verdict="edited")], Action.BLOCK),
            ([match(verdict="review")], Action.REVIEW),
            ([match(policy="review")], Action.REVIEW),
            ([match(policy="allow")], Action.NONE),
            ([match(policy="review"), match()], Action.BLOCK),
        ],
    )
    def test_an_older_service_is_read_by_its_matches(
        self, matches: list[dict[str, Any]], action: Action
    ) -> None:
        assert Decision.of_answer({"matches": matches}).action is action

    def test_without_an_id_of_the_match_the_content_is_the_reference(self) -> None:
        old = {name: value for name, value in match().items() if name != "match"}
        assert Decision.of_answer({"matches": [old]}).reference == "con_1"
        assert Decision.of_answer({"matches": []}).reference == ""

    @pytest.mark.parametrize(
        "body", [None, [], "x", 3, {}, {"matches": 3}, {"matches": [3]}, {"matches": [{}]},
                 {"action": "maybe", "matches": []}],
    )  # fmt: skip
    def test_anything_else_is_no_answer(self, body: Any) -> None:
        with pytest.raises(ValueError, match=r"no answer|valid Action"):
            Decision.of_answer(body)


class TestWithoutAnAnswer:
    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 404, 400, 302])
    @pytest.mark.parametrize("fails_closed", [True, False])
    def test_the_setting_decides(self, status: int, *, fails_closed: bool) -> None:
        with screener(lambda _: httpx.Response(status), fails_closed=fails_closed) as gate:
            decision = gate.screen(b"x")
        assert decision.reason is Reason.NO_ANSWER
        assert not decision.is_answer
        assert decision.action is (Action.BLOCK if fails_closed else Action.NONE)

    @pytest.mark.parametrize(
        "answer", [b"", b"<html>", b"[]", b'{"matches": 3}', b"[" * 100_000, b"\xff", b'{"a":1}']
    )
    def test_a_strange_answer_is_none(self, answer: bytes) -> None:
        with screener(lambda _: httpx.Response(200, content=answer)) as gate:
            assert gate.screen(b"x").reason is Reason.NO_ANSWER

    def test_a_network_that_fails_is_none(self) -> None:
        def broken(_: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("away")

        with screener(broken) as gate:
            assert gate.screen(b"x").reason is Reason.NO_ANSWER
            assert gate.tell("mat_1", Opinion.CONFIRMED) is False

    @pytest.mark.parametrize("when", list(Action))
    @pytest.mark.parametrize("status", [415, 422])
    def test_an_unreadable_file_has_a_setting_of_its_own(self, status: int, when: Action) -> None:
        with screener(
            lambda _: httpx.Response(status), when_unreadable=when, fails_closed=True
        ) as gate:
            assert gate.screen(b"x") == Decision(when, (), Reason.UNREADABLE)

    def test_what_is_too_large_is_not_sent(self) -> None:
        with screener(lambda _: pytest.fail("it was sent"), most_mib=1) as gate:
            assert gate.screen(b"x" * (1024 * 1024 + 1)).reason is Reason.TOO_LARGE
            assert gate.screen(b"x" * (1024 * 1024 + 1)).action is Action.BLOCK
        with screener(lambda _: httpx.Response(413), refuses_unscreenable=False) as gate:
            assert gate.screen(b"x") == Decision(Action.REVIEW, (), Reason.TOO_LARGE)

    def test_an_ended_token_is_said_aloud_once_and_without_it(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        with screener(lambda _: httpx.Response(401)) as gate:
            assert [gate.screen(b"x").reason for _ in range(3)] == [Reason.NOT_LET_IN] * 3
        said = [record for record in caplog.records if record.name == "haechi.gates"]
        assert len(said) == 1
        assert "hp_secret" not in caplog.text

    def test_screening_after_closing_opens_anew(self) -> None:
        gate = screener(lambda _: httpx.Response(200, json={"matches": []}))
        assert gate.screen(b"x").is_answer
        gate.close()
        assert gate.screen(b"x").is_answer
        gate.close()

    def test_a_process_that_forked_asks_for_itself(self) -> None:
        gate = screener(lambda _: httpx.Response(200, json={"matches": []}))
        assert gate.screen(b"x").is_answer
        with warnings.catch_warnings():
            # Newer Pythons warn of forking beside threads, which is what is tried here.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            # Whatever becomes of it, it must not run the rest of the tests.
            try:
                os._exit(0 if gate.screen(b"x").is_answer else 1)
            finally:
                os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        gate.close()


class TestAsking:
    def test_the_bytes_and_the_token_go_and_nothing_else(self) -> None:
        def handle(request: httpx.Request) -> httpx.Response:
            assert (request.method, request.url.path) == ("POST", "/v1/match")
            assert request.headers["authorization"] == "Bearer hp_secret"
            assert request.headers["content-type"] == "application/octet-stream"
            assert request.content == b"the bytes"
            return httpx.Response(200, json={"action": "none", "matches": []})

        with screener(handle) as gate:
            assert gate.screen(b"the bytes").is_answer

    def test_an_opinion_names_the_match(self) -> None:
        def handle(request: httpx.Request) -> httpx.Response:
            assert request.url.path == "/v1/opinions"
            assert json.loads(request.content) == {
                "opinions": [{"match": "mat_1", "opinion": "not_this"}]
            }
            return httpx.Response(200, json={"taken": 1})

        with screener(handle) as gate:
            assert gate.tell("mat_1", Opinion.NOT_THIS) is True

    @pytest.mark.parametrize(
        ("status", "error"),
        [(401, NeedsAccess), (403, NotYours), (404, OutsideServiceFailed), (200, OutsideServiceFailed)],
    )  # fmt: skip
    def test_the_first_check_says_what_is_wrong(self, status: int, error: type[Exception]) -> None:
        with pytest.raises(error):
            screener(lambda _: httpx.Response(status, content=b"hello")).check()

    def test_the_first_check_asks_about_no_file(self) -> None:
        screener(lambda _: httpx.Response(200, json={"action": "none", "matches": []})).check()

    async def _screen_in_a_loop(self, handle: Any, **settings: Any) -> Decision:
        transport = httpx.MockTransport(handle)
        async with AsyncScreener(GateSettings(**SETTINGS, **settings), transport) as gate:
            return await gate.screen(b"x")

    def test_the_coroutine_decides_alike(self) -> None:

        answer = {"action": "block", "matches": [match()]}
        found = call_apart(self._screen_in_a_loop, lambda _: httpx.Response(200, json=answer))
        assert found.action is Action.BLOCK
        found = call_apart(self._screen_in_a_loop, lambda _: httpx.Response(503))
        assert found.reason is Reason.NO_ANSWER

    def test_every_event_loop_has_connections_of_its_own(self) -> None:

        made = []
        settings = GateSettings(**SETTINGS, most_at_once=1)
        answer = httpx.Response(200, json={"matches": []})
        gate = AsyncScreener(settings, httpx.MockTransport(lambda _: answer))

        async def ask() -> None:
            assert (await gate.screen(b"x")).is_answer
            assert (await gate.screen(b"x")).is_answer
            made.append(gate._ready()[0])
            await gate.aclose()

        call_apart(ask)
        call_apart(ask)
        assert made[0] is not made[1]
        assert all(client.is_closed for client in made)

    def test_a_gate_loads_nothing_of_the_service(self) -> None:
        code = (
            "import sys, haechi.gates\n"
            "heavy = ('numpy', 'numba', 'sqlalchemy', 'litestar', 'PIL', 'typer', 'telegram')\n"
            "print([name for name in heavy if name in sys.modules])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert done.stdout == "[]\n"


class TestSettings:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"url": ""},
            {"url": "haechi.example"},
            {"url": "ftp://haechi.example"},
            {"token": ""},
            {"token": "two words"},
            {"token": "ä"},
            {"budget_ms": 0},
            {"most_at_once": 0},
        ],
    )
    def test_what_cannot_be_is_refused(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(BadSetting):
            GateSettings(**(SETTINGS | wrong))

    def test_the_token_never_shows(self) -> None:
        assert "hp_secret" not in repr(GateSettings(**SETTINGS))

    def test_the_environment_names_where_and_who(self) -> None:
        environ = {"HAECHI_URL": "http://a.test", "HAECHI_PARTNER_TOKEN": "hp_a"}
        found = GateSettings.from_environment(environ, fails_closed=True)
        assert (found.url, found.token, found.fails_closed) == ("http://a.test", "hp_a", True)
        with pytest.raises(BadSetting, match="HAECHI_URL"):
            GateSettings.from_environment({})

    def test_the_usual_paths_are_all(self) -> None:
        usual = GateSettings(**SETTINGS)
        assert usual.covers("POST", "/")
        assert usual.covers("PUT", "/a/b")
        assert not usual.covers("GET", "/a/b")
        some = GateSettings(**SETTINGS, paths=("/upload", "/boards/*"))
        assert some.covers("POST", "/boards/1/new")
        assert not some.covers("POST", "/uploads")


class TestWords:
    def test_both_languages_have_the_same_sentences_with_the_same_gaps(self) -> None:
        words = catalogue()
        assert set(words) == set(LANGUAGES)
        assert set(words["en"]) == set(words["ko"])
        for key, sentence in words["en"].items():
            gaps = [
                {name for _, name, _, _ in string.Formatter().parse(text) if name}
                for text in (sentence, words["ko"][key])
            ]
            assert gaps[0] == gaps[1], key

    def test_the_words_are_calm(self) -> None:
        for key, sentence in catalogue()["ko"].items():
            assert "니다" not in sentence, key
        for language in LANGUAGES:
            for key, sentence in catalogue()[language].items():
                for word in ("guarantee", "보장", "삭제", "porn", "illegal"):
                    assert word not in sentence.lower(), key

    def test_korean_is_korean(self) -> None:
        for key, sentence in catalogue()["ko"].items():
            assert any("가" <= letter <= "힣" for letter in sentence), key

    @pytest.mark.parametrize(
        ("wanted", "language"),
        [
            (None, "en"), ("", "en"), ("ko", "ko"), ("ko-KR,ko;q=0.9,en;q=0.8", "ko"),
            ("fr, ko;q=0.5", "ko"), ("en-GB, ko", "en"), ("*", "en"), ("korean", "en"), (";;,", "en"),
        ],
    )  # fmt: skip
    def test_the_language_is_the_first_that_we_speak(
        self, wanted: str | None, language: str
    ) -> None:
        assert language_of(wanted) == language

    def test_gaps_are_filled(self) -> None:
        assert "mat_7" in say("ko", "appeal_here", reference="mat_7")
