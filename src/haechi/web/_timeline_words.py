# SPDX-License-Identifier: Apache-2.0
"""A timeline in plain words: how it stands at a place, what is next, and a sentence for each step.

What is blocked in a country is never told as gone, and what the law says never as our own practice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from babel import Locale
from babel.lists import format_list

from haechi.web._words import Words
from haechi.workflows import CheckOutcome, Clock, SightingState, Step, StepKind, Timeline

_BADGES: Final = {
    SightingState.OPEN: "badge",
    SightingState.ASKED: "badge",
    SightingState.OVERDUE: "badge silent",
    SightingState.REMOVED: "badge gone",
    SightingState.BLOCKED: "badge blocked",
    SightingState.DEINDEXED: "badge deindexed",
    SightingState.REFUSED: "badge refused",
    SightingState.NO_ANSWER: "badge silent",
    SightingState.BACK: "badge back",
}
_WANTS_ANOTHER_WAY: Final = frozenset(SightingState) - {
    SightingState.OPEN,
    SightingState.ASKED,
    SightingState.REMOVED,
}


@dataclass(frozen=True, slots=True)
class ToldStep:
    """One step for the template: `css` is `past`, `now` (the latest that happened) or `next`."""

    css: str
    when: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ToldTimeline:
    """A timeline for the template, in one language."""

    badge_css: str
    badge: str
    state: str
    next: str
    steps: tuple[ToldStep, ...]


def tell(t: Words, timeline: Timeline) -> ToldTimeline:
    """The timeline in the words of a language."""
    # A planned look that nobody recorded is waited for still, though its time has passed.
    ahead = [step.is_ahead or step.kind is StepKind.NEXT_LOOK for step in timeline.steps]
    latest = max((place for place, is_ahead in enumerate(ahead) if not is_ahead), default=-1)
    css = ["next" if is_ahead else "past" for is_ahead in ahead]
    if latest >= 0:
        css[latest] = "now"
    return ToldTimeline(
        badge_css=badge_css(timeline),
        badge=state_badge(t, timeline),
        state=state_sentence(t, timeline),
        next=next_sentence(t, timeline),
        steps=tuple(
            # Many in a row: the page names the zone above them.
            ToldStep(name, t.moment(step.at, names_zone=False), step_sentence(t, step))
            for name, step in zip(css, timeline.steps, strict=True)
        ),
    )


def badge_css(timeline: Timeline) -> str:
    """The classes of the badge; what was still there at the last look, with no news since, is `up`."""
    waits = timeline.state in {SightingState.OPEN, SightingState.ASKED}
    last = timeline.last_check
    if waits and last is not None and last.outcome is CheckOutcome.UP:
        return "badge up"
    return _BADGES[timeline.state]


def state_badge(t: Words, timeline: Timeline) -> str:
    """The state in a few words."""
    return {
        SightingState.OPEN: t("Not asked yet"),
        SightingState.ASKED: t("Asked"),
        SightingState.OVERDUE: t("No answer in time"),
        SightingState.REMOVED: t("No longer there"),
        SightingState.BLOCKED: t(
            "Only blocked in {country}", country=_countries(t, timeline.blocked_in)
        ),
        SightingState.DEINDEXED: t("Only out of search results"),
        SightingState.REFUSED: t("The service said no"),
        SightingState.NO_ANSWER: t("No answer yet"),
        SightingState.BACK: t("There again"),
    }[timeline.state]


def state_sentence(t: Words, timeline: Timeline) -> str:
    """How it stands, in a sentence or two."""
    looked_at = "" if timeline.last_check is None else t.moment(timeline.last_check.looked_at)
    return {
        SightingState.OPEN: _open_sentence(t, timeline),
        SightingState.ASKED: t("The service has been asked. We know of no answer yet."),
        SightingState.OVERDUE: _overdue_sentence(t, timeline),
        SightingState.REMOVED: t(
            "It was no longer at this place when we looked on {moment}. That says nothing about other places.",
            moment=looked_at,
        ),
        SightingState.BLOCKED: t(
            "It cannot be opened from {country}. It is still there for people elsewhere.",
            country=_countries(t, timeline.blocked_in),
        ),
        SightingState.DEINDEXED: t(
            "Search results no longer lead to it. It is still there for people who know where."
        ),
        SightingState.REFUSED: t("The service has said no."),
        SightingState.NO_ANSWER: t("The service has not answered so far."),
        SightingState.BACK: t(
            "It could be seen there again when we looked on {moment}. That happens, and it is not your fault.",
            moment=looked_at,
        ),
    }[timeline.state]


def next_sentence(t: Words, timeline: Timeline) -> str:
    """What comes next and when, and what can come next where nothing is certain."""
    parts = []
    if timeline.state is SightingState.OPEN:
        parts.append(
            t(
                "What can come next, if you want it: a support worker sends a request to the service."
            )
        )
    elif timeline.state in _WANTS_ANOTHER_WAY:
        parts.append(
            t(
                "What can come next, if you want it: a support worker asks again, or turns to the authority that watches over the service."
            )
        )
    if timeline.next is not None:
        parts.append(_awaited_sentence(t, timeline.next))
    elif timeline.last_check is not None and not timeline.is_watched:
        parts.append(t("Nobody looks again, as you chose. You can change that at any time."))
    elif timeline.state in {SightingState.REMOVED, SightingState.BLOCKED, SightingState.DEINDEXED}:
        parts.append(
            t("The looks that were planned are done. You can always tell us if you hear of it.")
        )
    return " ".join(parts)


def step_sentence(t: Words, step: Step) -> str:
    """What one step tells; its time stands beside it."""
    if step.check is not None:
        return _check_sentence(t, step.check.outcome, step.check.country)
    service = "" if step.notice is None else step.notice.service
    return {
        StepKind.RECORDED: t("You told us of this place."),
        StepKind.DRAFTED: _drafted_sentence(t, step),
        StepKind.SENT: t("The request was sent to {service}.", service=service),
        StepKind.RECEIVED: t("{service} confirmed that the request came.", service=service),
        StepKind.ACKNOWLEDGEMENT: _acknowledgement_sentence(t, step),
        StepKind.DUE: _due_sentence(t, step),
        StepKind.NEXT_LOOK: _look_sentence(t, step),
    }[step.kind]


def clock_sentence(t: Words, clock: Clock) -> str:
    """What a statutory clock says while it is ahead; one that has not started says so."""
    if clock.started_at is None or clock.due_at is None:
        return t(
            "No time is running yet. It starts when {starts_with}.",
            starts_with=t(clock.starts_with),
        )
    started_at, due_at = t.moment(clock.started_at), t.moment(clock.due_at)
    if clock.is_confirmed:
        return t(
            "The service received it on {started_at}. By law it has until {due_at} to act.",
            started_at=started_at,
            due_at=due_at,
        )
    return t(
        "It was sent on {started_at}. The service has not confirmed that it came. "
        "Counted from the sending, its time ends on {due_at}.",
        started_at=started_at,
        due_at=due_at,
    )


def law_name(t: Words, law_id: str) -> str:
    """The name of a law, as people say it."""
    return {"US-TIDA": t("TAKE IT DOWN Act (United States)")}.get(law_id, law_id)


def country_name(t: Words, code: str) -> str:
    """The name of a country, as people say it; its code where there is none."""
    if code == "KR":
        # The CLDR has the name of passports and maps.
        return t("Korea")
    return str(Locale.parse(t.language, sep="-").territories.get(code, code))


def _countries(t: Words, codes: Iterable[str]) -> str:
    locale = Locale.parse(t.language, sep="-")
    return format_list([country_name(t, code) for code in codes], locale=locale)


def _open_sentence(t: Words, timeline: Timeline) -> str:
    if any(step.kind is StepKind.DRAFTED for step in timeline.steps):
        return t("A request is being prepared. It has not been sent.")
    return t("No request to a service has been prepared yet.")


def _overdue_sentence(t: Words, timeline: Timeline) -> str:
    is_confirmed = any(
        step.clock is not None and step.clock.is_confirmed
        for step in timeline.steps
        if step.kind is StepKind.DUE and not step.is_ahead
    )
    if is_confirmed:
        return t("The time the law gives has ended without an answer that we know of.")
    return t(
        "Counted from the sending, the time the law gives has ended without an answer that we know of. "
        "The service has not confirmed that the request came."
    )


def _awaited_sentence(t: Words, step: Step) -> str:
    """What is waited for, with its time in the sentence."""
    moment = t.moment(step.at)
    if step.kind is StepKind.DUE and step.clock is not None:
        return clock_sentence(t, step.clock)
    if step.kind is StepKind.ACKNOWLEDGEMENT:
        return t(
            "By {moment} the service should confirm that the request came. This is our own measure, not a law.",
            moment=moment,
        )
    if step.is_ahead:
        return t("The next look is planned for {moment}.", moment=moment)
    return t("A look was planned for {moment}. It is not recorded yet.", moment=moment)


def _due_sentence(t: Words, step: Step) -> str:
    """What the law says of a time that stands beside it."""
    is_confirmed = step.clock is not None and step.clock.is_confirmed
    if step.is_answered:
        return t("The time the law gives ended. There was an answer before that.")
    if step.is_ahead and is_confirmed:
        return t("By law the service has until then to act.")
    if step.is_ahead:
        return t(
            "By law the service has until then to act, counted from the sending. "
            "It has not confirmed that the request came."
        )
    if is_confirmed:
        return t("The time the law gives ended. By then there was no answer that we know of.")
    return t(
        "Counted from the sending, the time the law gives ended. The service has not confirmed that the "
        "request came, and by then there was no answer that we know of."
    )


def _drafted_sentence(t: Words, step: Step) -> str:
    if step.notice is None or step.clock is None:
        return t("A request is being prepared. It has not been sent.")
    prepared = t(
        "A request to {service} was prepared. Law: {law}.",
        service=step.notice.service,
        law=law_name(t, step.notice.law_id),
    )
    is_draft = step.notice.sent_at is None
    return f"{prepared} {clock_sentence(t, step.clock)}" if is_draft else prepared


def _acknowledgement_sentence(t: Words, step: Step) -> str:
    if step.is_ahead:
        return t(
            "By then the service should confirm that the request came. This is our own measure, not a law."
        )
    return t(
        "By then the service should have confirmed that the request came, by our own measure, not by law. "
        "We know of no confirmation."
    )


def _look_sentence(t: Words, step: Step) -> str:
    if step.is_ahead:
        return t("A support worker plans to look again. This is our own measure, not a law.")
    return t("A look was planned for this time. It is not recorded yet.")


def _check_sentence(t: Words, outcome: CheckOutcome, country: str | None) -> str:
    return {
        CheckOutcome.UP: t("We looked. It was still there."),
        CheckOutcome.REMOVED: t("We looked. It was no longer there."),
        CheckOutcome.BLOCKED_IN: t(
            "We looked. It could not be opened from {country}. It was still there for people elsewhere.",
            country=country_name(t, country or ""),
        ),
        CheckOutcome.DEINDEXED: t(
            "We looked. Search results no longer led to it. It was still there for people who know where."
        ),
        CheckOutcome.REFUSED: t("The service said no."),
        CheckOutcome.NO_ANSWER: t("There was no answer from the service."),
        CheckOutcome.REAPPEARED: t("We looked. It was there again."),
    }[outcome]
