# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import inspect
import re
import string
from http import HTTPStatus

import pytest

from haechi import errors
from haechi.errors import BrokenStore, ExitCode, HaechiError, MalformedField

CLASSES = [
    item
    for item in vars(errors).values()
    if inspect.isclass(item) and issubclass(item, HaechiError)
]
TREE = errors.__doc__ or ""


def _names(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.fixture(params=CLASSES, ids=lambda item: item.__name__)
def kind(request: pytest.FixtureRequest) -> type[HaechiError]:
    return request.param


def test_no_two_errors_share_a_code() -> None:
    codes = [item.code for item in CLASSES]
    assert len(set(codes)) == len(codes)


def test_every_error_has_a_code_of_its_own_in_snake_case(kind: type[HaechiError]) -> None:
    assert "code" in vars(kind)
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.code)


def test_every_error_says_its_own_sentence(kind: type[HaechiError]) -> None:
    assert "template" in vars(kind)
    names = _names(kind.template)
    error = kind(**{name: f"<{name}>" for name in names}, field="where")
    assert error.field == "where"
    assert str(error) == error.sentence
    for name in names:
        assert f"<{name}>" in error.sentence
    assert "{" not in error.sentence


def test_every_sentence_ends_and_begins_like_one(kind: type[HaechiError]) -> None:
    if kind is not MalformedField:  # its reason is the sentence
        assert re.match(r"[A-Z{]", kind.template)
        assert kind.template.endswith(".")


def test_a_parameter_is_never_read_as_a_template() -> None:
    assert BrokenStore(reason="{0} {name} {").sentence.endswith("{0} {name} {.")


def test_exit_code_and_status_fit_the_family(kind: type[HaechiError]) -> None:
    assert kind.exit_code is not ExitCode.OK
    assert HTTPStatus(kind.http_status) >= 400
    if issubclass(kind, errors.BadInput | errors.Refused | errors.NotFound):
        assert kind.http_status < 500
    if issubclass(kind, errors.Refused):
        assert kind.exit_code is ExitCode.REFUSED
    if issubclass(kind, errors.Unavailable):
        assert kind.http_status >= 500
    if issubclass(kind, errors.BadInput) and not issubclass(kind, errors.MediaError):
        assert kind.exit_code is ExitCode.USAGE


def test_our_own_broken_data_is_never_the_fault_of_who_asks() -> None:
    assert BrokenStore.http_status == 500
    assert HaechiError.http_status == 500


def test_every_error_is_public_and_documented(kind: type[HaechiError]) -> None:
    assert kind.__name__ in errors.__all__
    assert kind.__doc__


def test_the_tree_is_drawn_as_it_is(kind: type[HaechiError]) -> None:
    """Every class is in the drawing, under the family that it belongs to."""
    lines = TREE.splitlines()
    places = [
        (number, line)
        for number, line in enumerate(lines)
        if re.search(rf"\b{kind.__name__}\b", line)
    ]
    assert len(places) == 1, "drawn once"
    if kind is HaechiError:
        return
    number, line = places[0]
    parent = kind.__mro__[1].__name__
    if f" {parent} > {kind.__name__}" in line:
        return
    if f"{kind.__name__} ─" in line or line.strip().endswith(f"── {kind.__name__}"):
        is_child_of_root = line.startswith(("    ├──", "    └──"))
        assert is_child_of_root == (parent == "HaechiError")
        return
    heads = [
        re.search(r"[├└]── (\w+)", earlier)
        for earlier in lines[: number + 1]
        if re.search(r"[├└]── \w+ ─", earlier)
    ]
    drawn_under = [head.group(1) for head in heads if head]
    assert parent in drawn_under
    family = drawn_under[-1]
    assert parent == family or kind.__mro__[2].__name__ == family


def test_nothing_else_is_in_the_drawing() -> None:
    drawn = set(re.findall(r"\b[A-Z][a-z]+[A-Z]\w+\b", TREE)) - {"HaechiError"}
    assert drawn <= {item.__name__ for item in CLASSES}
