"""Function words of seven languages, and which of them turn a statement round.

The lists are heedful's own: articles, pronouns, auxiliaries, prepositions, conjunctions and
a few adverbs. Words that carry an opinion ("well", "against", "few", "too") are not in them.
Forms are lower-case with a straight apostrophe.
"""

from __future__ import annotations

from heedful.records import HeedfulError

_FUNCTION_WORDS = {
    "en": """
a an the this that these those i me my mine myself you your yours yourself yourselves he him his
himself she her hers herself it its itself we us our ours ourselves they them their theirs
themselves one who whom whose which what where when why how am is are was were be been being do
does did doing done have has had having will would shall should can could may might must ought
and or but if then than so as because since while until unless although though whether of at by
for from in into on onto to with within about above across after along among around before
behind below beneath beside between beyond during near off out over through throughout toward
towards under up upon via there here also just only such same other another each every both
either any some all again once i'm i've i'd i'll you're you've you'd you'll he's he'd he'll
she's she'd she'll it's it'd it'll we're we've we'd we'll they're they've they'd they'll that's
that'll there's here's who's what's where's how's let's
""",
    "es": """
el la los las lo un una unos unas al del este esta esto estos estas ese esa eso esos esas aquel
aquella aquello aquellos aquellas yo tú tu tus él ella ello ellos ellas usted ustedes nosotros
nosotras vosotros vosotras me te se nos os le les mi mis mí ti sí su sus mío mía míos mías tuyo
tuya suyo suya suyos suyas nuestro nuestra nuestros nuestras vuestro vuestra que qué quien quién
quienes cual cuál cuales cuyo cuya como cómo cuando cuándo donde dónde cuanto cuánto y e o u
pero si porque pues aunque mientras a ante bajo con de desde durante en entre hacia hasta para
por según sobre tras soy eres es somos sois son era eras éramos eran fui fue fuimos fueron ser
sido siendo sea sean estoy estás está estamos están estaba estaban estuvo estar estado estando
he has ha hemos han había habían hubo haber habido hay conmigo contigo consigo también ya otro
otra otros otras mismo misma mismos mismas cada todo toda todos todas alguno alguna algunos
algunas algún
""",
    "fr": """
le la les l' un une des du de d' au aux ce cet cette ces c' ceci cela ça je j' tu il elle on nous
vous ils elles me m' te t' se s' moi toi lui leur leurs eux y en mon ma mes ton ta tes son sa ses
notre nos votre vos soi qui que qu' quoi dont où quel quelle quels quelles lequel laquelle
lesquels lesquelles et ou mais donc or car si comme quand lorsque lorsqu' puisque puisqu' parce
à dans par pour avec sur sous chez vers entre depuis pendant avant après jusque jusqu' dès être
suis es est sommes êtes sont étais était étions étaient fut furent sera seront serait soit
soient été étant avoir ai as a avons avez ont avais avait avions avaient eut aura auront aurait
ait eu ayant aussi ainsi alors là ici même mêmes autre autres chaque tout toute tous toutes
""",
    "de": """
der die das den dem des ein eine einen einem einer eines dieser diese dieses diesen diesem jener
jene jenes jenen jenem ich mich mir mein meine meinen meinem meiner meines du dich dir dein deine
deinen deinem deiner er ihn ihm sein seine seinen seinem seiner seines sie ihr ihre ihren ihrem
ihrer ihres es wir uns unser unsere unseren unserem unserer euch euer eure man sich selbst wer
wen wem wessen was welcher welche welches welchen welchem wo wohin woher wann warum wie und oder
aber denn sondern wenn als ob weil dass daß da damit obwohl während bis bevor nachdem an am ans
auf aus bei beim durch für in im ins mit nach seit über um unter von vom vor zu zum zur zwischen
bin bist ist sind seid war waren warst wart gewesen sei seien wäre wären habe hast hat haben habt
hatte hatten gehabt hätte hätten werde wirst wird werden werdet wurde wurden worden würde würden
kann können konnte konnten könnte könnten muss müssen musste mussten soll sollen sollte sollten
will wollen wollte wollten darf dürfen mag auch so dann nun hier dort andere anderer anderes
anderen jeder jede jedes jeden jedem alle allen aller alles
""",
    "it": """
il lo la i gli le l' un uno una un' di a da in con su per tra fra del dello della dei degli delle
dell' al allo alla ai agli alle all' dal dallo dalla dai dagli dalle dall' nel nello nella nei
negli nelle nell' sul sullo sulla sui sugli sulle sull' col coi questo questa questi queste
quest' quello quella quelli quelle quel quei quegli quell' io me mi tu te ti lui lei egli ella
esso essa noi ci c' voi vi v' loro essi esse si s' sé ne mio mia miei mie tuo tua tuoi tue suo
sua suoi sue nostro nostra nostri nostre vostro vostra vostri vostre che chi cui quale quali
quanto come quando dove perché e ed o od ma se anche mentre sono sei è siamo siete era ero
eravamo erano fu furono essere stato stata stati state essendo sia siano sarà saranno sarebbe ho
hai ha abbiamo avete hanno avevo aveva avevano ebbe avere avuto avendo abbia già qui lì là altro
altra altri altre stesso stessa stessi stesse ogni tutto tutta tutti tutte
""",
    "pt": """
o a os as um uma uns umas de do da dos das em no na nos nas num numa ao à aos às pelo pela pelos
pelas por para com sob sobre entre até desde durante após este esta isto estes estas esse essa
isso esses essas aquele aquela aquilo aqueles aquelas deste desta disto desse dessa disso neste
nesta nisto nesse nessa nisso eu me mim comigo tu te ti você vocês ele ela eles elas lhe lhes se
si nós vós vos meu minha meus minhas teu tua teus tuas seu sua seus suas nosso nossa nossos
nossas dele dela deles delas que quem qual quais cujo cuja quando onde como quanto porque e ou
mas se embora enquanto pois sou és é somos são era eras éramos eram fui foi fomos foram ser sido
sendo seja sejam estou está estamos estão estava estavam esteve estar estado estando tenho tem
temos têm tinha tinham teve ter tido tendo hei há havia haver também já aqui ali lá outro outra
outros outras mesmo mesma mesmos mesmas cada todo toda todos todas algum alguma alguns algumas
""",
    "nl": """
de het t een n die dat deze dit ik me mij mijn jij je jou jouw u uw hij hem zijn zij ze haar
wij we ons onze jullie hun hen zich zelf men wie wat welke welk waar wanneer waarom hoe en of
maar want dus als dan omdat terwijl hoewel toen aan af bij door in met na naar om onder op over
per rond sinds te ten ter tegen tot tussen uit van vanaf via voor ben bent is was waren geweest
wees heb hebt heeft hebben had hadden gehad word wordt worden werd werden geworden zal zult
zullen zou zouden kan kun kunt kunnen kon konden moet moeten moest moesten mag mogen mocht
mochten wil wilt willen wilde wilden ook zo er hier daar al nog andere ander ieder iedere elk
elke alle alles
""",
}

_NEGATIONS = {
    "en": """
no not nor never none nobody nothing nowhere neither without hardly barely scarcely seldom rarely
cannot can't couldn't don't doesn't didn't won't wouldn't shan't shouldn't isn't aren't ain't
wasn't weren't haven't hasn't hadn't mustn't mightn't needn't oughtn't cant couldnt dont doesnt
didnt wont wouldnt shouldnt isnt arent aint wasnt werent havent hasnt hadnt
""",
    "es": "no ni nunca jamás nada nadie ningún ninguno ninguna tampoco sin apenas",
    "fr": "ne n' non ni pas jamais rien personne aucun aucune nul nulle sans guère point",
    "de": "nicht nichts nie niemals niemand nirgends nirgendwo kein keine keinen keinem keiner "
    "keines weder noch ohne kaum nein",
    "it": "non no né nè mai nulla niente nessuno nessuna nessun nessun' neanche nemmeno neppure "
    "senza",
    "pt": "não nem nunca jamais nada ninguém nenhum nenhuma nenhuns nenhumas sem tampouco",
    "nl": "niet niets nooit niemand nergens geen noch zonder nauwelijks nee",
}

LANGUAGES: tuple[str, ...] = tuple(sorted(_FUNCTION_WORDS))


def negations(language: str) -> frozenset[str]:
    """The words that turn a statement round.

    Raises:
        HeedfulError: for a language without a list, with the known ones.
    """
    _check(language)
    return frozenset(_NEGATIONS[language].split())


def stop_words(language: str, keep_negations: bool) -> frozenset[str]:
    """The words to drop; the negations among them only when `keep_negations` is False.

    Raises:
        HeedfulError: for a language without a list, with the known ones.
    """
    _check(language)
    words = frozenset(_FUNCTION_WORDS[language].split())
    turned = negations(language)
    return words if keep_negations else words | turned


def _check(language: str) -> None:
    if language not in _FUNCTION_WORDS:
        raise HeedfulError(
            f"setting text.stop_words is {language!r}, and there is no stop word list for it; "
            f"known are {', '.join(LANGUAGES)}"
        )
