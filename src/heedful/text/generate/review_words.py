"""The words and sentence patterns of the built-in reviews.

Patterns are written for both classes at once, so that no pattern gives a class away:
`{same}` becomes an opinion of the text's class and `{other}` one of the opposite class, each
either plain ("great") or turned round ("not at all dreadful"). Square brackets mark the
evidence. `a(n)` becomes "a" or "an".
"""

from __future__ import annotations

# Adjectives by domain; "any" goes with both.
POSITIVE: dict[str, tuple[str, ...]] = {
    "any": (
        "great", "excellent", "superb", "wonderful", "brilliant", "impressive", "lovely", "solid",
        "delightful", "outstanding", "splendid", "terrific", "fantastic", "good", "satisfying",
    ),
    "film": ("gripping", "moving", "witty", "clever", "touching", "thrilling"),
    "product": ("sturdy", "reliable", "handy", "durable", "practical", "elegant"),
}  # fmt: skip
NEGATIVE: dict[str, tuple[str, ...]] = {
    "any": (
        "terrible", "awful", "poor", "dreadful", "disappointing", "weak", "lousy", "sloppy",
        "annoying", "mediocre", "feeble", "horrible", "frustrating", "bad", "clumsy",
    ),
    "film": ("dull", "tedious", "predictable", "shallow", "pointless", "lifeless"),
    "product": ("flimsy", "unreliable", "useless", "shoddy", "awkward", "ugly"),
}  # fmt: skip
LIKES = ("love", "enjoy", "admire", "treasure", "recommend")
DISLIKES = ("hate", "dislike", "regret", "despise", "resent")

INTENSIFIERS = ("truly", "really", "absolutely", "quite", "simply", "rather", "just")
NEGATORS = (
    "not", "never", "hardly", "far from", "anything but", "by no means", "not at all",
    "not really", "not even remotely", "nowhere near", "never once", "not in the least",
)  # fmt: skip
VERB_NEGATORS = ("do not", "could never", "would not", "cannot possibly", "will never", "did not")
VERBS_OF_BEING = ("is", "feels", "seems", "looks", "was", "turned out", "stays")

THINGS: dict[str, tuple[str, ...]] = {
    "film": (
        "film", "thriller", "comedy", "drama", "documentary", "western", "musical", "mystery",
        "sequel", "cartoon", "road movie", "heist film",
    ),
    "product": (
        "kettle", "lamp", "tent", "backpack", "keyboard", "blender", "headset", "camera",
        "speaker", "desk chair", "toaster", "raincoat", "watch", "drill", "printer", "router",
        "coffee grinder", "bicycle pump", "suitcase", "vacuum cleaner",
    ),
}  # fmt: skip
ASPECTS: dict[str, tuple[str, ...]] = {
    "film": (
        "plot", "acting", "pacing", "ending", "soundtrack", "dialogue", "camera work", "humour",
        "opening", "editing", "cast", "lighting", "second half", "final scene",
    ),
    "product": (
        "build", "design", "battery", "handle", "finish", "manual", "sound", "packaging",
        "display", "cable", "lid", "motor", "zip", "fabric", "control panel", "customer service",
    ),
}  # fmt: skip
RIVALS: dict[str, tuple[str, ...]] = {
    "film": (
        "the first part", "the book", "the trailer", "the stage version", "the remake",
        "the director's earlier work", "last week's rental",
    ),
    "product": (
        "my old one", "the cheaper model", "the previous version", "the rival brand",
        "the one at work", "the floor model", "the refurbished one",
    ),
}  # fmt: skip
SPEAKERS = (
    "friends", "the neighbours", "some critics", "two colleagues", "other buyers", "my cousins",
    "the adverts", "a few bloggers", "people online", "the magazines",
)  # fmt: skip
PICTURES = {"film": ("🎬", "🍿", "🎥", "📽️"), "product": ("📦", "🛒", "🔌", "🔧")}

EVIDENCE = (
    # plain
    ("The {aspect} {is} [{same}].", 7),
    ("To me the {aspect} {is} [{same}] from start to finish.", 2),
    ("I found the {aspect} [{same}].", 4),
    ("It has a(n) [{plain}] {aspect}.", 1),
    ("This {thing} {is} [{same}].", 4),
    ("In short: [{same}].", 1),
    ("I [{verb}] the {aspect}.", 2),
    ("After a week, I [{verb}] this {thing}.", 2),
    ("I expected a(n) [{reverse} {thing} and got the opposite].", 2),
    # contrast: one side decides
    ("The {aspect} {is} {other}, but the {aspect} {is} [{same}].", 3),
    ("I admit the {aspect} {is} {other}, but overall it {is} [{same}].", 2),
    ("Although the {aspect} {is} {other}, the {thing} as a whole {is} [{same}].", 2),
    ("The {thing} {is} [{same}], although its {aspect} {is} {other}.", 2),
    ("Even though the {aspect} {is} {other}, I [{verb}] it.", 2),
    ("{Speakers} call it {other}, yet to me it {is} [{same}].", 3),
    ("You may hear that it {is} {other}; in truth it {is} [{same}].", 2),
)

DISTRACTORS = (
    ("{Speakers} said it {is} {other}.", 3),
    ("{Speakers} call the {aspect} {other}.", 3),
    ("{Speakers} swore that the {aspect} {is} {other}.", 2),
    ("{Speakers} {otherverb} the {aspect}.", 2),
    ("{Rival} {is} {other}.", 3),
    ("With {rival}, the {aspect} {is} {other}.", 1),
    ("I feared that the {aspect} might be {other}.", 1),
    ("I had read that the {aspect} {is} {other}.", 2),
    ("If the {aspect} had been {other}, I would have said so.", 1),
    ("A review in the paper called it {other}.", 2),
)

FILLERS: dict[str, tuple[str, ...]] = {
    "any": (
        "I wrote this on a {day}.", "This is my {nth} review this year.",
        "Take it for what it is worth.", "That is all I can say about the {aspect}.",
        "Somebody asked about the {aspect}.", "I had {number} days to make up my mind.",
        "More about the {aspect} below.", "The {aspect} is what most questions are about.",
        "It was raining that {day}.", "I paid attention to the {aspect} this time.",
    ),
    "film": (
        "We saw it on a {day} evening.", "It runs for about {number} quarters of an hour.",
        "I watched this {thing} on a train.", "The hall was half full.",
        "It is set in a small town by the sea.", "There are {number} songs in it.",
        "I had not heard of this {thing} before.", "It was the {nth} {thing} of the festival.",
    ),
    "product": (
        "It arrived on a {day}.", "The box held the {thing} and {number} screws.",
        "I bought this {thing} for the spare room.", "It comes in {number} colours.",
        "Delivery took {number} days.", "It replaced the {nth} {thing} we had.",
        "I use it about {number} times a week.", "The {thing} sits next to the window.",
    ),
}  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
NTHS = ("first", "second", "third", "fourth", "fifth", "sixth")
