"""Singulars and plurals of English nouns: enough for the resources of any OpenAPI document."""

from __future__ import annotations

import re

# Nouns whose plural follows no rule. Compounds follow their last word: "salespeople", "call statuses".
_IRREGULAR = {
    "analysis": "analyses",
    "axis": "axes",
    "basis": "bases",
    "child": "children",
    "crisis": "crises",
    "criterion": "criteria",
    "diagnosis": "diagnoses",
    "foot": "feet",
    "half": "halves",
    "hypothesis": "hypotheses",
    "index": "indices",
    "knife": "knives",
    "leaf": "leaves",
    "life": "lives",
    "man": "men",
    "matrix": "matrices",
    "menu": "menus",
    "mouse": "mice",
    "person": "people",
    "phenomenon": "phenomena",
    "quiz": "quizzes",
    "shelf": "shelves",
    "tooth": "teeth",
    "vertex": "vertices",
    "wolf": "wolves",
    "woman": "women",
}
_SINGULARS = {plural: singular for singular, plural in _IRREGULAR.items()}
_COMPOUNDS = ("people", "men", "women", "children", "person", "man", "woman", "child")
# These are not compounds of "man" and "men".
_NOT_COMPOUNDS = frozenset(
    {"acumen", "german", "germans", "human", "omen", "regimen", "roman", "specimen", "talisman"}
)
# Nouns with one form.
_SAME_WORDS = """
    advice audio clothing data equipment feedback furniture hardware headquarters information media metadata
    music news police series software species staff staffing traffic video wildlife
"""
_SAME = frozenset(_SAME_WORDS.split())
# Words on -ie and -e, whose plural looks like one of -y or of a sibilant.
_ENDS_IN_E = re.compile(
    r"^(cookie|movie|calorie|rookie|selfie|tie|pie|zombie|genie|cache|niche|headache|psyche|axe|shoe|toe|canoe|foe)$"
)
_ENDS_IN_S = re.compile(
    r"(status|bus|bonus|virus|campus|census|corpus|focus|radius|nexus|alias|bias|atlas|canvas|gas|lens|iris"
    r"|process|plus|surplus|apparatus|prospectus|consensus|chorus|circus|genius|sinus|stimulus|terminus)$"
)
_SIBILANT = re.compile(r"(ss|x|z|ch|sh)$")
_ADDS_ES = re.compile(r"(hero|potato|tomato|echo|veto|torpedo|embargo)$")


def singular_of(plural: str) -> str:
    """Return the singular of a noun, or of the last word of a phrase; a singular as it is."""
    head, word = _split_last(plural)
    return head + _singular_of_word(word)


def plural_of(noun: str) -> str:
    """Return the plural of a noun, or of the last word of a phrase; a plural as it is."""
    head, word = _split_last(noun)
    return head + _plural_of_word(word)


def _split_last(phrase: str) -> tuple[str, str]:
    head, separator, word = phrase.rpartition(" ")
    return head + separator, word


def _singular_of_word(word: str) -> str:
    low = word.lower()
    if low in _SAME or low in _IRREGULAR or word.isupper() or not word.isascii():
        return word
    if found := _match_irregular(word, _SINGULARS):
        return found
    if low.endswith("es"):
        stem = word[:-1]
        if _ENDS_IN_E.search(stem.lower()):
            return stem
        if _ENDS_IN_S.search(low[:-2]) or _SIBILANT.search(low[:-2]) or _ADDS_ES.search(low[:-2]):
            return word[:-2]
        if low.endswith("ies") and len(word) > len("ties"):
            return word[:-3] + "y"
    if re.search(r"(ss|us|is)$", low) or _ENDS_IN_S.search(low):
        return word
    return word.removesuffix("s")


def _plural_of_word(word: str) -> str:
    low = word.lower()
    if low in _SAME or not word.isascii() or _match_irregular(word, _SINGULARS):
        return word
    if found := _match_irregular(word, _IRREGULAR):
        return found
    if _ENDS_IN_S.search(low) or _SIBILANT.search(low) or _ADDS_ES.search(low) or low.endswith("sis"):
        return word + "es"
    if re.search(r"[^aeiou]y$", low):
        return word[:-1] + "ies"
    return word if low.endswith("s") else word + "s"


def _match_irregular(word: str, forms: dict[str, str]) -> str:
    """Return the other form of an irregular noun or of a compound with one, in its case; empty where it is neither."""
    low = word.lower()
    for ending in _COMPOUNDS:
        if ending in forms and low.endswith(ending) and low not in _NOT_COMPOUNDS:
            return word[: len(word) - len(ending)] + forms[ending]
    found = forms.get(low, "")
    return found.capitalize() if word[:1].isupper() else found
