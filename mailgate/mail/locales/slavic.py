"""Polish, Czech, Slovak, Russian, Ukrainian; labels of their neighbours."""

from __future__ import annotations

from mailgate.mail.locales.shape import Locale

PL = Locale(
    "pl",
    wrote=("napisał", "napisała", "napisał(a)", "napisał/a", "napisali", "pisze", "pisał", "pisała", "napisano"),
    opens=("w dniu", "dnia"),
    days=(
        "pon.", "wt.", "śr.", "czw.", "pt.", "sob.", "niedz.", "poniedziałek", "wtorek", "środa", "czwartek",
        "piątek",
    ),
    cites=("wiadomość napisana przez", "wiadomość od", "cytowanie", "cytuję"),  # Apple Mail; Horde
    prose=("ja", "my", "on", "ona", "pan", "pani", "ktoś", "że", "mi", "nam", "mój", "nasz", "oni", "wasz", "do"),
    original=(
        "wiadomość oryginalna", "oryginalna wiadomość", "wiadomosc oryginalna", "oryginalna wiadomosc",
        "wiadomość pierwotna",
        "pierwotna wiadomość", "treść oryginalnej wiadomości",
    ),
    forwarded=(
        "przekazana wiadomość", "wiadomość przekazana", "wiadomość przekazana dalej", "przekazana wiadomosc",
        "wiadomosc przekazana",
        "początek przekazywanej wiadomości", "początek przekazanej wiadomości", "przesłana wiadomość",
        "przekazywana wiadomość",
        "wiadomość przesłana dalej", "przesłane przez",
    ),
    above=("odpowiedz powyżej tej linii", "odpowiedz nad tą linią", "prosimy o odpowiedź powyżej tej linii"),
    sender=("od", "nadawca"),
    sent=("wysłano", "wysłane", "data wysłania", "wysłany", "wysłana", "wyslano"),
    date=("data",),
    to=("do", "adresat", "odbiorca"),
    subject=("temat",),
    cc=("dw", "do wiadomości", "kopia", "kopia do", "udw", "ukryta kopia"),
    other=("odpowiedz do", "odp. do", "załączniki", "załącznik", "ważność", "priorytet"),
    devices=(
        "wysłane z …", "wysłano z …", "wysłano za pomocą …", "wysłane za pomocą …", "wysłano przez …",
        "wiadomość wysłana z …",
        "wysłane przez …", "wysłano ze …", "wysłane ze …", "wyslano z …", "wyslane z …",
    ),
    adverts=(
        "pobierz program outlook dla …", "pobierz aplikację outlook dla …", "uzyskaj outlooka dla …",
        "wolny od wirusów. …", "wolny od wirusów",
    ),
    closings=(
        "pozdrawiam", "pozdrawiam serdecznie", "serdecznie pozdrawiam", "pozdrawiamy", "z poważaniem", "z powazaniem",
        "z wyrazami szacunku", "pozdrowienia", "serdeczne pozdrowienia", "łączę pozdrowienia", "z pozdrowieniami",
        "łączę wyrazy szacunku",
        "z szacunkiem", "miłego dnia", "pozdr", "dziękuję i pozdrawiam", "dziękuję, pozdrawiam",
        "z góry dziękuję i pozdrawiam",
        "z serdecznymi pozdrowieniami", "życzę miłego dnia",
    ),
)  # fmt: skip

CS = Locale(
    "cs",
    wrote=("napsal", "napsala", "napsal(a)", "napsal/a", "napsali", "píše", "psal"),
    opens=("dne",),
    days=("po", "út", "st", "čt", "pá", "so", "ne", "pondělí", "úterý", "středa", "čtvrtek", "pátek"),
    cites=("cituji", "citát"),
    prose=("já", "my", "on", "ona", "nám", "mi", "že", "někdo", "můj", "náš", "vám", "vy", "jsme", "jsem"),
    original=(  # e-mail: Seznam
        "původní zpráva", "původní e-mail", "původní email", "původní mail", "originální zpráva", "puvodni zprava",
    ),
    forwarded=(
        "přeposlaná zpráva", "přeposlaný e-mail", "přeposlaný email", "začátek přeposlané zprávy", "přeposlaný mail",
        "předaná zpráva", "forwardovaná zpráva", "začátek předávané zprávy",
    ),
    above=("odpovězte nad tuto čáru", "odpovězte nad tímto řádkem"),
    sender=("od", "odesílatel", "odesilatel"),
    sent=("odesláno", "odeslano", "odesláno dne", "zasláno"),
    date=("datum",),
    to=("komu", "příjemce", "pro"),
    subject=("předmět", "predmet", "věc"),
    cc=("kopie", "skrytá kopie", "kopie komu"),
    other=("odpovědět", "odpověď na", "přílohy", "příloha", "důležitost"),
    devices=(
        "odesláno z …", "odesláno ze …", "odesláno pomocí …", "odesláno přes …", "posláno z …", "zasláno z …",
        "odeslané z …",
    ),
    adverts=("získat outlook pro …", "získejte outlook pro …", "stáhnout outlook pro …", "bez virů. …", "bez virů"),
    closings=(
        "s pozdravem", "s přátelským pozdravem", "s úctou", "zdravím", "s přáním hezkého dne", "hezký den",
        "děkuji, s pozdravem",
        "s pozdravem a přáním hezkého dne", "pěkný den", "mějte se hezky", "s přáním pěkného dne",
        "děkuji a s pozdravem",
        "děkuji a přeji hezký den", "přeji hezký den",
    ),
)  # fmt: skip

SK = Locale(
    "sk",
    wrote=("napísal", "napísala", "napísal(a)", "napísal/a", "píše", "napísali"),
    opens=("dňa", "dna"),
    days=("po", "ut", "st", "št", "pi", "so", "ne"),
    prose=("ja", "my", "on", "ona", "nám", "mi", "že", "niekto", "môj", "náš"),
    original=("pôvodná správa", "pôvodný e-mail", "pôvodný email", "povodna sprava"),
    forwarded=(
        "preposlaná správa", "preposielaná správa", "preposlaný e-mail", "začiatok preposlanej správy",
        "odovzdaná správa",
    ),
    sender=("od", "odosielateľ"),
    sent=("odoslané", "odoslaná", "dátum odoslania"),
    date=("dátum",),
    to=("komu", "príjemca"),
    subject=("predmet",),
    cc=("kópia",),
    other=("prílohy", "odpovedať komu"),
    devices=("odoslané z …", "odoslané zo …", "poslané z …", "odoslané pomocou …"),
    adverts=("získať outlook pre …", "stiahnuť outlook pre …"),
    closings=(
        "s pozdravom", "s priateľským pozdravom", "s úctou", "pekný deň", "prajem pekný deň", "ďakujem, s pozdravom",
        "pozdravujem",
    ),
)  # fmt: skip

RU = Locale(
    "ru",
    wrote=(
        "написал", "написала", "написал(а)", "написал(a)", "пишет", "пишете", "писал", "писала", "писал(а)",
        "вы писали",
        "написали", "вы написали", "писали",  # вы писали: The Bat!
    ),
    opens=("в", "во", "от"),
    days=(
        "пн", "вт", "ср", "чт", "пт", "сб", "вс", "понедельник", "вторник", "среда", "четверг", "пятница", "суббота",
        "воскресенье",
    ),
    cites=("цитирую", "цитата"),
    prose=("я", "мы", "он", "она", "они", "мне", "нам", "что", "кто-то", "мой", "наш", "ваш", "ему", "ей", "о"),
    original=(
        "исходное сообщение", "оригинальное сообщение", "исходное письмо", "первоначальное сообщение",
        "оригинал сообщения",
        "оригинальное письмо", "исходящее сообщение",
    ),
    forwarded=(
        "пересылаемое сообщение", "пересланное сообщение", "переадресованное сообщение",
        "начало переадресованного сообщения",
        "начало пересылаемого сообщения", "начало пересланного сообщения", "пересланное письмо",
        "пересылаемое письмо",
        "перенаправленное сообщение", "это пересылаемое сообщение",
    ),
    above=("ответьте выше этой строки", "пишите ответ выше этой строки", "ответ пишите выше этой линии"),
    sender=("от", "от кого", "отправитель"),
    sent=("отправлено", "послано", "дата отправки", "отправлен", "отослано", "отправлена"),
    date=("дата",),
    to=("кому", "получатель", "для"),
    subject=("тема",),
    cc=("копия", "скрытая копия", "копии"),
    other=("вложения", "вложение", "важность", "ответить", "обратный адрес", "приоритет"),
    devices=(
        "отправлено с …", "отправлено из …", "послано с …", "отправлено через …", "отправлено с помощью …",
        "отправлено со …",
        "отправлено на …", "написано с …", "письмо отправлено с …", "послано из …",
    ),
    adverts=(
        "скачать outlook для …", "получить outlook для …", "загрузить outlook для …", "без вирусов. …",
        "без вирусов",
    ),
    closings=(
        "с уважением", "с наилучшими пожеланиями", "всего доброго", "всего хорошего", "с искренним уважением",
        "с почтением",
        "хорошего дня", "спасибо, с уважением", "заранее спасибо, с уважением", "с приветом", "удачи",
        "искренне ваш", "с благодарностью",
        "с глубоким уважением", "с уважением и наилучшими пожеланиями",
    ),
)  # fmt: skip

UK = Locale(
    "uk",
    wrote=("написав", "написала", "написав(ла)", "пише", "писав", "писала", "написали", "пишуть", "написав/ла"),
    opens=("в", "у", "від"),
    days=("пн", "вт", "ср", "чт", "пт", "сб", "нд", "понеділок", "вівторок", "середа", "четвер", "п'ятниця"),
    prose=("я", "ми", "він", "вона", "вони", "мені", "нам", "що", "хтось", "мій", "наш", "ваш"),
    original=(
        "вихідне повідомлення", "оригінальне повідомлення", "початкове повідомлення", "вихідний лист",
        "оригінал повідомлення",
    ),
    forwarded=(
        "переслане повідомлення", "пересилане повідомлення", "початок листа, що пересилається",
        "початок пересланого повідомлення",
        "переслане листування", "переадресоване повідомлення", "початок переспрямованого повідомлення", "переслано",
    ),
    sender=("від", "від кого", "відправник"),
    sent=("надіслано", "відправлено", "дата надсилання", "відіслано", "дата відправлення"),
    date=("дата",),
    to=("кому", "до", "одержувач"),
    subject=("тема",),
    cc=("копія", "прихована копія"),
    other=("вкладення", "відповісти", "важливість"),
    devices=(
        "надіслано з …", "надіслано зі …", "відправлено з …", "відправлено зі …", "надіслано через …",
        "надіслано за допомогою …",
    ),
    adverts=("отримати outlook для …", "завантажити outlook для …", "отримайте outlook для …"),
    closings=(
        "з повагою", "з найкращими побажаннями", "щиро ваш", "всього найкращого", "гарного дня", "дякую, з повагою",
        "на все добре",
        "зі щирою повагою", "з вдячністю",
    ),
)  # fmt: skip

# Bulgarian, Serbian, Croatian, Slovenian: what their Gmail, Outlook, and Apple Mail write.
NEAR = Locale(
    "",
    wrote=("написа", "написао", "написала", "napisao", "napisala", "je napisal", "je napisala", "piše"),
    opens=("на", "dana", "dne", "v", "u", "у"),
    original=(
        "оригинално съобщение", "originalna poruka", "izvorna poruka", "izvirno sporočilo", "изворна порука",
        "prvotno sporočilo",
    ),
    forwarded=(
        "препратено съобщение", "proslijeđena poruka", "prosleđena poruka", "posredovano sporočilo",
        "прослеђена порука",
    ),
    sender=("от", "šalje", "pošiljatelj", "šalje", "шаље", "пошиљалац"),
    sent=("изпратено", "poslano", "poslato", "послато"),
    date=("datum", "датум"),
    to=("до", "prima", "za", "za", "прима", "primatelj", "prejemnik"),
    subject=("относно", "predmet", "zadeva", "naslov", "предмет"),
    devices=("изпратено от …", "poslano s …", "poslano iz …", "poslano z …", "poslato sa …", "послато са …"),
    closings=(
        "с уважение", "поздрави", "srdačan pozdrav", "lijep pozdrav", "lep pozdrav", "pozdrav", "lp",
        "s poštovanjem", "s spoštovanjem",
    ),
)  # fmt: skip
