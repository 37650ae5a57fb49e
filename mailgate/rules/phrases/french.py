"""French: how one asks to escalate, and what is no request."""

from __future__ import annotations

from mailgate.rules.phrases.shape import START, TOLD, Phrases

_WORDS = {
    "stop": (
        "ne|n|pas|jamais|plus|sans|aucune?|inutile|comment|qui|quand|pourquoi|ou|quelle?s?|combien|si|sinon|avant|apres"
        "|escalad(?:er|ez|e|ee|es|ees)|personne|rien|lorsque?|quoi|avoir|eu"
    ),
    "boss": (
        "(?:(?:votre|vos|la|le|l|les|un|une|ton|tes|ta|superieure?|direct|directe|haute) ){0,3}(?:responsables?|managers?"
        "|management|superieure?s?|superviseure?s?|hierarchie|direction|chefs?|directeurs?|directrice|encadrement)"
    ),
    "up": (
        "(?:au|a|aux|vers|aupres de|aupres du) (?:<boss>|(?:l |un |le )?(?:niveau|echelon) (?:superieur|suivant|[23]"
        "|hierarchique[^ ]*)|n ?[23]|niveau [23]|plus haut niveau|plus haut)|plus haut|en (?:haut lieu|interne)"
    ),
    "thing": (
        "tickets?|dossiers?|cas|incidents?|demandes?|problemes?|sujets?|points?|requetes?|tickets?|affaire|situation|panne"
        "|reclamation|plainte|anomalie|mails?|messages?|signalement"
    ),
    "it": (
        "(?:ce|cet|cette|ces|le|la|l|les|mon|ma|mes|notre|nos|cela|ceci|ca|present|presente|dit|urgent|mentionne|n|numero|no"
        "|#?\\d+|support|en cours|<thing>) "
    ),
    "inf": (
        "escalader|escalate|(?:faire |l |le |la |les |cela |ca )*(?:escalader|remonter)(?= (?:ce|cet|cette|le|la|mon|notre"
        "|ces|nos) (?:<thing>) )|(?:faire |l |le |la |les |cela |ca )+escalader"
        "|(?:(?:faire|le|la|l|les|cela|ca|y) ){0,2}(?:remonter|transmettre|passer|transferer|porter|signaler|monter) "
        "(?:<it>{0,6})(?:directement |rapidement |urgemment |d urgence )?<up>"
        "|(?:(?:faire|le|la|les) ){1,2}remonter(?= (?:[,?]|$|d urgence|rapidement|au plus vite|svp|en raison|car|urgemment"
        "|des que possible))"
        "|(?:faire|lancer|declencher|demander|proceder a|effectuer|prevoir|engager|initier|ouvrir|activer) (?:(?:une|l|la"
        "|cette) )?(?:procedure d )?escalade|parler (?:a|avec) (?:votre|un|une|ton|vos) <boss>|impliquer <boss>"
    ),
    "ez": (
        "escalad(?:ez|iez|e|es)|(?:remont(?:ez|iez)|fai?(?:tes|siez|ites|ssiez|is) remonter) (?:le |la |l |les |cela |ca "
        ")?(?=(?:ce|cet|cette|le|la|mon|notre) (?:<thing>) |<up>|$|,|svp|d urgence|rapidement)"
        "|(?:remont(?:ez|iez)|transm(?:ettez|ettiez)|passe(?:z|iez)|transfer(?:ez|iez)|fai(?:tes|siez) remonter|fassiez "
        "remonter) (?:<it>{0,6})<up>|fassiez (?:remonter|escalader)|lancez (?:une|l) escalade"
    ),
    "pp": (
        "escalade(?:e|s|es)?|(?:remonte(?:e|s|es)?|transmise?|passee?|transferee?) (?:directement |rapidement )?<up>"
        "|remontee?(?= (?:[,?]|$|svp|d urgence|rapidement|au plus vite|en raison|car))"
    ),
    "n": "escalades?|escalation",
    "adv": (
        "donc|aussi|egalement|vraiment|maintenant|desormais|immediatement|urgemment|rapidement|de nouveau|a nouveau|encore"
        "|vivement|bien|tout de suite|svp|par la presente|formellement|officiellement|en urgence|d urgence|au plus vite"
        "|absolument|imperativement|instamment|bien vouloir|vouloir|simplement|juste|plutot|desormais|des que possible|dores "
        "et deja|d ores et deja|alors|enfin|des maintenant|merci de|aimablement|expressement|a present|gentiment"
    ),
    "f": "(?:(?:<adv>|,) ){0,4}",
    "art": (
        "(?:(?:une|un|l|la|d|de|du|cette|votre|notre|mon|ma|le|immediate?|urgente?|rapide|formelle|officielle|demande"
        "|procedure|managerial|hierarchique|nouvelle|tickets?|ce|dossier|faire) ){0,5}"
    ),
    "own": (
        "je|j|nous|on|(?:mon|notre|ma|nos) (?:direction|responsable|client|clients|chef|manager|patron|equipe|hierarchie"
        "|societe|entreprise)|le client"
    ),
    "want": (
        "(?:souhait|demand|exig|aimer|reclam|sollicit|desir|prefer)(?:e|ons|eons|erais|erions|erait|ais|ions|ait|rais|rions"
        "|rait|es)|voudrais|voudrions|voudrait|veux|voulons|veut|requiers|requerons|(?:suis|sommes) (?:en train de demander"
        "|contraints? de demander|obliges? de demander|force(?:e|s|es)? de demander|dans l obligation de demander)"
        "|ai besoin|avons besoin|a besoin|(?:vous |te )?(?:prie|prions|demande|demandons|demanderais|demanderai|demanderons"
        "|saurais gre|serais reconnaissante?|serions reconnaissants?|invite|invitons|remercie|remercions|implore|suggere"
        "|suggerons|propose|proposons)|tiens a|tenons a|insiste|insistons|insiste pour|attends|attendons|compte sur vous"
        "|(?:me|nous) (?:demande|a demande)|dois (?:vous )?demander|devons (?:vous )?demander|me permets|nous permettons"
    ),
}

FR = Phrases(
    language="fr",
    words=_WORDS,
    stem=(
        " escala| remont| responsable| superieur| hierarch| directeur| directrice| direction| manage| chef| supervis"
        "| encadrement| niveau| echelon| n2 | n3 | n 2 | n 3 | plus haut| haut lieu"
    ),
    forms_of_courtesy=(
        "s il (?:vous|te) (?:plait|plais)|stp|si (?:cela |ca |c )?(?:est |vous est |t est )?possible|si (?:vous|tu) (?:le "
        ")?(?:pouvez|peux|voulez bien|veux bien)(?= [,?]| $)|si ca ne vous (?:ennuie|derange) pas|si (?:vous|tu) (?:le "
        ")?permet(?:tez|s)"
        "|si je peux me permettre|quand vous (?:pouvez|pourrez)|des que (?:vous (?:pouvez|pourrez)|possible)"
    ),
    requests=(
        r"(?:merci|veuillez|veuille|priere|svp|pri|remercie|remercions|mercid) (?:, )?<f>(?:a vous |a l equipe |encore |d "
        r"avance |par avance |beaucoup |vraiment )?(?:(?:de|d|pour|a) )?<f>(?:bien vouloir |vouloir |nous |m |me |aider a "
        r"|penser a )?(?:de |d |a )?(?:<inf>|<ez>)",
        r"(?:merci|veuillez|priere) <g6>et (?:de |d )?<f><inf>",
        r"(?:merci|veuillez|priere) (?:de |d )?(?:noter |prendre en compte |lancer |declencher |faire |proceder a |considerer "
        r"|traiter |engager |activer |initier |effectuer |prevoir |demander |ouvrir )<g5>(?:comme )?<art><n>",
        r"(?:pourriez|pouvez|pourrais|peux|pouviez|voulez|voudriez|accepteriez|pourrait|peut|puis|pouvons|pourrions|saurait"
        r"|savez) (?:vous|tu|on|je|nous|quelqu un|il) <f>(?:me |nous |m |y |penser a |aider a |, )?(?:bien |vouloir |demander "
        r"a <boss> de )?(?:<inf>)",
        r"(?:vous|tu|on|quelqu un|je|nous) (?:pourriez|pouvez|pourrais|peux|pourrait|peut|puis|pouvons|pourrions) <f>(?:me "
        r"|nous |y )?(?:<inf>)",
        r"(?:pourriez|pouvez|pourrais|peux|voulez|voudriez) (?:vous|tu) <g7>et <f>(?:<inf>)",
        r"(?:serait|est|sera|semble) (?:il|t il|ce)? ?(?:<f>)(?:vous |te )?(?:serait )?(?:il )?possible (?:, )?(?:<f>)(?:pour "
        r"vous )?(?:d |de |que )(?:<f>)(?:<inf>|<it>{1,5}(?:soit|puisse etre) <f><pp>|vous <ez>|<art><n>)",
        r"(?:moyen|possibilite|envisageable) (?:pour vous )?(?:d |de )(?:<inf>)",
        r"<own> (?:<f>)(?:vous |te |m |me |nous )?<want> (?:<f>)(?:vous |te )?(?:a vous )?(?:(?:de|d|a|pour|par|afin de|afin "
        r"d) )?(?:<f>)(?:demander (?:de |d |a )?)?(?:<inf>)",
        r"<own> (?:<f>)(?:vous |te |m |nous )?<want> (?:, )?(?:<f>)(?:que |qu |a ce que |pour que )(?:vous |tu |l equipe |on "
        r"|votre equipe )(?:<f>)(?:l |le |la |nous l )?<ez>",
        r"<own> (?:<f>)(?:vous |te |m |nous )?<want> (?:, )?(?:<f>)(?:que |qu |a ce que |voir |pour que )(?:<it>{1,6}|il "
        r"|elle )(?:soit|puisse etre|fasse|doit etre) (?:<f>)(?:<pp>|l objet d une <n>)",
        r"<own> (?:<f>)(?:vous |te |m |nous )?<want> (?:<f>)(?:(?:d|de|a|pour|obtenir|ouvrir|declencher|lancer|faire|initier"
        r"|voir) ){0,2}<art><n>",
        r"<it>{1,5}(?:<f>)(?:doit|devrait|necessite|requiert|merite|demande|a besoin) (?:<f>)(?:etre |d etre |d |de "
        r")?(?:<f>)(?:<pp>|<art><n>)",
        rf"{TOLD}il (?:faut|faudrait|convient|conviendrait|est temps|est urgent|est necessaire|devient urgent|serait bien"
        rf"|serait bon) (?:<f>)(?:(?:d|de) )?(?:<f>)(?:<inf>|que vous (?:l |le )?<ez>|que <it>{{1,5}}soit <pp>)",
        rf"{START}<art>(?:<n>|remontee <up>) (?:<f>)(?:immediate |urgente )?(?:souhaitee|demandee|requise|necessaire|(?:svp"
        rf"|stp)(?= [,?]| $)|exigee|s impose)",
        r"(?:nous|je) (?:<f>)(?:escalad(?:e|ons)|faisons remonter|fais remonter|faisons une escalade) "
        r"(?:<f>)(?:<it>{1,6})?(?=(?:[,?]|en raison|car|aupres de vous|vers vous|suite|pour|a cause|du fait|vu|compte tenu) "
        r"|$)",
        r"(?:considerez|considerer|traitez|prenez) <g6>comme (?:<art>)(?:<n>|escalade[es]*)",
        r"(?:ceci|cela|ce mail|ce message|c) est (?:<art>)<n>",
        r"(?:j |je |nous )?(?:aimerais|souhaite|veux|voudrais|voudrions|souhaitons|souhaiterais|souhaiterions|apprecierais"
        r"|apprecierions) (?:parler|m entretenir|echanger|discuter) (?:<f>)(?:a|avec) (?:votre|un|une|ton|vos) (?:<boss>)",
        r"(?:apprecierais|apprecierions|reconnaissante?s?|gre|reconnaissante?|apprecie|bien|gentil|sympa|content|heureux) "
        r"(?:<g3>)(?:si vous pouviez|si tu pouvais|de bien vouloir|de|d) (?:<f>)(?:<inf>)",
        rf"{START}escaladez (?:<it>{{0,6}})(?:, )?(?:svp|stp|merci|urgemment|d urgence|rapidement)",
        r"a (?:<inf>) (?:svp|d urgence|rapidement|au plus vite|des que possible|en urgence|urgemment)",
    ),
    imperatives=(
        r"(?:(?:donc|alors|bonjour|bonsoir|urgent|ok|oui|a tous|madame|monsieur|l equipe|et) (?:, )?){0,4}(?:<ez>)(?= (?:[,?]"
        r"|$|<it>|moi|svp|d urgence|rapidement|immediatement|au|a|vers|maintenant|en raison|car|le|la) |$)",
        r"(?:(?:bonjour|bonsoir|urgent|madame|monsieur) (?:, )?){0,3}(?:demande|demandons|souhaite|souhaitons|demande "
        r"urgente) (?:<f>)(?:(?:d|de|a|pour) )?(?:<art>)(?:<n>|<inf>)",
    ),
    taken_back_before=(
        r"(?:comment|qui|quand|pourquoi|ou|quelle?s?|combien|quoi|si|a qui)(?: (?:est ce qu?|dois|puis|peut|[^ ,?]+)){0,3}",
        r"(?:n|ne|pas|sans|jamais|plus|inutile|aucune?|ni)(?: (?:d|de|une?|l|besoin|la|le|faut|pas|que|en|y|vous|me|nous|m"
        r"|lui|encore|a)){0,3}",
        r"(?:il|elle|ils|client|vous|page|site|manuel|documentation|message|bouton|formulaire|collegue|technicien) (?:(?:a"
        r"|ont|m a|nous a|avez|avait|me|nous) ){0,2}(?:dit|disent|ecrit|indique|demande|repondu|dites|affiche|suggere"
        r"|conseille|propose)(?: [^ ,?]+){0,3}(?: ,)?",
        r"(?:procedure|etapes?|consignes?|processus|manuel|modele|script|faq|titre|mot|mots|bouton|intitule|phrase) (?:[^ ,?]+ ){0,4},",
        r"(?:ai|avons|avez|a|ont|avait|avions|avais|etait|ete|fut) (?:deja |bien )?(?:(?:demande|souhaite|ete|voulu|fait) "
        r"?)?(?:a |de |d |que )?(?:une )?",
        r"(?:pour|avoir|apres|de l|d l)",
        r"(?:si|sinon|sauf si|a defaut|au cas ou) (?:[^ ,?]+ ){0,2}",
    ),
    taken_back_after=(
        r"(?:pas|jamais|rien|plus)",
        r"(?:un|une|des|chaque|tout|toute|tous|d autres|les|quelques) (?:autres? )?(?:tickets?|dossiers?|incidents?|demandes?"
        r"|cas|problemes?)(?: (?:[^ ,?]+ ){0,12}[?]| par| via|$)",
        r"(?:de |des |du |d |les |la |l |vos |nos |le |une )?(?:privileges?|prix|couts?|tensions?|violence|conflits?|droits?"
        r"|mur|montagne|paroi|sommet|tarifs?|depenses?)",
        r"(?:prevue|manager|team|actuelle|existante|interne|en cours|automatique|a eu lieu|est (?:terminee|en cours|deja"
        r"|faite|possible)|n|ne)",
        r"(?:<it>{1,5})?(?:a|aupres de|chez|vers) (?:mon|ma|notre|nos)",
        r"en interne(?: [,?]| chez|$)",
        r"<g8>(?:, )?(?:seulement |uniquement )?(?:si|sauf si|en cas|au besoin|a moins|le cas echeant|si besoin|si necessaire"
        r"|au cas|lorsque?|quand|des que|une fois|avant que?|apres|plus tard|dans le cas|uniquement en)",
    ),
    joint="et|mais|alors|ou|puis|aussi|merci",
    conditions=(
        "si|s il|s ils|s|sinon|sauf si|en cas|au cas|a defaut|dans le cas|faute de|sans (?:reponse|retour|nouvelles|solution"
        "|amelioration|action|correction|resolution|intervention)|autrement|lorsque|des que|une fois|quand|le cas echeant"
        "|auquel cas"
    ),
    therefore="donc|c est pourquoi|par consequent|en consequence|de ce fait|ainsi|aussi",
)
