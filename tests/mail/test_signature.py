"""Rule 3.2: signatures: "-- ", phones and programs, closings, names, a block that the sender repeats."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.mail import locales, signature
from mailgate.mail.reply import split

QUOTE = "\n\nOn 2 Nov 2026, at 10:00, Ann <a@example.com> wrote:\n> Which?"
DEVICES = [
    "Sent from my iPhone",
    "Sent from my iPad using Tapatalk",
    "Sent from my Verizon Wireless BlackBerry",
    "Sent from Mail for Windows 10",
    "Sent from Outlook for Android",
    "Sent from Yahoo Mail on Android",
    "Sent from Proton Mail for iOS",
    "Sent with Proton Mail secure email.",
    "Sent via BlackBerry from T-Mobile",
    "Sent using Zoho Mail",
    "Sent from the all new AOL app for iOS",
    "Get Outlook for iOS<https://aka.ms/o0ukef>",
    "Get BlueMail for Android",
    "Virus-free. www.avast.com",
    "Envoyé de mon iPhone",
    "Envoyé depuis mon téléphone Orange",
    "Envoyé à partir d'Outlook pour Android<https://aka.ms/x>",
    "Envoyé de mon appareil mobile",
    "Envoyé avec Proton Mail",
    "Obtenir Outlook pour iOS<https://aka.ms/o0ukef>",
    "Télécharger Outlook pour Android",
    "Provenance : Courrier pour Windows",
    "Von meinem iPhone gesendet",
    "Von meinem Samsung Galaxy Smartphone gesendet.",
    "Gesendet von meinem Huawei-Mobiltelefon",
    "Gesendet mit der GMX Mail App",
    "Gesendet von Outlook für Android",
    "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
    "Outlook für Android herunterladen",
    "Enviado desde mi iPhone",
    "Enviado desde mi smartphone Samsung Galaxy.",
    "Obtener Outlook para iOS",
    "Enviado con Proton Mail",
    "Inviato da iPhone",
    "Inviato dal mio iPad",
    "Inviato da Posta per Windows",
    "Ottieni Outlook per Android",
    "Scarica Outlook per iOS",
    "Enviado do meu iPhone",
    "Enviado a partir do meu smartphone Samsung Galaxy.",
    "Enviado do Email para Windows",
    "Obter o Outlook para iOS",
    "Verstuurd vanaf mijn iPhone",
    "Verzonden vanuit Outlook voor Android",
    "Verzonden met Proton Mail",
    "Outlook voor iOS downloaden",
    "Wysłane z iPhone'a",
    "Wysłano z mojego iPhone'a",
    "Pobierz aplikację Outlook dla systemu Android",
    "Wysłane z telefonu Samsung",
    "Sendt fra min iPhone",
    "Sendt fra min Samsung-telefon",
    "Hent Outlook til Android",
    "Skickat från min iPhone",
    "Skickat från Outlook för iOS",
    "Hämta Outlook för iOS",
    "Sendt fra Outlook for Android",
    "Skaff deg Outlook for iOS",
    "Lähetetty iPhonesta",
    "Lähetetty iPhonestani",
    "Lähetetty Samsung Galaxy -puhelimesta",
    "Hanki Outlook for iOS",
    "Odesláno z iPhonu",
    "Odesláno z mého iPhonu",
    "Odesláno z aplikace Outlook pro Android",
    "Získat Outlook pro Android",
    "Odoslané z iPhonu",
    "Elküldve az iPhone-omról",
    "Az én iPhone-omról küldve",
    "Trimis de pe iPhone-ul meu",
    "Obțineți Outlook pentru iOS",
    "Отправлено с iPhone",
    "Отправлено с моего iPhone",
    "Отправлено из мобильной Почты Mail",
    "Отправлено из Почты Mail.ru для Android",
    "Отправлено из мобильной Яндекс Почты",
    "Надіслано з iPhone",
    "Надіслано з мого iPhone",
    "iPhone'umdan gönderildi",
    "iPhone'dan gönderildi",
    "Samsung Galaxy akıllı telefonumdan gönderildi.",
    "Στάλθηκε από το iPhone μου",
    "Αποκτήστε το Outlook για Android",
    "נשלח מה-iPhone שלי",
    "נשלח מהאייפון שלי",
    "أُرسلت من الـ iPhone",
    "أرسلت من هاتفي",
    "发自我的iPhone",
    "發自我的 iPhone",
    "从我的 iPhone 发送",
    "從我的 iPhone 傳送",
    "获取 Outlook for iOS",
    "iPhoneから送信",
    "Androidから送信",
    "Outlook for iOS を入手",
    "나의 iPhone에서 보냄",
    "내 iPhone에서 보냄",
    "Galaxy에서 보냄",
    "Đã gửi từ iPhone của tôi",
    "Được gửi từ iPhone của tôi",
    "Tải Outlook cho iOS",
]


@pytest.mark.parametrize("quote", ["", QUOTE], ids=["alone", "above a quote"])
@pytest.mark.parametrize("line", DEVICES)
def test_phones_and_programs(line: str, quote: str) -> None:
    for gap in ("\n\n", "\n"):
        got = split(f"It is 3.2.{gap}{line}{quote}\n", "Re: help")
        assert (got.text, got.signature) == ("It is 3.2.", line)


SENTENCES = [
    "Sent from my warehouse we ship daily",
    "Sent from my iPhone app the alert came too late, as always",
    "The alert was sent from my iPhone to all users",
    "Sent from the main server, which is old.",
    "Sent from whom?",
    "Envoyé de Lyon nous avons reçu deux colis",
    "Gesendet von wem?",
]


@pytest.mark.parametrize("line", SENTENCES)
def test_sentences_about_sending_stay(line: str) -> None:
    for text in (f"It is 3.2.\n\n{line}", f"{line}\nAll is well."):
        assert split(text, "Re: help").text == text


@pytest.mark.parametrize("closing", sorted(locales.CLOSINGS))
def test_closings(closing: str) -> None:
    for line in (closing, f"{closing.capitalize()},"):
        below = f"{line}\nAnn Lee\nAcme Ltd.\n+1 555 0100 20"
        got = split(f"It is 3.2.\n\n{below}\n", "Re: help")
        assert (got.text, got.signature) == ("It is 3.2.", below)


@pytest.mark.parametrize("thanks", sorted(locales.THANKS))
def test_what_is_also_said_for_itself_needs_a_name_below(thanks: str) -> None:
    assert split(f"It is 3.2.\n\n{thanks},\nAnn Lee\n", "Re: help").text == "It is 3.2."
    assert split(f"It is 3.2.\n\n{thanks}\n", "Re: help").text == f"It is 3.2.\n\n{thanks}"


STAYS = {
    "a closing in the middle": "Best regards\n\nWhat does this line in your letter mean? It stands above my name.",
    "a closing in a sentence": "I write with regards to the payment.\nRegards to all, and see you on Monday at the usual place.",
    "a question below": "Please use this:\n\nKind regards\n\nAnn Lee\n\nDoes it look good?",
    "a postscript": "It works.\n\nRegards\nAnn\n\nPS: please call me tomorrow",
    "a list of words": "Which of these?\n\nBest\nWorst\nUndecided",
    "thanks": "Hello,\n\nit works.\n\nThanks!",
    "thanks and a name": "Hello,\n\nit works.\n\nThanks,\nAnn",
    "dashes within a line": "It -- and this is odd -- fails.",
    "dashes before points": "Because of:\n-- the first\n-- the second\n\nPlease check.",
    "dashes in a fence": "```\nsend(--\n--\nx)\n```\nfails",
    "dashes in a query": "SELECT 1\n--\n-- total\nFROM t;\n\nIt fails.",
    "dashes in a shell": "I ran\n\n    git checkout -- .\n    --\n    rm x\n\nand it failed.",
    "dashes above a question": "The first point is clear.\n\n--\n\nIs the second one clear as well?",
    "numbers": "-1 is wrong\n-2 too\n\n-Three is what I want.",
    "particulars asked for": "Call me:\n\n+1 555 0100 200\nann@example.com",
    "a rule": "First part.\n\n-----\n\nSecond part, with more words.",
    "all of it": "Regards\nAnn Lee",
}


@pytest.mark.parametrize("text", STAYS.values(), ids=STAYS.keys())
def test_when_in_doubt_it_is_text(text: str) -> None:
    for subject in ("Re: help", "help"):
        got = split(text, subject, name="Ann Lee")
        assert (got.text, got.quoted, got.signature) == (text, "", "")


FOUND = {
    "standard": "-- \nAnn Lee\nAcme",
    "standard with a long line": "-- \nAnn Lee\n" + "Acme makes things of all sorts for everybody. " * 6,
    "without blank": "--\nAnn Lee",
    "closing and device": "Regards\nAnn\n\nSent from my Galaxy",
    "closing and disclaimer": "Regards,\nAnn\n\nThis e-mail is confidential and meant for its recipient only, "
    "whoever else reads it must not use any of it.",
    "closing, rule, particulars": "Mit freundlichen Grüßen\n\nAnn Lee\n____________\nAcme GmbH\nwww.acme.example",
    "dash and name": "-Ann Lee",
    "slash and name": "/Ann",
    "list footer": "_______________________\nusers mailing list\nusers@example.com",
}


@pytest.mark.parametrize("quote", ["", QUOTE], ids=["alone", "above a quote"])
@pytest.mark.parametrize("below", FOUND.values(), ids=FOUND.keys())
def test_signatures(below: str, quote: str) -> None:
    got = split(f"It is 3.2.\n\n{below}{quote}\n", "Re: help")
    assert (got.text, got.signature) == ("It is 3.2.", below.strip())


def test_a_block_under_the_senders_own_name() -> None:
    got = split("It is 3.2.\n\nAnn Lee\nAcme Ltd.\n", "help", name="Ann Lee")
    assert (got.text, got.signature) == ("It is 3.2.", "Ann Lee\nAcme Ltd.")


def test_a_block_that_the_sender_repeats() -> None:
    block = "Workshop North\nTel. +1 555 0100 200"
    quote = "> Which?\n>\n>> It fails.\n>>\n>> Workshop North\n>> Tel. +1 555 0100 200"
    got = split(
        f"It is 3.2.\n\n{block}\n\nOn 2 Nov 2026, at 10:00, Ben <b@example.com> wrote:\n{quote}\n", "Re: help"
    )
    assert (got.text, got.signature) == ("It is 3.2.", block)
    once = split(f"It is 3.2.\n\n{block}\n", "Re: help")
    assert once.text == f"It is 3.2.\n\n{block}"


def test_a_footer_below_the_quote_makes_no_inline_answer() -> None:
    got = split(f"Yes.{QUOTE}\n\n--\nusers@example.com\n", "Re: help")
    assert (got.text, got.signature) == ("Yes.", "--\nusers@example.com")


def test_a_list_footer_below_the_quote_is_not_the_writers_when_he_signed() -> None:
    got = split(f"Yes.\n\n-Ann Lee{QUOTE}\n\n____\nusers mailing list\n", "Re: help")
    assert (got.text, got.signature) == ("Yes.", "-Ann Lee")
    assert "users mailing list" in got.quoted


PIECES = st.sampled_from(
    ["-- ", "--", "Regards", "Ann", "", "Sent from my iPhone", "____", "+1 555 0100 20", "words and words"]
)


@given(st.lists(PIECES | st.text(max_size=20), max_size=12), st.text(max_size=10))
def test_any_lines(lines: list[str], name: str) -> None:
    cut = signature.start(lines, 0, len(lines), signature.Clues(name))
    assert 0 <= cut <= len(lines)
    assert cut > 0 or not any(line.strip() for line in lines[:cut])


@pytest.mark.parametrize(
    "piece",
    [
        "--\n",
        "-- \nx\n",
        "Regards\n",
        "Sent from ",
        "Sent from my iPhone\n\n",
        "<http://",
        "Best\nA B\n",
        "___\n",
    ],
)
def test_linear(piece: str, linear: Any) -> None:
    linear(lambda n: split("hello\n" + piece * n, "Re: help"), 50_000 // len(piece))
