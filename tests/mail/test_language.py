"""Rule 6.2: the language of a mail, only when sure."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.mail.language import guess

SURE = [
    ("en", "Hello, the printer on the second floor does not work since this morning. Please help."),
    ("en", "Our server is down and we cannot log in"),
    ("en", "Please find the log attached, it happened again"),
    (
        "fr",
        "Bonjour, l'imprimante du deuxième étage ne fonctionne plus depuis ce matin. Merci de votre aide.",
    ),
    ("fr", "Le serveur est en panne, nous ne pouvons pas nous connecter"),
    ("fr", "Merci de faire remonter ce ticket en raison de l’impact client"),
    (
        "de",
        "Guten Tag, der Drucker im zweiten Stock funktioniert seit heute morgen nicht mehr. Bitte um Hilfe.",
    ),
    ("de", "Der Server ist ausgefallen und wir können uns nicht anmelden"),
    ("es", "Hola, la impresora del segundo piso no funciona desde esta mañana. Gracias por su ayuda."),
    ("es", "El servidor no responde y los usuarios no pueden entrar"),
    (
        "it",
        "Buongiorno, la stampante del secondo piano non funziona più da questa mattina. Grazie per "
        "il vostro aiuto.",
    ),
    ("pt", "O servidor não responde e os usuários não conseguem entrar"),
    (
        "nl",
        "Hallo, de printer op de tweede verdieping werkt sinds vanochtend niet meer. Kunnen jullie helpen?",
    ),
    ("ru", "Здравствуйте, принтер не работает с утра. Помогите, пожалуйста, мы ждём."),
    ("uk", "Добрий день, принтер не працює з самого ранку. Допоможіть, будь ласка."),
    ("el", "Καλημέρα, ο εκτυπωτής δεν λειτουργεί."),
    ("he", "שלום, המדפסת לא עובדת מהבוקר"),
    ("ar", "مرحبا، الطابعة لا تعمل منذ الصباح"),
    ("zh", "您好，二楼的打印机从今天早上起不能用了。"),
    ("ja", "お世話になっております。プリンターが動きません。"),
    ("ko", "안녕하세요, 프린터가 작동하지 않습니다."),
]
UNSURE = {
    "empty": "",
    "one word": "Thanks!",
    "an address": "https://the.example.com/and/of/is",
    "Swedish": "Hej, skrivaren på andra våningen fungerar inte sedan i morse. Kan ni hjälpa till?",
    "Polish": "Dzień dobry, drukarka na drugim piętrze nie działa od rana. Proszę o pomoc.",
    "Czech": "Dobrý den, tiskárna ve druhém patře od rána nefunguje. Prosím o pomoc.",
    "Latin": "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore",
    "a log": "ERROR 500 at com.foo.Bar(Bar.java:12) NullPointerException",
    "two scripts": "printer принтер server сервер",
    "Persian": "سلام، چاپگر از صبح کار نمی‌کند، لطفا کمک کنید",
    "Bulgarian": "Здравейте, принтерът не работи от сутринта. Моля, помогнете, съжалявам.",
}


@pytest.mark.parametrize(("language", "text"), SURE)
def test_sure(language: str, text: str) -> None:
    assert guess(text) == language


@pytest.mark.parametrize("text", UNSURE.values(), ids=UNSURE.keys())
def test_unsure(text: str) -> None:
    assert guess(text) == ""


@given(st.text(max_size=300))
def test_never_raises(text: str) -> None:
    assert guess(text) in {
        "",
        "en",
        "fr",
        "de",
        "es",
        "it",
        "pt",
        "nl",
        "ru",
        "uk",
        "el",
        "he",
        "ar",
        "zh",
        "ja",
        "ko",
    }


@pytest.mark.parametrize("piece", ["a ", "http://", "a@", "é", "的"])
def test_linear(piece: str, linear: Any) -> None:
    linear(lambda n: guess(piece * n), 500_000)
