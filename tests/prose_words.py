"""The words that the project's texts avoid, each with its standard replacement.

A rule is a regular expression over running text. A space in it matches any white space, so that a phrase is found
across a line break; in a look-behind, which needs a fixed width, write `\\s`.
Exceptions are written into the expression of the word that they concern.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from re import Pattern


@dataclass(frozen=True)
class Rule:
    """A word or phrase to avoid, and the standard way to write it."""

    pattern: Pattern[str]
    suggestion: str


def _rule(pattern: str, suggestion: str, flags: re.RegexFlag = re.IGNORECASE) -> Rule:
    return Rule(re.compile(pattern.replace(" ", r"\s+"), flags), suggestion)


_COMPARISONS = "longer|more|less|fewer|later|earlier|larger|bigger|smaller|newer|older|different"

WORDS: tuple[Rule, ...] = (
    _rule(
        rf"(?<!there\s)(?<!nor\s)\b(?:is|are|was|were|be) no (?!(?:{_COMPARISONS})\b)\S+",
        '"is not a …", "is not valid JSON"',
    ),
    # Calls and music are on hold; a program holds a lock or a connection.
    _rule(
        r"(?<!on\s)(?<!on-)(?<!call\s)\b(?:holds?|held|holding)\b(?! (?:music|time|a lock|the lock|its lock|open)\b)",
        '"contains", "stores", "has", or "keeps … within"',
    ),
    _rule(r"\b(?:tells?|told|telling)\b", '"reports", "says", "shows"; for tell apart "distinguish"'),
    _rule(r"(?<!-)\b(?:stands?|stood|standing)\b(?! for\b)(?!-)", '"is", "works"'),
    _rule(r"\b(?:lies|lie|lay|lain|lying)\b", '"is"'),
    _rule(
        r"\bof (?:ours|yours|theirs|his|hers|mine)\b|\bours\b",
        'name the owner: "of this package", "your own"',
    ),
    _rule(r"\banew\b", '"again"'),
    _rule(r"\bmend(?:s|ed|ing)?\b", '"fix"'),
    _rule(r"\bheed(?:s|ed|ing)?\b", '"ignores", "follows"'),
    _rule(
        r"\b(?:nobody|somebody|anybody|everybody|whoever)\b",
        'the role ("the user", "another client"), or a passive: "it is not known whether"',
    ),
    _rule(
        r"(?<!with\sor\s)(?<!with\sand\s)\bwithout(?:[.;:!?,)|]| \||\n[ \t]*\n|\s*\Z)",
        "say what is missing: without X",
    ),
    _rule(r"(?<!lift\sand\s)\bdoors?\b", '"entry point", or its name: the command line, the service'),
    _rule(r"\bhouse\b", '"project"'),
    _rule(r"\bfaces?\b", '"interface", "user interface"'),
    _rule(r"\b(?:buys?|bought|buying)\b", '"request a token"'),
    _rule(r"\bwants\b", '"requires", "needs", "expects"'),
    _rule(r"\bfail(?:s|ed|ing)? inside\b", '"internal error in …"'),
    _rule(r"\b(?:goes|go|went|going|gone) out\b", '"is sent"'),
    _rule(r"\bhalf checked\b", '"partly validated"'),
    _rule(r"\binsist(?:s|ed|ing)?\b", '"repeats"'),
    _rule(r"\bfor good\b", '"permanently"; of a service "in production"'),
    _rule(r"\bgo(?:es)? wrong\b", '"fails"'),
    _rule(r"\bof its own accord\b|\bby way of\b", '"by itself"; "through", "from"'),
    # A question may begin with What; a statement names its subject.
    _rule(r"\bWhat\b(?! if\b)(?![^.!?]*\?)", "name the subject; in a docstring begin with a verb", re.NOFLAG),
    _rule(r"\b(?:by|for|from|of|to) who\b", '"for clients that …"'),
    _rule(r"\btime-outs?\b", '"timeout"'),
    _rule(r"(?<![/=_.-])\btimezones?\b(?![=(.])", '"time zone"'),
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# A function's docstring begins with a verb in the imperative.
NOT_VERBS = _words(
    "a an the what whether which who whom whose how where when why all any both each every either neither no not none "
    "one two three it its this that these those there here as at by for from in into of on once only our out over per "
    "since so than then through to under until up with without within while if after before another everything "
    "nothing something anything such same"
)
_ENDINGS = ("ed", "ing", "s")
# Imperatives that look like another form of a verb or like a plural.
_VERBS_WITH_AN_ENDING = _words(
    "bring embed exceed feed focus need ping proceed ring seed shed speed spring string succeed"
)


def is_imperative(word: str) -> bool:
    """Return whether a docstring's first word can be a verb in the imperative."""
    word = word.casefold().rstrip(".,:;")
    if not word.isalpha() or word in NOT_VERBS:
        return False
    return word.endswith("ss") or word in _VERBS_WITH_AN_ENDING or not word.endswith(_ENDINGS)


# A test's name is read at a glance.
LONGEST_TEST_NAME = 60

# Participles are adjectives: a function of that name says nothing about its job.
PARTICIPLES = _words(
    "told made kept known shown handled given taken found written sent said held named wanted needed chosen done "
    "begun brought built counted filled ended finished meant noted parsed placed prepared resolved seen "
    "spelled spelt stored tried used worked worded"
)
