# SPDX-License-Identifier: Apache-2.0
"""What people have to look at: matches that partners were told of, opinions, disputes, appeals.

Text and numbers only: nothing here holds a picture, and nobody needs one to decide.
"""

from haechi.review._appeals import (
    Appeal,
    appeal_by_id,
    appeal_of_match,
    appeal_text,
    close_appeal,
    forget_appeal_texts,
    open_appeal,
)
from haechi.review._matches import (
    NewMatch,
    NotedMatch,
    find_match,
    forget_matches,
    match_by_id,
    matches_of,
    note_match,
)
from haechi.review._opinions import GivenOpinion, give_opinion, latest_opinions, opinions_of
from haechi.review._opinions_by_content import opinions_among
from haechi.review._shifts import Shift, shift_of
from haechi.review._tasks import (
    Agreement,
    Task,
    TaskKind,
    agreement,
    claim,
    close_tasks_of,
    decide,
    decision_times,
    is_looked_at,
    is_waiting,
    last_decided,
    open_task,
    task_by_id,
    task_counts,
    waiting_of,
    waiting_tasks,
)

__all__ = [
    "Agreement",
    "Appeal",
    "GivenOpinion",
    "NewMatch",
    "NotedMatch",
    "Shift",
    "Task",
    "TaskKind",
    "agreement",
    "appeal_by_id",
    "appeal_of_match",
    "appeal_text",
    "claim",
    "close_appeal",
    "close_tasks_of",
    "decide",
    "decision_times",
    "find_match",
    "forget_appeal_texts",
    "forget_matches",
    "give_opinion",
    "is_looked_at",
    "is_waiting",
    "last_decided",
    "latest_opinions",
    "match_by_id",
    "matches_of",
    "note_match",
    "open_appeal",
    "open_task",
    "opinions_among",
    "opinions_of",
    "shift_of",
    "task_by_id",
    "task_counts",
    "waiting_of",
    "waiting_tasks",
]
