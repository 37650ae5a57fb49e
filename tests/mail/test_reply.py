"""Rule 3.2: what is new, what is quoted, what is signature."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.mail.reply import split

# One attribution line per program and language; each stands above a '>' quote, and above an unmarked one.
ATTRIBUTIONS = [
    "On Mon, Nov 2, 2026 at 10:00 AM, Ann Lee <ann@example.com> wrote:",
    "On 2 Nov 2026, at 10:00, Ann Lee <ann@example.com> wrote:",
    "Le lun. 2 nov. 2026 à 10:00, Ann Lee <ann@example.com> a écrit :",
    "Am Mo., 2. Nov. 2026 um 10:00 Uhr schrieb Ann Lee <ann@example.com>:",
    "El lun, 2 nov 2026 a las 10:00, Ann Lee (<ann@example.com>) escribió:",
    "Il giorno lun 2 nov 2026 alle ore 10:00 Ann Lee <ann@example.com> ha scritto:",
    "Em seg., 2 de nov. de 2026 às 10:00, Ann Lee <ann@example.com> escreveu:",
    "Op ma 2 nov 2026 om 10:00 schreef Ann Lee <ann@example.com>:",
    "pon., 2 lis 2026 o 10:00 Ann Lee <ann@example.com> napisał(a):",
    "W dniu 2026-11-02 10:00:39 użytkownik Ann Lee <ann@example.com> napisał:",
    "Den man. 2. nov. 2026 kl. 10.00 skrev Ann Lee <ann@example.com>:",
    "Den mån 2 nov. 2026 kl 10:00 skrev Ann Lee <ann@example.com>:",
    "man. 2. nov. 2026 kl. 10:00 skrev Ann Lee <ann@example.com>:",
    "ma 2. marrask. 2026 klo 10.00 Ann Lee (ann@example.com) kirjoitti:",
    "po 2. 11. 2026 v 10:00 odesílatel Ann Lee <ann@example.com> napsal:",
    "Ann Lee <ann@example.com> ezt írta (időpont: 2026. nov. 2., H, 10:00):",
    "În lun., 2 nov. 2026 la 10:00, Ann Lee <ann@example.com> a scris:",
    "пн, 2 нояб. 2026 г. в 10:00, Ann Lee <ann@example.com>:",
    '02.11.2026, 10:00, "Ann Lee" <ann@example.com>:',
    "пн, 2 лист. 2026 р. о 10:00 Ann Lee <ann@example.com> пише:",
    "Ann Lee <ann@example.com>, 2 Kas 2026 Pzt, 10:00 tarihinde şunu yazdı:",
    "Στις Δευ, 2 Νοε 2026 στις 10:00, ο χρήστης Ann Lee <ann@example.com> έγραψε:",
    "בתאריך יום ב׳, 2 בנוב׳ 2026 ב-10:00 מאת Ann Lee <ann@example.com>:",
    "في الاثنين، 2 نوفمبر 2026 في 10:00 كتب Ann Lee <ann@example.com>:",
    "在 2026年11月2日，上午10:00，Ann Lee <ann@example.com> 写道：",
    "Ann Lee <ann@example.com> 於 2026年11月2日 週一 上午10:00寫道：",
    "2026年11月2日(月) 10:00 Ann Lee <ann@example.com>:",
    "2026년 11월 2일 (월) 오전 10:00, Ann Lee <ann@example.com>님이 작성:",
    "Vào Th 2, 2 thg 11, 2026 vào lúc 10:00 Ann Lee <ann@example.com> đã viết:",
    "---- On Mon, 02 Nov 2026 10:00:50 +0530 ann@example.com wrote ----",
    "2026-11-02 10:00 GMT+01:00 Ann Lee <ann@example.com>:",
]


@pytest.mark.parametrize("line", ATTRIBUTIONS)
@pytest.mark.parametrize(
    "quote", ["> Which version?\n> Yours, Ann", "Which version?\nYours, Ann"], ids=["marked", "unmarked"]
)
def test_attributions(line: str, quote: str) -> None:
    got = split(f"It is 3.2.\n\n{line}\n\n{quote}\n", "Re: help")
    assert got.text == "It is 3.2."
    assert line in got.quoted
    assert "Which version?" in got.quoted


@pytest.mark.parametrize("at", range(20, 64, 6))
def test_wrapped_attributions(at: int) -> None:
    line = "On Mon, Nov 2, 2026 at 10:00 AM, Ann Lee <ann@example.com> wrote:"
    cut = line.rfind(" ", 0, at)
    got = split(f"It is 3.2.\n{line[:cut]}\n{line[cut + 1 :]}\n\n> Which?\n", "Re: help")
    assert got.text == "It is 3.2."


def test_an_attribution_wrapped_inside_the_brackets() -> None:
    got = split(
        "It is 3.2.\n\nman. 2. nov. 2026 kl. 10:00 skrev Ann <ann@example.com\n>:\n\n> Which?\n", "Re: help"
    )
    assert got.text == "It is 3.2."


PROSE = {
    "on": "On the other hand we could wait:\nnothing else works.",
    "dates": "These failed:\n2026-01-15 14:30:25\n15.01.2026 14:30\nOn Jan 15, 2026 at 14:30\nall of them.",
    "a log": "On 2026-01-15 at 14:30 the server wrote:\nERROR 17\nand died.",
    "wrote in a link": "See https://example.com/on-date-someone-wrote: it is old.",
    "colon": "At 10:00 I restarted it, and this is what I saw:\nnothing.",
    "one field": "From: the very beginning it failed.\nSubject: unclear.",
    "dashes": "My list\n----\n1. a\n2. b\n----\nand more",
    "sent from": "The alert was sent from my iPhone app to all users.\nThis is sent from the main server, which is old.",
    "regards": "I write with regards to the payment.\nRegards to all, and see you on Monday at the usual place, says Jim.",
    "closing in the middle": "Regards\n\nWhy does it say so? I do not know, the text above is in the printout we got from you today.",
    "hyphen list": "Wanted:\n\n- One\n- Two",
    "double hyphen": "It -- and this is odd -- fails.",
    "code": "```\nsend(--\n--\nx)\n```\nfails",
}


@pytest.mark.parametrize("text", PROSE.values(), ids=PROSE.keys())
def test_when_in_doubt_it_is_text(text: str) -> None:
    got = split(text, "Re: help")
    assert (got.text, got.quoted, got.signature) == (text, "", "")


BLOCKS = [
    "From: Ann Lee <ann@example.com>\nSent: Monday, November 2, 2026 10:00 AM\nTo: Bob\nSubject: help",
    "*From:* Ann Lee [mailto:ann@example.com]\n*Sent:* Monday\n*To:* Bob\n*Subject:* help",
    "De : Ann Lee <ann@example.com>\nEnvoyé : lundi 2 novembre 2026 10:00\nÀ : Bob\nObjet : help",
    "Von: Ann Lee\nGesendet: Montag, 2. November 2026 10:00\nAn: Bob\nCc: Eva\nBetreff: help",
    "De: Ann\nEnviado el: lunes\nPara: Bob\nAsunto: help",
    "Da: Ann\nInviato: lunedì\nA: Bob\nOggetto: help",
    "De: Ann\nEnviada em: segunda\nPara: Bob\nAssunto: help",
    "Van: Ann\nVerzonden: maandag\nAan: Bob\nOnderwerp: help",
    "Od: Ann\nWysłano: poniedziałek\nDo: Bob\nTemat: help",
    "Fra: Ann\nSendt: mandag\nTil: Bob\nEmne: help",
    "Från: Ann\nSkickat: måndag\nTill: Bob\nÄmne: help",
    "Lähettäjä: Ann\nLähetetty: maanantai\nVastaanottaja: Bob\nAihe: help",
    "Od: Ann\nOdesláno: pondělí\nKomu: Bob\nPředmět: help",
    "Feladó: Ann\nElküldve: hétfő\nCímzett: Bob\nTárgy: help",
    "От: Ann\nОтправлено: понедельник\nКому: Bob\nТема: help",
    "Kimden: Ann\nGönderildi: Pazartesi\nKime: Bob\nKonu: help",
    "发件人: Ann\n发送时间: 2026年11月2日\n收件人: Bob\n主题: help",
    "差出人: Ann\n送信日時: 2026年11月2日\n宛先: Bob\n件名: help",
    "보낸 사람: Ann\n보낸 날짜: 2026년\n받는 사람: Bob\n제목: help",
    "Date: Mon, 2 Nov 2026\nTo: bob@example.com\nFrom: ann@example.com\nSubject: help",
    "From: Human\n<ann@example.com>\nSent: Monday\nTo: Bob,\n Eva\nSubject: a long\n one",
    "-----Original Message-----",
    "----- Ursprüngliche Nachricht -----",
    "-------- Message d'origine --------",
    "________________________________\nFrom: ann@example.com",
    "________________________________\nXyz: ann@example.com\nAbc: Monday\nDef: help",
]


@pytest.mark.parametrize("block", BLOCKS)
def test_header_blocks_and_markers(block: str) -> None:
    got = split(f"It is 3.2.\n\n{block}\n\nWhich version?\n", "Re: help")
    assert got.text == "It is 3.2."
    assert got.quoted == f"{block}\n\nWhich version?"
    assert not got.is_forward


SIGNATURES = {
    "standard": "-- \nAnn Lee\nAcme",
    "without blank": "--\nAnn Lee",
    "iPhone": "Sent from my iPhone",
    "Outlook": "Get Outlook for iOS<https://aka.ms/o0ukef>",
    "German": "Von meinem iPhone gesendet",
    "French": "Envoyé de mon iPhone",
    "Spanish": "Enviado desde mi iPhone",
    "Japanese": "iPhoneから送信",
    "closing": "Best regards,\nAnn Lee\nAcme Ltd.\n+1 555 0100 20",
    "German closing": "Mit freundlichen Grüßen\n\nAnn Lee",
    "closing and device": "Regards\nAnn\n\nSent from my Galaxy",
    "dash and name": "-Ann Lee",
    "list footer": "_______________________\nusers mailing list\nusers@example.com",
}


@pytest.mark.parametrize("signature", SIGNATURES.values(), ids=SIGNATURES.keys())
@pytest.mark.parametrize(
    "quote", ["", "\n\nOn 2 Nov 2026, Ann <a@example.com> wrote:\n> Which?"], ids=["alone", "above a quote"]
)
def test_signatures(signature: str, quote: str) -> None:
    got = split(f"It is 3.2.\n\n{signature}{quote}\n", "Re: help")
    assert got.text == "It is 3.2."
    assert got.signature == signature.strip()


def test_a_footer_below_the_quote_makes_no_inline_answer() -> None:
    got = split(
        "Yes.\n\nOn 2 Nov 2026, Ann <a@example.com> wrote:\n> Which?\n\n--\nusers@example.com\n", "Re: help"
    )
    assert (got.text, got.signature) == ("Yes.", "--\nusers@example.com")


def test_inline_answers_keep_what_they_answer() -> None:
    text = "On 2 Nov 2026, Ann <a@example.com> wrote:\n> Which version?\n\n3.2\n\n> Which system?\n\nLinux\n\n> Yours\n"
    got = split(text, "Re: help")
    assert got.text == "> Which version?\n\n3.2\n\n> Which system?\n\nLinux"
    assert "> Yours" in got.quoted
    assert "wrote:" in got.quoted


def test_one_answer_below_the_whole_quote() -> None:
    got = split("On 2 Nov 2026, Ann <a@example.com> wrote:\n> Which version?\n\n3.2\n", "Re: help")
    assert got.text == "3.2"


def test_a_line_that_a_program_wrapped_stays_in_its_quote() -> None:
    got = split(
        "Yes.\n\n> this is a rather long line that some program has wrapped without care\nfor its "
        "marks\n> and so on\n",
        "Re: help",
    )
    assert got.text == "Yes."


def test_nothing_new() -> None:
    assert split("> old\n> words\n", "Re: help").text == ""
    assert split("> old\n> words\n", "help").text == "> old\n> words"


FORWARDS = {
    "by subject": (
        "Please look.\n\nFrom: Ann <ann@example.com>\nSent: Monday\nTo: Bob\nSubject: help\n\nIt fails.",
        "WG: help",
    ),
    "by gmail's marker": (
        "Please look.\n\n---------- Forwarded message ---------\nFrom: Ann <ann@example.com>\nDate: "
        "Monday\nSubject: help\nTo: Bob\n\nIt fails.",
        "help",
    ),
    "by apple's marker": (
        "Please look.\n\nBegin forwarded message:\n\n> From: Ann <ann@example.com>\n> Date: "
        "Monday\n> To: Bob\n> Subject: help\n>\n> It fails.",
        "Re: help",
    ),
    "in French": (
        "Please look.\n\n-------- Message transféré --------\nSujet : help\nDate : lundi\nDe : Ann "
        "<ann@example.com>\nPour : Bob\n\nIt fails.",
        "help",
    ),
    "from the top": (
        "From: Ann <ann@example.com>\nDate: Monday\nTo: Bob\nSubject: help\n\nIt fails.",
        "help",
    ),
}


@pytest.mark.parametrize(("text", "subject"), FORWARDS.values(), ids=FORWARDS.keys())
def test_forwards_are_content(text: str, subject: str) -> None:
    got = split(text, subject)
    assert got.is_forward
    assert (got.text, got.quoted, got.signature) == (text, "", "")
    assert got.forwarded is not None
    assert (got.forwarded.from_, got.forwarded.to, got.forwarded.subject) == (
        "Ann <ann@example.com>",
        "Bob",
        "help",
    )
    assert got.forwarded.text == "It fails."


def test_an_answer_to_a_forward_is_no_forward() -> None:
    got = split(
        "Yes.\n\nOn 2 Nov 2026, Ann <a@example.com> wrote:\n> ---------- Forwarded message "
        "---------\n> From: b@example.com\n",
        "Re: Fwd: help",
    )
    assert not got.is_forward
    assert got.text == "Yes."


LINES = st.sampled_from(
    [
        "",
        "words",
        "> quote",
        ">> deep",
        "On 2 Nov 2026, Ann <a@example.com> wrote:",
        "-- ",
        "Regards",
        "Sent from my iPhone",
        "From: a@example.com",
        "Sent: Monday",
        "To: Bob",
        "Subject: help",
        "-----Original Message-----",
        "---------- Forwarded message ---------",
        "_____",
        "Ann",
        "  > x",
    ]
)


@given(
    st.lists(LINES | st.text(max_size=30), max_size=25), st.sampled_from(["help", "Re: help", "Fwd: help"])
)
def test_no_word_is_lost_or_made(lines: list[str], subject: str) -> None:
    text = "\n".join(lines)
    got = split(text, subject)
    parts = f"{got.text}\n{got.quoted}\n{got.signature}"
    assert sorted(parts.split()) == sorted(text.replace("\r", "\n").split())


HOSTILE = [
    "On ",
    "On 1 \n",
    " ",
    "-",
    "\n",
    ">",
    ">\na\n",
    "From: a@b.c\n\n",
    "-----Original Message-----\n",
    "Am 01.01.2026 schrieb ",
    "--\n",
    "Regards\n",
    "Sent from ",
    "To: a@b.c,\n",
    "<a@b\n",
    "wrote:\n",
    "___\nFrom: a@b.c\n",
    "Subject: x\nTo: y\n",
    "<http://",
    "x\n",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_linear(piece: str, linear: Any) -> None:
    linear(lambda n: split("hello\n" + piece * n, "Re: help"), 50_000 // len(piece))
