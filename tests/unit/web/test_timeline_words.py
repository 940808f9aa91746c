# SPDX-License-Identifier: Apache-2.0
"""A timeline in words: a sentence for everything, in every language, and none that claims too much."""

from __future__ import annotations

from itertools import product

import pytest
from timelines import LAW, hours, made_check, made_notice, made_timeline

from haechi.notices import acknowledgement_clock
from haechi.web._render import environment
from haechi.web._timeline_words import (
    badge_css,
    clock_sentence,
    country_name,
    law_name,
    next_sentence,
    state_badge,
    state_sentence,
    step_sentence,
    tell,
)
from haechi.web._words import Words, catalogue
from haechi.workflows import CheckOutcome, SightingState, Step, StepKind, Timeline

LANGUAGES = list(catalogue().values())
in_every_language = pytest.mark.parametrize("t", LANGUAGES, ids=lambda t: t.language)

# What is said, in each language we speak, of something that is gone.
_GONE = {
    "en": ("no longer there", "no longer at", "taken down", "removed", "deleted", "gone", "erased"),
    "ko": ("더 이상", "더는", "내려", "지워", "지웠", "삭제", "사라", "없어졌"),
}
_SENT = made_notice(1, 2)
_RECEIVED = made_notice(1, 2, 4)
# A timeline for each state there is.
_STATES: dict[str, Timeline] = {
    "open": made_timeline(),
    "drafted": made_timeline([made_notice(1)]),
    "asked": made_timeline([_SENT], now=3),
    "confirmed": made_timeline([_RECEIVED], now=5),
    "overdue": made_timeline([_RECEIVED], now=60),
    "overdue unconfirmed": made_timeline([_SENT], now=60),
    "up": made_timeline([_SENT], [made_check("up", 3)], now=4),
    "removed": made_timeline([_SENT], [made_check("removed", 3)], now=3.5),
    "removed, a look missed": made_timeline([_SENT], [made_check("removed", 3)], now=9),
    "removed, not watched": made_timeline([], [made_check("removed", 3)], is_watched=False),
    "blocked": made_timeline([_SENT], [made_check("blocked_in", 3, "KR")], now=4),
    "blocked in two": made_timeline(
        [], [made_check("blocked_in", 3, "KR"), made_check("blocked_in", 4, "DE")]
    ),
    "deindexed": made_timeline([_SENT], [made_check("deindexed", 3)], now=4),
    "refused": made_timeline([_SENT], [made_check("refused", 3)], now=4),
    "no answer": made_timeline([_SENT], [made_check("no_answer", 3)], now=4),
    "back": made_timeline([], [made_check("removed", 3), made_check("reappeared", 4)], now=5),
    "a year on": made_timeline(
        [], [made_check("removed", 3), made_check("removed", 24 * 366)], now=24 * 367
    ),
}


def _every_step() -> list[Step]:
    steps = [step for timeline in _STATES.values() for step in timeline.steps]
    # Every kind also as it cannot come out of a timeline today: half filled, ahead and past.
    steps += [
        Step(kind, hours(1), is_ahead=ahead)
        for kind, ahead in product(StepKind, (False, True))
        if kind is not StepKind.CHECK
    ]
    for outcome in CheckOutcome:
        country = "KR" if outcome is CheckOutcome.BLOCKED_IN else None
        steps.append(Step(StepKind.CHECK, hours(1), check=made_check(outcome, 1, country)))
    return steps


def test_every_state_and_step_is_here() -> None:
    assert {timeline.state for timeline in _STATES.values()} == set(SightingState)
    assert {step.kind for step in _every_step()} == set(StepKind)


@in_every_language
def test_every_step_has_a_sentence(t: Words) -> None:
    for step in _every_step():
        said = step_sentence(t, step)
        assert said.strip().endswith((".", "요."))
        assert "{" not in said


@in_every_language
@pytest.mark.parametrize("name", _STATES)
def test_every_state_has_its_words(t: Words, name: str) -> None:
    told = tell(t, _STATES[name])
    for said in (told.badge, told.state, told.next):
        assert said.strip()
        assert "{" not in said
    assert told.badge_css.split()[0] == "badge"
    assert len(told.steps) == len(_STATES[name].steps)
    assert [step.css for step in told.steps].count("now") == 1


@in_every_language
def test_different_outcomes_are_told_differently(t: Words) -> None:
    checks = [step for step in _every_step() if step.check is not None]
    assert len({step_sentence(t, step) for step in checks}) >= len(CheckOutcome)
    shown = {name: _STATES[name] for name in _STATES if not name.startswith("removed,")}
    by_state = {timeline.state: state_badge(t, timeline) for timeline in shown.values()}
    assert len(set(by_state.values())) == len(SightingState)


@in_every_language
@pytest.mark.parametrize("name", ["blocked", "blocked in two", "deindexed"])
def test_blocked_and_deindexed_never_read_as_gone(t: Words, name: str) -> None:
    timeline = _STATES[name]
    own = [step for step in timeline.steps if step.check is not None]
    said = [
        state_badge(t, timeline),
        state_sentence(t, timeline),
        next_sentence(t, timeline),
        *(step_sentence(t, step) for step in own),
    ]
    # "no longer lead to it" is said of search results, "no longer there" would be of the picture.
    for sentence, words in product(said, _GONE.get(t.language, ())):
        assert words not in sentence.lower(), sentence
    assert badge_css(timeline) == f"badge {timeline.state.value}"


@in_every_language
def test_what_is_blocked_says_where_and_that_it_is_there_elsewhere(t: Words) -> None:
    two = _STATES["blocked in two"]
    for said in (state_badge(t, two), state_sentence(t, two)):
        assert country_name(t, "KR") in said
        assert country_name(t, "DE") in said
    assert country_name(t, "XX") == "XX"


def test_the_english_of_what_must_not_be_misread() -> None:
    t = catalogue()["en"]
    assert state_sentence(t, _STATES["blocked"]) == (
        "It cannot be opened from Korea. It is still there for people elsewhere."
    )
    assert state_sentence(t, _STATES["overdue"]) == (
        "The time the law gives has ended without an answer that we know of."
    )
    assert "when we looked on November 1, 2026, 12:00" in state_sentence(t, _STATES["removed"])
    assert "What can come next" in next_sentence(t, _STATES["refused"])


def test_an_unconfirmed_receipt_says_so_everywhere() -> None:
    t = catalogue()["en"]
    (ahead,) = [s for s in _STATES["asked"].steps if s.kind is StepKind.DUE]
    (ended,) = [s for s in _STATES["overdue unconfirmed"].steps if s.kind is StepKind.DUE]
    assert ahead.clock is not None
    for said in (
        step_sentence(t, ahead),
        step_sentence(t, ended),
        clock_sentence(t, ahead.clock),
        state_sentence(t, _STATES["overdue unconfirmed"]),
    ):
        assert "not confirmed that" in said
        assert "ounted from the sending" in said
    assert "not confirmed" not in step_sentence(t, _STATES["confirmed"].steps[-1])


def test_what_is_our_own_measure_is_never_told_as_law() -> None:
    t = catalogue()["en"]
    for step in _every_step():
        if step.kind in {StepKind.ACKNOWLEDGEMENT, StepKind.NEXT_LOOK}:
            assert "by law" not in step_sentence(t, step).lower().replace("not by law", "")
    assert "not a law" in next_sentence(t, _STATES["asked"])
    assert clock_sentence(t, acknowledgement_clock()).startswith("No time is running yet.")


@in_every_language
def test_nothing_is_promised(t: Words) -> None:
    said = " ".join(
        part
        for timeline in _STATES.values()
        for told in [tell(t, timeline)]
        for part in (told.badge, told.state, told.next, *(step.sentence for step in told.steps))
    ).lower()
    for promise in ("removed", "deleted", "guarantee", "삭제", "보장"):
        assert promise not in said


def test_a_stopped_watch_says_so() -> None:
    said = next_sentence(catalogue()["en"], _STATES["removed, not watched"])
    assert said == "Nobody looks again, as you chose. You can change that at any time."


def test_the_badge_says_it_was_still_there() -> None:
    assert badge_css(_STATES["up"]) == "badge up"
    assert badge_css(_STATES["removed"]) == "badge gone"


@in_every_language
def test_laws_have_names(t: Words) -> None:
    assert law_name(t, LAW.id) != LAW.id
    assert law_name(t, "XX-NONE") == "XX-NONE"


@in_every_language
def test_the_list_is_one_of_steps_with_their_times(t: Words) -> None:
    source = '{% from "timeline.html" import timeline %}{{ timeline(t, name, told) }}'
    told = tell(t, _STATES["asked"])
    page = environment().from_string(source).render(t=t, name="<1>", told=told)
    assert page.count("<li ") == len(told.steps)
    assert "&lt;1&gt;" in page
    for step in told.steps:
        assert f'<li class="{step.css}">' in page
        assert step.when in page
    assert "<a " not in page
