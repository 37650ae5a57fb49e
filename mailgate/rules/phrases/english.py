"""English: how one asks to escalate, and what is no request."""

from __future__ import annotations

from mailgate.rules.phrases.shape import START, Phrases

_BOSSES = (
    "managers?|management|supervisors?|boss|bosses|superiors?|directors?|team ?leads?|team leaders?|leads?|leadership|head of support"
    "|higher ups?|seniors?|duty manager|executives?"
)
_WORDS = {
    "stop": (
        "not|never|no|without|nothing|nobody|none|how|who|whom|why|when|where|what|which|whether|if|unless|until|before|after|than"
        "|instead|cancel|close|stop|undo|remove|withdraw|ignore|end|revert|closing|stopping|escalat(?:e|ed|ing|ion)|cannot"
        "|hardly|rather|that"
    ),
    "boss": f"(?:(?:your|a|an|senior|upper|higher|duty|shift|support|someone|somebody|line|top|s) ){{0,4}}(?:{_BOSSES})",
    "up": (
        "<boss>|(?:the |a |your )?(?:(?:next|higher|second|third|2nd|3rd) (?:level|tier|line)|(?:level|tier|line) ?[234]"
        "|l[234])(?: (?:support|engineers?|team|engineering))?"
        "|(?:someone|somebody) (?:more senior|senior|higher up|above you|with authority)|the chain"
    ),
    "thing": (
        "tickets?|cases?|issues?|matters?|problems?|incidents?|requests?|ones?|outages?|things?|situation|topic|complaint|fault|error|bug"
        "|enquiry|inquiry"
    ),
    "it": (
        "(?:this|it|that|these|the|my|our|said|above|mentioned|support|open|whole|entire|urgent|critical|important|number|no|#?\\d+|same"
        "|current|<thing>) "
    ),
    "v": (
        "escalate|(?:raise|take|bring|move|push|bump|send|pass|forward|refer|hand|put|kick|report|elevate) <it>{1,6}(?:over "
        "|on |up |directly "
        "|straight |further |forward |through |higher )?(?:to|with|up) <up>|involve <boss>|get <it>{1,4}(?:in front of|to) <boss>"
        "|(?:get|have) <boss> (?:involved|(?:to )?(?:look|review|check|call|contact|phone|step in|take over|get involved|get "
        "in touch|respond|reply))"
        "|(?:put|connect|transfer) (?:me|us) (?:through )?(?:to|with) <boss>"
        "|(?:speak|talk) (?:directly )?(?:to|with) (?:your|a|someone s) (?:<boss>)"
    ),
    "ed": (
        "escalated|(?:raised|taken|brought|moved|pushed|bumped|sent|passed|forwarded|referred|handed|kicked|reported|elevated) "
        "(?:over |on |up |directly |straight |further |higher )?(?:to|with|up) <up>"
    ),
    "n": "escalations?",
    "adv": (
        "also|just|now|then|further|urgently|immediately|quickly|again|formally|officially|hereby|therefore|kindly|please|pls|plz|really"
        "|still|definitely|asap|at least|do|strongly|respectfully|politely|simply|thus|at once|once more|once again|as soon as possible"
        "|finally|already|directly|somehow|perhaps|maybe|possibly|actually|both|all|very much|only|absolutely|today|right "
        "away|straight away"
        "|immediate|urgent"
    ),
    "f": "(?:<adv> ){0,3}",
    "pl": "please|pls|plz|plse|kindly|pleas|pleeease",
    "art": (
        "(?:(?:an?|the|this|your|our|my|its|immediate|urgent|formal|official|further|management|manager|ticket|case|proper|full|quick"
        "|priority|prompt|possible|internal|technical|for|on|of|level|higher|second|direct|executive) ){0,5}"
    ),
    "you": (
        "you|u|ya|your (?:team|colleagues?|side|manager|people)|someone|somebody|anyone|anybody|support|the (?:team|desk"
        "|support team)|one of you"
    ),
    "who": "<you>|we|i",
    "own": (
        "i|we|and|(?:my|our) (?:boss|manager|management|director|team|company|customers?|clients?|users|cto|ceo|cio|head"
        "|business|lead|side"
        "|organi[sz]ation|leadership|supervisor)|the (?:client|customer|business|end customer|end user)"
    ),
    "want": (
        "want|wants|need|needs|wish|wishes|would (?:really |very much |also |kindly |therefore |still )?(?:like|love|prefer"
        "|ask|request|appreciate|suggest"
        "|recommend|want|urge)|request|requests|ask|asks|demand|demands|insist|insists|urge|beg|expect|require|requires|recommend"
        "|suggest|propose|hope|like|(?:am|are|is) (?:<adv> )?writing to (?:<adv> )?(?:ask|request|demand|insist)|(?:am|are"
        "|is) (?:<adv> )?(?:asking|requesting|demanding|writing|insisting|begging|looking|hoping|going to ask|pushing"
        "|calling)"
        "|(?:must|have to|has to|need to|wish to|want to|would like to|am going to have to|will have to|shall) (?:<adv> "
        ")?(?:ask|request|insist|demand|see)"
        "|(?:have|has) (?:now )?asked|(?:have been|was|were|ve been|has been|am) (?:asked|told|instructed|requested)(?: by "
        "(?:my|our) [^ ,?]+)?"
    ),
    "must": "need|needs|have|has|must|got|ought",
    "modal": "can|could|would|will|may|might",
    "notyet": "(?:do not|don't|dont|not) (?:hesitate|forget|fail|be afraid)",
}

EN = Phrases(
    language="en",
    words=_WORDS,
    stem=(
        " escalat| manag| supervis| boss| superior| director| lead | leads | leader| higher| next level| senior| tier"
        "| level| l2 | l3 | executive| elevat| head of| second line| third line| 2nd line| 3rd line"
    ),
    forms_of_courtesy=(
        "if (?:at all |in any way |it is |that is |its |it s )?(?:possible|feasible)|if you (?:do not|would not) mind|if "
        "(?:that|this|it) is (?:ok|okay|fine|alright)"
        "|(?:if|when|whenever|once|as soon as) you (?:can|may|have (?:a|the) (?:moment|minute|time|chance)|get (?:a|the) "
        "(?:chance|moment|minute))(?= [,?]| $| please)"
        "|if i may|if you please|if you would(?= [,?]| $)|as soon as (?:possible|you can)"
    ),
    requests=(
        # please escalate; please do not hesitate to escalate; please check and escalate; please have someone escalate
        r"<pl> (?:, )?<f>(?:(?:<you>|help(?: us| me)?(?: to)?|try to|go ahead and|make sure (?:to|you)|ensure you|be so kind "
        r"(?:and|to|as to)|feel free to|consider"
        r"|proceed to|remember to|<notyet> to|start to|let us|lets) )?(?:, )?<f><v>",
        r"<pl> <g8>(?:and|&|or) <f>(?:then )?<v>",
        r"<pl> <f>(?:ask|get|have|tell|urge|instruct|contact|allow|let) <g6>(?:to |and )?<f><v>",
        r"<pl> <f>(?:get|have|see(?: that)?|make sure(?: that)?|ensure(?: that)?|mark|flag|treat|consider|set|proceed) "
        r"<g6>(?:as |for |to |with )?<art>(?:<ed>|<n>|escalating)",
        r"<pl> <f>(?:arrange|request|start|initiate|trigger|launch|begin|provide|accept|take|regard|log|register|file|raise"
        r"|open|give|consider|treat|see|do|make|process|perform|organi[sz]e)"
        r" (?:<it>{1,4})?(?:as |for |to )?<art><n>",
        r"<pl> <art><n>",
        # could you escalate; can we get this escalated; can this be escalated; would you mind escalating
        r"(?:<modal>|(?:can|could|would|will) not|can't|couldn't) <who> <f>(?:(?:be so kind (?:and|to|as to)|be able to"
        r"|help(?: us| me)?(?: to)?|try to|go ahead and|ask [^ ,?]+ [^ ,?]+ to|look into it and"
        r"|consider|arrange to|agree to|look at (?:this|it) and|maybe) )?(?:, )?<f><v>",
        r"<modal> <who> <g8>and <f><v>",
        r"<modal> <who> <f>(?:get|have|see|consider|mind|arrange|request|initiate|start|trigger|raise|open|make|ask for|do"
        r"|ensure|make sure) <g6>(?:be |is |gets )?(?:<ed>|escalating|<art><n>)",
        r"<modal> <it>{1,5}<f>(?:be|get) <f><ed>",
        r"would you be (?:able|willing|so kind|kind enough|happy) (?:as )?(?:to|and) <f><v>",
        r"(?:is it|would it be|might it be|is it not|is there) (?:<g3>)(?:possible|ok|okay|feasible|way|chance|possibility"
        r"|option|time) (?:please )?(?:(?:for )?<who> )?"
        r"(?:to|that|of|for|could|can) (?:<who> )?(?:could |can )?<f>(?:<v>|escalating|(?:have|get|getting|having) <g5><ed>"
        r"|<it>{1,5}(?:to )?(?:be |being |can be |could be |is )?<ed>)",
        r"(?:any|is there a|is there any) (?:chance|way|possibility) <g5>(?:<v>|escalating|<ed>|<art><n>)",
        # I want to escalate; I would like you to escalate; I want this escalated; we request an escalation
        r"<own> <f><want> (?:, )?(?:(?:if|whether) <you> <f>(?:could|can|would) |for <you> |<you> |of you )?<f>(?:to |that "
        r")?(?:(?:<who>|please) )?(?:should |must |could |can )?<f>(?:help (?:us |me )?)?<v>",
        r"<own> <f><want> (?:that |for |to (?:have|get|see) )?(?:<you> to (?:have|get|see) )?(?:<it>{1,6})(?:to |should |must "
        r"|can |will |could )?(?:be |get |gets |is |being )?<f><ed>",
        r"<own> <f><want> (?:that |for |on |to (?:request|have|ask for|see|get|initiate|start|demand|receive|open|raise|make"
        r"|trigger) |you to <g2>)?<art><n>",
        r"<own> <f><want> <it>{1,5}(?:as )?<art><n>",
        r"<own> <f><must> (?:to )?<f>(?:get |have |see )?(?:<v>|<it>{1,5}(?:to be )?<ed>)",
        r"<own> (?:do )?(?:hereby|therefore|now|formally|officially) (?:<adv> )?escalate",
        r"(?:i am|we are) <f>escalating",
        r"(?:appreciate|appreciated|grateful|great|nice|glad|good|helpful|thankful|kind|happy|obliged|pleased|wonderful|ideal"
        r"|delighted|awesome) "
        r"(?:<g3>)(?:if|that) <who> (?:<modal> )?<f>(?:<v>|(?:get|have|see) <g5><ed>)",
        r"(?:appreciate|appreciated|grateful|great|nice|glad|good|helpful|thankful|kind|happy|obliged|pleased|wonderful|ideal) "
        r"(?:<g3>)if <it>{1,5}(?:<modal> )?<f>(?:be |were |was |is |gets |got )?<f><ed>",
        r"(?:appreciate|grateful for|thank you in advance for|thanks in advance for|thanking you in advance for) <f>(?:you "
        r"|your |it being |<art>)?(?:escalating|<n>)",
        # this needs to be escalated; it must be escalated
        r"<it>{1,5}<f>(?:really |clearly |urgently )?(?:needs?|requires?|deserves?|warrants?|must|should|has to|have to|ought "
        r"to|wants) <f>(?:to )?(?:be |get )?<f>(?:<ed>|escalating|<art><n>)",
        r"it is (?:<adv> |high |about |past )*time (?:to|for you to|that you|you|we|that we) <f><v>",
        # this is a request to escalate; requesting escalation; escalation requested
        r"this (?:mail |email |message |one )?is <art>(?:request )?(?:for |to )?<art>(?:<n>|<v>)",
        r"(?:consider|treat|regard|take|count) (?:<it>{1,5})(?:as |to be )?<art>(?:<ed>|<n>)",
        r"let(?: us|s|'s) <f>(?:<v>|get <it>{1,4}<ed>)",
        r"(?:you|your team|support) <f>(?:must|need to|have to|should|ought to) <f>(?:now )?<v>",
        r"why (?:do not|don't|dont|not) (?:<who> )?(?:just )?<v>",
        rf"{START}<art><n> <f>(?:is |are )?<f>(?:(?:please|pls)(?= [,?]| $| (?:due|as|because|for|to|on|since) )|requested"
        rf"|required|needed|necessary|wanted|warranted|demanded)",
        rf"{START}escalate (?:<it>{{0,6}})(?:, )?(?:please|pls|plz|asap)",
    ),
    imperatives=(
        r"(?:(?:so|then|now|urgent|ok|okay|yes|well|right|again|hi|hello|hey|dear|all|team|support|sir|madam|and) (?:, "
        r")?){0,4}(?:do |just )?(?:please )?escalate (?:<it>{1,6}|now|asap|immediately|further|at once"
        r"|to <up>|[,!?]?(?=$))",
        r"(?:(?:so|then|now|urgent|ok|okay|yes|hi|hello|all|team|support|sir|madam) (?:, )?){0,4}escalate(?= (?:to|due"
        r"|because|as|since|for|in|until) |$)",
        r"(?:hi |hello |all |team |, ){0,4}(?:formally |hereby |urgently )?(?:requesting|asking for|request for|request"
        r"|requested|demanding|we hereby request|want|need|would like) <art>(?:<n>|this (?:ticket )?(?:to be |be )?<ed>)",
        r"(?:hi |hello |all |team |, ){0,4}(?:would like|want|wish|need|asking|requesting|writing|wanting) (?:for )?(?:you )?to <f><v>",
        r"(?:high |about |past |so |, ){0,2}time (?:to|for you to|that you|you) <f><v>",
        r"(?:hi |hello |all |team |, ){0,4}escalating (?:<it>{1,6}|due|because|as|to)",
    ),
    taken_back_before=(
        r"(?:how|(?<! point )(?<! stage )where|who|whom|why|when|what|which|whether)(?: [^ ,?]+){0,2}",
        r"(?:do|does|did)",
        r"(?:no|not|never|without|nobody|n't)(?: (?:an?|any|the|need|reason|necessary|want|wants|wanting|asking|need for"
        r"|like))?(?: to| for)?",
        r"(?:no|not any|not an)",
        r"[^ ,?]+(?<! i)(?<! we)(?<! have)(?<! already)(?<! also)(?<! just)(?<! before) (?:says?|said|wrote|writes|reads?"
        r"|states?|replied|answered|suggests?|told|displays?|shows?|tells?)"
        r"(?: (?:me|us|them|you|people|users|to|that|things like|like|something like|,))*",
        r"(?:phrase|words?|called|named|titled|labell?ed|quote|steps?|procedure|instructions?|process|policy|runbook|script"
        r"|template|subject|title|playbook|checklist|faq|sop) (?:[^ ,?]+ ){0,4}(?:,)",
        r"(?:privileges?|permissions?|rights?)",
        r"(?:had|have|has|having|was|were|once|already) (?:i |we )?(?:already |been |just )?(?:asked|requested|wanted|told)?",
        r"(?:tried|wanted|refused|promised|failed|forgot|going|about|threatened|ready|able|decided) to",
        r"(?:my (?:colleague|son|friend|brother|neighbou?r)|they|he|she) (?:[^ ,?]+ ){0,2}",
        r"(?:if|unless|otherwise|else) (?:[^ ,?]+ ){0,2}",
    ),
    taken_back_after=(
        r"(?:an? |any |every |each |all |such |other |some |those |future |new |more )?(?:tickets|issues|cases|problems|incidents)",
        r"(?:an?|any|every|each|other|another|some|such|privileges?|permissions?|rights|costs?|prices?|tensions?|conflicts?"
        r"|things|quickly from)",
        r"(?:the |my |our |your |its |their )(?:[^ ,?]+ )?(?:privileges?|permissions?|rights|costs?|prices?|conflict|war"
        r"|tension|blood|pressure|violence|fees?)",
        r"(?:plugin|role|account|console|api|app|interface|view|node|server|service|matrix|path|paths|process|processes"
        r"|procedures?|polic(?:y|ies)|managers?|teams?|levels?|contacts?|list|e ?mail"
        r"|address|button|rules?|point|chain|plan|engineers?|desk|module|feature|timers?|settings?"
        r"|workflow|form|page|flow|guide|guidelines?|tree|structure|department|number|template|clause|vulnerabilit(?:y|ies)"
        r"|attacks?|bugs?|exploits?|history|report|mechanism|logic|notifications?|options?|details?|status|date|time|info"
        r"|information)",
        r"(?:<it>{1,5})?(?:to|with) (?:my|our)(?! (?:[^ ,?]+ )?(?:account|contact|success|tam|delivery))",
        r"(?:of (?:finance|sales|marketing|hr|human|purchasing|the (?:store|shop|hotel|company|bank|school|hospital|building"
        r"|plant))|at (?:my|our)|in (?:my|our)|on (?:my|our)|(?:about|regarding|concerning) (?:an? |the |our |my |your "
        r")?(?:[^ ,?]+ )?(?:contracts?|invoices?|offers?|prices?|renewals?|quotes?|licen[cs]es?))",
        r"(?:this |it |the [^ ,?]+ |that )?(?:internally|ourselves|myself|yet|anymore|any more|on our side|on our end"
        r"|elsewhere|by (?:mail|email|e mail|phone|chat))(?: [,?]|$| on| at| here| with)",
        r"(?:<g6>)(?:, )?(?:only )?(?:if|unless|in case|once|should|when|whenever|only when|only after|until|after|as needed"
        r"|as necessary|where needed|where necessary|as appropriate|later|next time|tomorrow if)",
        r"(?:to be |should be |is |be )?(?:<g2>)(?:closed|stopped|cancell?ed|removed|withdrawn|ended|undone|reverted|dropped)",
        r"(?:<g4>)(?:was|were|has|had|happened|is (?:not|no|handled|done|a))",
        r"(?:<g8>)(?:right|correct|works?|worked|already) [?]",
    ),
    joint="and|but|then|or|also|maybe",
    conditions="if|unless|in case|should (?!be )[^ ,?]+|otherwise|or else|else|whenever|had|were|suppose|assuming|next time|once",
    therefore="so|therefore|hence|thus|because of this|thats why|that is why|this is why|for this reason|hereby",
)
