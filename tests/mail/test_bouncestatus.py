"""RFC 3463: the status of a failure by its codes and words, in many languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.mail.bouncecauses import CAUSES
from mailgate.mail.bouncestatus import best, cause, is_dead, is_expired


@pytest.mark.parametrize(
    ("status", "diagnostic", "expected"),
    [
        ("5.1.1", "", "5.1.1"),
        ("5.1.1", "550 5.2.2 full", "5.1.1"),
        ("5.0.0", "550 5.2.2 full", "5.2.2"),
        ("5.0.0", "550-5.7.1 blocked 550 5.7.1 see", "5.7.1"),
        ("5.0.0", "451 4.7.1 later", "4.7.1"),
        ("5.0.0", "550 #5.1.0 Address rejected", "5.1.0"),
        ("4.5.0", "550 5.5.0 refused", "5.5.0"),
        ("4.4.1", "550 5.7.1 refused", "5.7.1"),
        ("4.4.7", "450 4.2.2 full", "4.2.2"),
        ("4.4.7", "it took too long", "4.4.7"),
        ("4.0.0", "554 Blocked", "4.7.1"),
        ("5.5.0", "554 not accepting", "5.5.0"),
        ("", "Sorry, no mailbox here by that name. (#5.1.1)", "5.1.1"),
        ("", "550 no such user", "5.1.1"),
        ("", "550 strange words", "5.0.0"),
        ("", "421 strange words", "4.0.0"),
        ("", "User unknown", "5.1.1"),
        ("", "strange words", ""),
        ("", "connect to 192.0.2.1: strange", ""),
        ("", "see rfc1550 and 5.1.1.1", ""),
    ],
)
def test_the_most_telling_code(status: str, diagnostic: str, expected: str) -> None:
    assert best(status, diagnostic) == expected


def test_a_delay_in_words_is_of_class_4() -> None:
    assert best("", "mailbox is full", failed=False) == "4.2.2"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("1.1", "User unknown"), ("1.1", "Benutzer unbekannt"), ("1.1", "Utilisateur inconnu"), ("1.1",
        "usuario desconocido"),
        ("1.1", "utente sconosciuto"), ("1.1", "usuário desconhecido"), ("1.1", "onbekende gebruiker"),
        ("1.1", "nieznany użytkownik"),
        ("1.1", "ukendt modtager"), ("1.1", "okänd mottagare"), ("1.1", "tuntematon vastaanottaja"), ("1.1",
        "uživatel neexistuje"),
        ("1.1", "ismeretlen címzett"), ("1.1", "пользователь не найден"), ("1.1", "alıcı bulunamadı"),
        ("1.1", "用户不存在"), ("1.1", "宛先不明"),
        ("1.1", "존재하지 않는 사용자"), ("1.1", "User bob not listed in Domino Directory"), ("1.1",
        "RESOLVER.ADR.RecipNotFound; not found"),
        ("2.2", "mailbox is full"), ("2.2", "Postfach ist voll"), ("2.2", "boîte pleine"), ("2.2",
        "buzón lleno"), ("2.2", "casella piena"),
        ("2.2", "caixa postal cheia"), ("2.2", "postvak vol"), ("2.2", "skrzynka jest pełna"), ("2.2",
        "postkassen er fuld"),
        ("2.2", "ящик переполнен"), ("2.2", "邮箱已满"), ("2.2", "容量を超えています"), ("2.2",
        "This account is over quota."),
        ("1.2", "Host or domain name not found"), ("1.2", "couldn't find any host named"), ("1.2",
        "responded with code NXDOMAIN"),
        ("4.3", "Host not found, try again"), ("3.4", "message size exceeds fixed limit"), ("4.6", "too many hops"),
        ("2.1", "account has been disabled"), ("7.1", "blocked using a list"), ("7.1",
        "Relay access denied, user unknown"),
        ("1.8", "Sender address rejected: domain not found"), ("4.7", "Envelope expired"), ("4.1",
        "Connection refused"),
        ("4.1", "connection timed out"), ("", "something else"),
    ],
)  # fmt: skip
def test_causes(code: str, words: str) -> None:
    assert cause(words) == code


def test_the_words_are_folded_as_the_texts_are() -> None:
    for _, words in CAUSES:
        for word in words:
            assert word == word.casefold().replace("’", "'"), word
            assert word.strip()


@pytest.mark.parametrize(
    ("status", "diagnostic", "dead"),
    [
        ("5.1.1", "550 unknown", True),
        ("5.1.2", "no such host", True),
        ("5.1.3", "bad syntax", True),
        ("5.1.10", "recipient not found", True),
        ("5.1.351", "unknown recipient", True),
        ("5.2.1", "mailbox disabled", True),
        ("5.4.4", "Host not found", True),
        ("5.4.310", "DNS domain does not exist", True),
        ("5.0.0", "550 no such user here", True),
        ("", "550 5.1.1 <b@example.org> user unknown", True),
        ("4.0.0", "DNS type 'mx' lookup responded with code NXDOMAIN", True),
        ("5.1.1", "550 5.1.1 blocked as spam", False),
        ("5.1.1", "mailbox is full", False),
        ("5.1.7", "invalid sender", False),
        ("5.1.8", "sender address rejected", False),
        ("5.1.90", "daily limit", False),
        ("5.2.1", "receiving mail at a rate that is too high", False),
        ("5.2.2", "mailbox full", False),
        ("5.7.1", "relaying denied, user unknown", False),
        ("5.7.1", "user unknown", False),
        ("5.0.0", "rejected", False),
        ("4.1.1", "450 user unknown", False),
        ("4.4.4", "host not found", False),
        ("", "host not found, try again", False),
        ("", "421 try later", False),
        ("", "", False),
    ],
)
def test_dead_means_that_the_address_does_not_exist(status: str, diagnostic: str, dead: bool) -> None:
    """8.2: 5.1.x, 5.2.1, no such host; not any 5xx."""
    assert is_dead(status, diagnostic) is dead


@pytest.mark.parametrize(
    ("status", "diagnostic", "expired"),
    [
        ("4.4.7", "", True),
        ("5.4.7", "delivery time expired", True),
        ("4.4.1", "connection timed out", True),
        ("4.4.1", "connection refused", False),
        ("4.4.1", "this message has been in the queue too long", False),
        ("4.4.7", "mailbox full", False),
        ("5.1.1", "user unknown", False),
    ],
)
def test_expired_means_that_nobody_refused(status: str, diagnostic: str, expired: bool) -> None:
    assert is_expired(status, diagnostic) is expired


@given(st.text(max_size=200), st.text(max_size=12))
def test_never_raises(diagnostic: str, status: str) -> None:
    found = best("", diagnostic + status)
    assert found == "" or found[0] in "45"
    is_dead(found, diagnostic)
