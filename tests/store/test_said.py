"""What an escalation mail tells of what was said so far (7.1)."""

from __future__ import annotations

from typing import Any

import pytest

from mailgate.model import CommentState, NewComment
from mailgate.store import said


def talk(
    desk: Any, number: int, but: int | None = None, *, inside: bool = False, to: str = ""
) -> list[dict[str, Any]]:
    with desk.store.reading() as conn:
        return said.told(said.tried(conn, number, but), to, inside=inside)


def texts(desk: Any, number: int, **more: Any) -> list[str]:
    return [each["text"] for each in talk(desk, number, **more)]


def comment(
    desk: Any, number: int, text: str, state: CommentState = CommentState.SHOWN, by: str = "ana"
) -> Any:
    author = f"{by}@example.com"
    return desk.land(
        desk.commenting(number, author, comment=NewComment(author, by.title(), text, state=state))
    )


def test_the_first_and_the_latest_in_order(desk: Any) -> None:
    number = desk.land(desk.opening()).ticket
    for n in range(50):
        comment(desk, number, f"{n}")
    assert texts(desk, number) == ["The disk is full.", *(str(n) for n in range(41, 50))]


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        (False, ["The disk is full.", "Try again."]),
        (True, ["The disk is full.", "Try again.", "He lies.", "Who?"]),
    ],
    ids=["outside", "inside"],
)
def test_private_and_held_words_stay_inside(desk: Any, inside: bool, expected: list[str]) -> None:
    number = desk.land(desk.opening()).ticket
    comment(desk, number, "Try again.")
    comment(desk, number, "He lies.", CommentState.PRIVATE)
    comment(desk, number, "Who?", CommentState.HELD, by="eve")
    assert texts(desk, number, inside=inside) == expected


def test_many_internal_notes_do_not_hide_the_first_words(desk: Any) -> None:
    number = desk.land(desk.opening()).ticket
    for n in range(40):
        comment(desk, number, f"{n}", CommentState.PRIVATE)
    assert texts(desk, number) == ["The disk is full."]


def test_nobodys_address_but_his_own_goes_outside(desk: Any) -> None:
    number = desk.land(desk.opening()).ticket
    own = talk(desk, number, to="joe@acme.example")
    assert [each["author_address"] for each in own] == ["joe@acme.example"]
    assert [each["author_address"] for each in talk(desk, number)] == [""]
    assert [each["author_address"] for each in talk(desk, number, inside=True)] == ["joe@acme.example"]


def test_the_words_of_the_mail_itself_are_not_told_twice(desk: Any) -> None:
    number = desk.land(desk.opening()).ticket
    last = comment(desk, number, "Please escalate.").comment
    assert texts(desk, number, but=last) == ["The disk is full."]


def test_a_long_comment_is_cut(desk: Any) -> None:
    number = desk.land(desk.opening()).ticket
    comment(desk, number, "x" * 5000)
    assert texts(desk, number)[-1] == "x" * said.LENGTH + " …"


def test_the_last_answer_is_the_desks(desk: Any) -> None:
    number = desk.land(desk.opening()).ticket

    def last() -> list[str]:
        with desk.store.reading() as conn:
            return [each["text"] for each in said.last_answer(conn, number)]

    assert last() == []
    comment(desk, number, "Is it plugged in?")
    comment(desk, number, "Ask him again.", CommentState.PRIVATE)
    desk.land(desk.commenting(number, "joe@acme.example", "What?"))
    assert last() == ["Is it plugged in?"]
