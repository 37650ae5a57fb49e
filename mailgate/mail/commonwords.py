"""The commonest words and the letters of languages, for mail/language. Lower case.

Laws: constant tables; a language is added here, and named in mail/language when it may be an answer.
"""

from __future__ import annotations

# The commonest words of a mail; a word of several languages is worth less. The languages behind the blank line keep their
# neighbours honest: a text in one of them is nobody's.
WORDS = {
    "en": (
        "the and of is you that it for are with this have not on be was we from your they my but what when "
        "which would there has can could please thank thanks been our will about if do does how get after "
        "since any were an by hello as at all out no it's i'm don't can't i've need working again still us me "
        "then them than into just only so or to in a i also because where why who should did had their his "
        "her he she its more some now new one up here let know see use before able"
    ),
    "fr": (
        "le la de en les des est et vous que une pour dans nous pas ne sur avec ce je qui au plus sont mais "
        "cette mon votre notre être ont par merci bonjour j'ai c'est du il aux tout très depuis peut ai nos "
        "vos cela fait été leur comme même quand où d'un d'une n'est qu'il l'on problème sans un elle ils on "
        "y se sa son ses mes ma si ça bien aussi après encore avez avons chez dont sous vers alors donc faire "
        "fonctionne dès car deux rien toujours jour êtes était peu faut n'a puis"
    ),
    "de": (
        "der die das und ist nicht ich sie wir ein eine zu den mit von auf für im dem sich auch es wird bitte "
        "hallo haben werden sind aber bei nach noch wie oder kann als aus wenn keine einen zum zur über vom "
        "ihre unsere mir uns dass seit hat mein können danke vielen gibt mehr schon in an am er ihr was wo "
        "nur so da dann einer eines einem meine unser ihnen mich war wurde wieder jetzt immer hier um diese "
        "dieser dieses bis ohne geht funktioniert heute muss sehr gerne leider kein habe"
    ),
    "es": (
        "el los de en las que y es una por con para no se del está son pero como más su mi hola gracias tiene "
        "puede este esta todo muy hay desde cuando nos sin ya fue lo tengo nuestro usted también porque ha "
        "han hemos estamos favor buenos días sobre hasta qué al si un la le les me te o ni eso ese esa estos "
        "nuestra tenemos puedo cómo dónde donde ahora después antes hace ser estar sus otro otra aquí así "
        "sólo solo nada cada entre cual quien funciona buenas tardes necesito necesitamos"
    ),
    "it": (
        "il che di è non un una per con sono della del nel anche ma come più questo questa ho ha abbiamo ciao "
        "buongiorno grazie gli lo al alla dei delle si ci essere stato quando perché può dalla sul nostro mi "
        "vi dopo ancora tutto senza suo molto se prego i le la e a da in o nella dal sulla mio mia nostra "
        "vostro questi quello quella fare fatto siamo avete hanno cosa dove solo sempre già oggi ieri qui "
        "così ogni qualche però quindi poi prima né funziona salve potete"
    ),
    "pt": (
        "o os de que não é uma um para com do em da no na se por mais está como foi você ao dos das mas "
        "obrigado obrigada olá bom dia tem são isso este esta muito nosso nossa quando também já pelo pela "
        "seu sua favor estou temos até desde ele à sem nos eu ser a as e ou me meu minha num numa nas às aos "
        "vocês tenho ter ela eles depois agora hoje ontem ainda onde porque qual quem pode podem fazer só bem "
        "tudo nada estamos foram era aqui então assim funciona preciso"
    ),
    "nl": (
        "de het een en van is niet ik dat op te zijn voor met die er aan heb hebben wij we u je maar om ook "
        "als bij nog wel kan naar uit door over dit deze geen hallo bedankt graag mijn ons onze wordt worden "
        "heeft sinds kunnen wat al dan hoe meer in was hij ze uw jullie jij moet mag zou waar wanneer wie "
        "omdat want na tot tegen tussen zonder hier daar alles iets niets weer altijd vandaag werkt goed even "
        "goedemorgen goedemiddag elke keer nu alleen veel waarom hebt bent doet komt gaat kunt moeten willen "
        "wil gedaan iemand niemand dus zo toch beste"
    ),
    "pl": (
        "i w nie na się z do jest że to jak o dla po ale od czy mam mamy proszę dziękuję są przez już przy "
        "będzie tylko oraz co a za tak jako ten ta te tego tej tym jego jej ich był była było być może można "
        "który która które gdy kiedy gdzie jeszcze bardzo dzień dobry nam nas mi mnie państwa pan pani u ze "
        "we bo więc też również nasz nasza działa chcę teraz tutaj bez pod nad przed"
    ),
    "da": (
        "og denne dette disse må andre ingen flere skulle skal bedre deres at det er på for ikke med jeg vi "
        "har til af den et en kan fra men om hej tak når så også efter over vores mit min eller være hvor "
        "blev de som der i han hun mig dig os jer hvad hvorfor hvordan nogen noget nogle meget kun nu her "
        "igen siden ud op ind bliver blive ville kunne vil var havde mange alle intet lige gør giver uden "
        "under før hele selv dage virker fungerer venligst anden andet gerne hvornår sige siger måske uge tid "
        "gennem brug bruge indtil imellem mellem følgende jeres hver samme endnu kommer tilbage stadig fejl"
    ),
    "sv": (
        "och att det är på för inte med jag vi har till av den ett en kan från men om hej tack när så också "
        "efter över vårt mitt min vår eller vara ska som de i han hon mig dig oss er ni vad varför hur någon "
        "något några mycket bara nu här igen sedan ut upp in blir bli ville kunde vill var hade många alla "
        "ingen inget gör ger utan under före hela själv dagar fungerar vänligen detta denna dessa måste där "
        "vilken kommer hjälp"
    ),
    "nb": (
        "og andre ingen flere skulle skal bedre at det er på for ikke med jeg vi har til av den et en kan fra "
        "men om hei takk når så også etter over vår vårt mitt min eller være hvor ble de som der i han hun "
        "meg deg oss dere hva hvorfor hvordan noen noe mye bare nå her igjen siden ut opp inn blir bli ville "
        "kunne vil var hadde mange alle gjør gir uten under før hele selv dager virker fungerer vennligst "
        "denne dette disse må kommer hjelp prøvd å annen annet gjerne si sier kanskje uke tid gjennom bruk "
        "bruke mellom følgende deres hver samme ennå tilbake fortsatt feil fått får"
    ),
    "fi": (
        "ja on ei se että en kun niin mutta jos voi ole oli kiitos hei myös kuin tai sen ovat meidän olen "
        "minun minä me te he hän tämä tämän nyt vain jo vielä mitä miten missä siitä sitä ne niitä kanssa "
        "ennen jälkeen koska olemme olette meillä minulla teidän voisitteko voitteko pitää saa toimi toimii "
        "eivät emme enää aina mukaan sekä eli kaikki joka jotka tänään eilen terve ollut olla olisi voisi "
        "täytyy vaikka joten kuten jotta eikä vaan ilman kautta sitten uudelleen takaisin edelleen tulee tuli "
        "tulla itse milloin miksi mikä onko teille meille meiltä meistä sinun hyvin paljon kertaa kerta "
        "lähtien saakka asti yksi kaksi"
    ),
    "cs": (
        "a v na se je že to s z do o k jako pro ale od po jsem jsme není by prosím děkuji při jen také už "
        "který má i za ve ke u si jak co tak když kde nebo byl byla bylo být může můžete mám máme ještě velmi "
        "dobrý den nám nás mi mě vás vám tento tato toto této jeho jejich která které dnes včera teď tady bez "
        "před mezi protože nefunguje funguje potřebuji potřebujeme naší naše náš naši vaši vaše váš vaší jste "
        "budeme bude jsou pokud tím tom té těch nich něco nic vše všechno kdy"
    ),
    "hu": (
        "a az és nem hogy egy is van ez de már csak meg azt ha mint kérem köszönöm nincs után volt el ki be "
        "le fel még vagy mert ezt erre arra ami aki amely hol mikor hogyan miért nagyon minden most itt ott "
        "lehet kell tud tudjuk lesz lett voltak vagyok vagyunk jó napot nekem nekünk sem se majd pedig így "
        "úgy ma tegnap óta alatt között működik szeretném szeretnénk"
    ),
    "ro": (
        "și în de la este nu cu pe pentru un o să am care din mai sunt dar ce mulțumesc după când avem fost "
        "prin a al ale lui ei el ea noi voi mi ne se au are că ca sau dacă acest această acum aici unde cum "
        "foarte tot toate fără până între bună ziua vă rog putem poate trebuie funcționează nostru noastră "
        "meu mea si sa fi fie iar deja decât"
    ),
    "tr": (
        "ve bir bu için ile de da çok ama var değil gibi daha olarak ne merhaba teşekkürler lütfen ben biz "
        "siz o şu mi mı mu ki en kadar sonra önce nasıl neden nerede zaman yok her hiç sadece artık şimdi "
        "bugün dün olan oldu olur olmadığı bana bize bizim benim sizin göre veya ya hem çalışmıyor çalışıyor "
        "istiyorum istiyoruz rica ederim ederiz iyi günler sayın kez hala üzerinde"
    ),
    "vi": (
        "và là của có không được cho trong với các một những này đã khi người để từ đến tôi chúng bạn anh chị "
        "em xin chào cảm ơn vui lòng bị sẽ đang nhưng thì mà nếu vì sao làm thế nào rất cũng lại ra vào lên "
        "xuống trên dưới sau trước hôm nay vẫn ai gì đó cần phải giúp máy in việc lỗi như về theo nhiều hơn "
        "tại"
    ),
    # ---
    "ca": (
        "i que de la el els les no és una per amb del al com més està són però gràcies bon dia tenim aquest "
        "aquesta quan també molt un hem ha han pel des fins nostre nostra sense ja us ens em on perquè si "
        "plau"
    ),
    "sk": (
        "a v na sa je že to s z do o k ako pre ale od po som sme nie by prosím ďakujem pri len aj už ktorý má "
        "za si čo keď kde alebo bol bola bolo byť môže môžete mám máme ešte veľmi dobrý deň nám nás mi vás "
        "vám tento táto toto jeho dnes včera teraz nefunguje"
    ),
    "hr": (
        "i u na se je da za od s iz koji što kao su ali ili ne nije sam smo bi biti molim hvala dobar dan "
        "kako kada gdje ovo to nam vas vam još samo već nakon prije može možete imamo imam jer ako sve"
    ),
    "sl": (
        "in v na se je da za od s z ki kot so ali ne ni sem smo bi biti prosim hvala dober dan kako kdaj kje "
        "to nam vas vam še samo že po pred lahko imamo imam ker če vse pri tudi"
    ),
    "et": (
        "ja on ei see et kui aga või ka oli tere aitäh palun mis kas siis nii meie ma me te oma pole saa enam "
        "ning kuid täna"
    ),
    "lt": (
        "ir yra ne kad tai su iš į kaip bet ar mes jūs labas ačiū prašome buvo nuo dėl kai jau tik per"
    ),
    "id": (
        "yang dan di untuk dengan ini itu tidak dari pada ada saya kami akan ke bisa terima kasih sudah anda "
        "atau juga karena tolong mohon tersebut kita apa bagaimana sejak"
    ),
    "la": (
        "et in ut ad non cum ex ac sed quam vel nec sit amet aut quis nisi sem eget nunc at vitae nulla ipsum "
        "dolor lorem"
    ),
    "af": (
        "die en van is nie ek dat op te vir met wat aan het ons maar om ook as by nog kan na uit deur oor "
        "hierdie geen my jou word"
    ),
}  # fmt: skip

# Letters that few languages have, and which.
LETTERS = {
    "ß": "de", "ä": "de sv fi sk et", "ö": "de sv fi hu tr et", "ü": "de hu tr et", "å": "sv da nb",
    "ø": "da nb", "æ": "da nb", "ñ": "es", "¿": "es", "¡": "es", "ç": "fr pt tr ca", "ê": "fr pt vi",
    "è": "fr it ca", "ë": "nl fr", "à": "fr it pt ca vi", "ù": "fr it vi", "û": "fr", "î": "fr ro",
    "ï": "fr nl ca", "œ": "fr", "ã": "pt vi", "õ": "pt vi et", "ò": "it ca vi", "ì": "it vi", "ł": "pl",
    "ą": "pl lt", "ę": "pl lt", "ś": "pl", "ż": "pl", "ź": "pl", "ć": "pl hr", "ń": "pl", "ě": "cs",
    "ř": "cs", "ů": "cs", "č": "cs sk hr sl lt", "š": "cs sk hr sl lt et", "ž": "cs sk hr sl lt",
    "ý": "cs sk vi", "ď": "sk cs", "ľ": "sk", "ĺ": "sk", "ô": "sk fr vi", "ő": "hu", "ű": "hu",
    "ă": "ro vi", "â": "ro fr vi pt", "ș": "ro", "ț": "ro", "ţ": "ro", "ş": "tr ro", "ğ": "tr", "ı": "tr",
    "đ": "vi hr", "ơ": "vi", "ư": "vi", "ė": "lt", "ū": "lt", "į": "lt", "ų": "lt",
}  # fmt: skip
