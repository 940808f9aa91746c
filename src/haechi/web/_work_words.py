# SPDX-License-Identifier: Apache-2.0
"""What the console calls things: kinds of tasks, decisions, policies, verdicts, reasons, sorts of partners."""

from __future__ import annotations

from haechi.values import ActorKind, BankPolicy, ContentStatus, Opinion, PartnerKind
from haechi.web._words import Words
from haechi.workflows import Reason, Scope, TaskKind, Verdict


def task_kinds(t: Words) -> dict[TaskKind, str]:
    """What a kind of task is called."""
    return {
        TaskKind.MATCH: t("Match to look at"),
        TaskKind.DISPUTE: t("Disputed content"),
        TaskKind.FLOOD: t("Content that matches too much"),
        TaskKind.APPEAL: t("Appeal"),
    }


def task_questions(t: Words) -> dict[TaskKind, str]:
    """What is to be decided of each kind."""
    return {
        TaskKind.MATCH: t("Is the upload what the bank says?"),
        TaskKind.DISPUTE: t("Does this content belong in the bank?"),
        TaskKind.FLOOD: t(
            "Uploads that are unlike each other match this. May it be matched again?"
        ),
        TaskKind.APPEAL: t("An uploader says that it is something else. Is that so?"),
    }


def decision_words(t: Words) -> dict[str, str]:
    """What the button of a decision says."""
    return {
        "confirmed": t("It is what the bank says"),
        "not_this": t("The upload is something else"),
        "disputed": t("The content should not be in the bank"),
        "release": t("Release it: it is matched again"),
        "keep_held": t("Keep it held: it matches nothing"),
        "withdraw": t("Withdraw it for good"),
        "lift": t("No quarantine: matches count"),
        "keep": t("Quarantine it: matches go to review only"),
        "upheld": t("Uphold it: the upload is something else"),
        "turned_down": t("Turn it down: it is what the bank says"),
    }


def policy_words(t: Words) -> dict[str, str]:
    """What a match in a bank means, by the policy's value."""
    return {
        BankPolicy.BLOCK.value: t("Block"),
        BankPolicy.REVIEW.value: t("Review"),
        BankPolicy.ALLOW.value: t("Allow"),
    }


def status_words(t: Words) -> dict[str, str]:
    """Whether a content is matched, by the status's value."""
    return {
        ContentStatus.ACTIVE.value: t("Matched"),
        ContentStatus.HELD.value: t("Held"),
        ContentStatus.WITHDRAWN.value: t("Withdrawn"),
    }


def origin_words(t: Words) -> dict[str, str]:
    """Where a content came from."""
    return {
        "case": t("A person's report"),
        "partner": t("A partner"),
        "staff": t("Somebody here"),
        "source": t("A source that we pull from"),
    }


def verdict_words(t: Words) -> dict[str, str]:
    """How sure a match is, by the verdict's value."""
    return {
        Verdict.SAME.value: t("The same"),
        Verdict.EDITED.value: t("Made from it"),
        Verdict.REVIEW.value: t("Near; a person has to look"),
    }


def reason_words(t: Words) -> dict[str, str]:
    """Why a verdict is what it is, by the reason's value."""
    return {
        Reason.EQUAL_FILE.value: t("The file is the same, byte by byte."),
        Reason.NEAR_VALUE.value: t("The picture as a whole is very near."),
        Reason.NEAR_VALUE_AND_REGIONS.value: t(
            "The picture as a whole is near, and parts of it agree."
        ),
        Reason.NEAR_VALUE_WITHOUT_REGIONS.value: t(
            "The picture as a whole is near, but its parts do not agree."
        ),
        Reason.FAR_VALUE.value: t("The picture as a whole is only somewhat near."),
        Reason.MOST_REGIONS.value: t("Most parts of the picture agree."),
        Reason.SOME_REGIONS.value: t("Some parts of the picture agree."),
        Reason.SHOWN_WHOLE.value: t("It is shown whole within another picture."),
        Reason.WHOLE_VIDEO.value: t("The whole video agrees."),
        Reason.PART_OF_VIDEO.value: t("A part of the video agrees."),
        Reason.FRAME.value: t("A frame of a video agrees."),
    }


def opinion_words(t: Words) -> dict[Opinion, str]:
    """What was said of a content."""
    return {
        Opinion.CONFIRMED: t("It is what the bank says"),
        Opinion.NOT_THIS: t("The upload is something else"),
        Opinion.DISPUTED: t("The content should not be in the bank"),
    }


def giver_words(t: Words) -> dict[ActorKind, str]:
    """Who said it."""
    return {ActorKind.PARTNER: t("Partners"), ActorKind.STAFF: t("Reviewers")}


def partner_kinds(t: Words) -> list[tuple[str, str]]:
    """The sorts of partners, for a list to choose from."""
    return [
        (PartnerKind.PLATFORM.value, t("Platform")),
        (PartnerKind.COMMUNITY.value, t("Community")),
        (PartnerKind.ADULT_SITE.value, t("Adult site")),
        (PartnerKind.HASH_SERVICE.value, t("Hash service")),
    ]


def scope_words(t: Words) -> list[tuple[str, str, str]]:
    """(value, name, what it allows) of each scope."""
    return [
        (Scope.MATCH.value, t("Match"), t("Ask whether an upload is known.")),
        (Scope.DISTANCE.value, t("Distance"), t("Also learn how near it is, and by which view.")),
        (Scope.METRICS.value, t("Counts"), t("Read the counts at /metrics.")),
        (Scope.CHANGES.value, t("Changes"), t("Follow the feed and keep a copy.")),
        (Scope.OPINIONS.value, t("Opinions"), t("Say what a match was, and pass appeals on.")),
        (Scope.CONTRIBUTE.value, t("Contribute"), t("Put into the banks that it may write.")),
        (Scope.WEBHOOKS.value, t("Calls"), t("Be called when something is found later.")),
    ]
