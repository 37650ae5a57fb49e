"""Hungarian, Turkish, Greek, Hebrew, Arabic."""

from __future__ import annotations

from mailgate.mail.locales.shape import Locale

HU = Locale(
    "hu",
    wrote=("írta", "ezt írta", "írja"),
    opens=("ekkor", "dátum", "időpont"),
    days=("hétfő", "kedd", "szerda", "csütörtök", "péntek", "szombat", "vasárnap"),
    prose=("én", "mi", "ő", "ők", "nekem", "valaki", "hogy", "azt"),
    original=("eredeti üzenet", "eredeti levél", "az eredeti üzenet", "eredeti e-mail"),
    forwarded=(
        "továbbított üzenet", "továbbított levél", "továbbított üzenet kezdete", "továbbított e-mail",
        "a továbbított üzenet kezdete",
    ),
    above=("válaszoljon e sor fölé", "a választ e sor fölé írja"),
    sender=("feladó", "küldő"),
    sent=("elküldve", "küldve", "küldés dátuma", "küldés ideje", "küldte"),
    date=("dátum", "idő"),
    to=("címzett", "címzettek"),
    subject=("tárgy",),
    cc=("másolat", "másolatot kap", "titkos másolat"),
    other=("válaszcím", "melléklet", "mellékletek", "csatolmányok", "fontosság"),
    devices=(
        "elküldve az …", "küldve a …", "küldve az …", "elküldve …", "az üzenetet … küldték", "elküldve a …",
        "… küldve", "… elküldve",
    ),
    adverts=(
        "az outlook letöltése …", "outlook beszerzése …", "az outlook beszerzése …", "vírusmentes. …", "vírusmentes",
    ),
    closings=(
        "üdvözlettel", "tisztelettel", "üdv", "köszönettel", "szívélyes üdvözlettel", "baráti üdvözlettel",
        "köszönöm, üdvözlettel",
        "szép napot", "további szép napot", "szép napot kívánok", "őszinte tisztelettel", "üdvözöllek",
        "előre is köszönöm, üdvözlettel",
    ),
)  # fmt: skip

TR = Locale(
    "tr",
    wrote=("yazdı", "şunu yazdı", "şunları yazdı", "yazmış", "yazıyor"),
    opens=("tarihinde",),
    days=("pzt", "sal", "çar", "per", "cum", "cmt", "paz"),
    cites=("alıntı",),
    prose=("ben", "biz", "o", "onlar", "bana", "bize", "birisi", "bu", "şu", "siz"),
    original=(
        "orijinal mesaj", "orijinal ileti", "özgün ileti", "özgün mesaj", "orjinal mesaj", "asıl mesaj",
        "orijinal e-posta",
    ),
    forwarded=(
        "iletilen mesaj", "iletilmiş mesaj", "yönlendirilmiş mesaj", "iletilen ileti", "iletilmiş ileti",
        "yönlendirilen mesaj",
        "iletilen ileti başlangıcı", "iletilmiş ileti başlangıcı", "başlangıç: iletilen mesaj", "iletilen e-posta",
    ),
    above=("lütfen bu satırın üzerine yanıt verin", "bu satırın üzerine yazın"),
    sender=("kimden", "gönderen"),
    sent=("gönderildi", "gönderme tarihi", "gönderilme tarihi", "gönderim tarihi", "gönderilme"),
    date=("tarih",),
    to=("kime", "alıcı", "alıcılar"),
    subject=("konu",),
    cc=("bilgi", "bilgi (cc)", "gizli"),
    other=("yanıt adresi", "ekler", "ek", "önem"),
    devices=(
        "… gönderildi", "… gönderilmiştir", "… ile gönderildi", "… aracılığıyla gönderildi",
        "… üzerinden gönderildi",
    ),
    adverts=(
        "… için outlook'u edinin", "… için outlook'u indirin", "… için outlook uygulamasını edinin",
        "virüs bulunmuyor. …",
    ),
    closings=(
        "saygılarımla", "saygılarımızla", "iyi çalışmalar", "sevgiler", "selamlar", "saygılar",
        "teşekkürler, iyi çalışmalar",
        "iyi günler", "iyi çalışmalar dilerim", "kolay gelsin", "en içten saygılarımla", "sevgilerimle",
        "selam ve saygılarımla",
        "teşekkür eder, iyi çalışmalar dilerim",
    ),
)  # fmt: skip

EL = Locale(
    "el",
    wrote=("έγραψε", "έγραψαν", "γράφει", "έγραφε"),
    opens=("στις", "στη", "στην", "την", "τη", "στο", "στα"),
    days=(
        "δευτέρα", "τρίτη", "τετάρτη", "πέμπτη", "παρασκευή", "σάββατο", "κυριακή", "δευ", "τρι", "τετ", "πεμ",
        "παρ", "σαβ",
        "κυρ",
    ),
    prose=("εγώ", "εμείς", "αυτός", "αυτή", "μου", "μας", "κάποιος", "ότι", "πως", "που"),
    original=("αρχικό μήνυμα", "πρωτότυπο μήνυμα", "αρχικό μήνυμα ηλεκτρονικού ταχυδρομείου"),
    forwarded=(
        "προωθημένο μήνυμα", "προωθούμενο μήνυμα", "αρχή προωθημένου μηνύματος", "αρχή προωθούμενου μηνύματος",
        "διαβιβασθέν μήνυμα",
        "έναρξη προωθημένου μηνύματος",
    ),
    sender=("από", "αποστολέας"),
    sent=("στάλθηκε", "εστάλη", "ημερομηνία αποστολής", "απεστάλη"),
    date=("ημερομηνία", "ημ/νία"),
    to=("προς", "παραλήπτης", "για"),
    subject=("θέμα",),
    cc=("κοινοποίηση", "κοιν", "κρυφή κοινοποίηση"),
    other=("απάντηση σε", "συνημμένα", "σπουδαιότητα", "απάντηση προς"),
    devices=("στάλθηκε από …", "εστάλη από …", "απεστάλη από …", "στάλθηκε με …", "στάλθηκε μέσω …"),
    adverts=("αποκτήστε το outlook για …", "λήψη του outlook για …", "χωρίς ιούς. …"),
    closings=(
        "με εκτίμηση", "φιλικά", "με φιλικούς χαιρετισμούς", "με τιμή", "χαιρετισμούς", "με φιλικό χαιρετισμό",
        "ευχαριστώ, με εκτίμηση", "φιλικούς χαιρετισμούς", "καλή συνέχεια",
    ),
    thanks=("ευχαριστώ", "ευχαριστούμε", "ευχαριστώ πολύ"),
)  # fmt: skip

HE = Locale(
    "he",
    wrote=("כתב", "כתבה", "כתב/ה", "כתבו", "מאת", "כותב", "כותבת"),
    opens=("בתאריך", "ביום", "ב-", "ב", "יום", "בתאריך יום"),
    prose=("אני", "אנחנו", "הוא", "היא", "הם", "לי", "לנו", "ש", "מישהו"),
    original=("הודעה מקורית", "ההודעה המקורית", "הודעת המקור", "מייל מקורי", "הודעה מקורית -"),
    forwarded=(
        "הודעה שהועברה", "תחילת ההודעה שהועברה", "הודעה מועברת", "ההודעה שהועברה", "הועבר על ידי",
        "תחילת הודעה שהועברה",
    ),
    sender=("מאת", "מ", "שולח", "השולח", "מאת:"),
    sent=("נשלח", "נשלחה", "נשלח בתאריך", "תאריך שליחה", "נשלח ב"),
    date=("תאריך",),
    to=("אל", "נמען", "ל", "נמענים"),
    subject=("נושא", "הנדון"),
    cc=("עותק", "העתק", "העתקים"),
    other=("השב אל", "קבצים מצורפים", "צרופות", "חשיבות"),
    devices=("נשלח מ…", "נשלח באמצעות …", "נשלח מה…", "נשלח דרך …"),
    adverts=("קבל את outlook עבור …", "הורד את outlook עבור …", "השג את outlook עבור …", "נקי מוירוסים. …"),
    closings=(
        "בברכה", "תודה, בברכה", "בכבוד רב", "תודה ובברכה", "בתודה", "בתודה ובברכה", "בברכה רבה", "יום טוב",
        "המשך יום נעים", "המשך יום טוב", "בידידות", "תודה ויום טוב",
    ),
    thanks=("תודה מראש", "תודה רבה", "תודה"),
)  # fmt: skip

AR = Locale(
    "ar",
    wrote=("كتب", "كتبت", "كتب/كتبت", "تمت كتابة", "كتبوا", "يكتب"),
    opens=("في", "بتاريخ", "يوم", "في يوم", "بتأريخ", "الساعة"),
    prose=("أنا", "نحن", "هو", "هي", "هم", "لي", "لنا", "أن", "إلى", "شخص"),
    original=("الرسالة الأصلية", "رسالة أصلية", "الرساله الاصليه", "الرسالة الاصلية", "البريد الأصلي", "رسالة اصلية"),
    forwarded=(
        "رسالة معاد توجيهها", "الرسالة المعاد توجيهها", "رسالة محولة", "رسالة مُعاد توجيهها", "الرسالة المحولة",
        "بداية الرسالة المعاد توجيهها",
        "بداية الرسالة المحولة", "رسالة مُحوّلة", "رسالة تمت إعادة توجيهها", "بدء الرسالة المعاد توجيهها",
    ),
    sender=("من", "المرسل", "مرسل"),
    sent=("تم الإرسال", "أرسلت", "إرسال", "أُرسلت", "تاريخ الإرسال", "مرسلة", "مُرسَل", "تم إرسالها", "أرسل"),
    date=("التاريخ", "تاريخ", "بتاريخ"),
    to=("إلى", "الى", "المستلم", "إلي"),
    subject=("الموضوع", "موضوع"),
    cc=("نسخة", "نسخة إلى", "نسخة مخفية", "نسخه"),
    other=("الرد على", "المرفقات", "مرفقات", "الأهمية"),
    devices=(
        "أرسلت من …", "تم الإرسال من …", "مرسل من …", "أُرسلت من …", "تم إرسالها من …", "تم الإرسال باستخدام …",
        "مرسلة من …",
    ),
    adverts=(
        "الحصول على outlook لـ …", "احصل على outlook لـ …", "الحصول على outlook لنظام …",
        "الحصول على outlook لأجهزة …",
    ),
    closings=(
        "مع التحية", "مع أطيب التحيات", "وتفضلوا بقبول فائق الاحترام", "مع خالص التحية", "تحياتي", "مع تحياتي",
        "مع تحيات",
        "مع الشكر", "مع جزيل الشكر", "تفضلوا بقبول فائق الاحترام", "مع الشكر والتقدير", "وتقبلوا تحياتي",
        "أطيب التحيات",
        "مع فائق الاحترام",
    ),
    thanks=("وشكرا", "شكرا جزيلا", "شكرا"),
)  # fmt: skip
