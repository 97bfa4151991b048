"""Sentences of an answer, and the normal form in which words are compared.

The normal form of English is stems separated by single spaces, punctuation as words of its own; that of Chinese is the
text itself, half width, lower case, without spaces between characters.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import lru_cache
from pathlib import Path

_ABBREVIATION = re.compile(r"\b(e\.g|i\.e|vs|etc|approx|fig|cf|al)\.", re.IGNORECASE)
_HIDDEN = "\x00"
_END = re.compile(
    r"(?:(?<=[.!?;])|(?<=[.!?;][\"'”’)]))\s+|[\n\r]+|(?<=[。！？；])(?![\"'”’」』）])|(?<=[。！？；][\"”’」』）])"
)
_HAN = "\u3400-\u9fff"
_SPACED = re.compile(rf"(?<=[{_HAN}，。、；：！？（）])\s+|\s+(?=[{_HAN}，。、；：！？（）])")
_DTYPE = re.compile(r"\b(int|uint|float|fp|bf|bfloat)[ -]?(\d{1,2})\b")
_ZERO_POINT = re.compile(r"\bzero[ _-]?points?\b")
_TYPE_NAMES = {"fp": "float", "bf": "bfloat"}
_CONTRACTIONS = (
    (re.compile(r"\bcan(?:no|')t\b"), "can not"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"\b(\w+)n't\b"), r"\1 not"),
    (re.compile(r"\b(it|that|this|there|what|here)'s\b"), r"\1 is"),
    (re.compile(r"\b(they|we|you)'re\b"), r"\1 are"),
    (re.compile(r"\bi'd\b"), "i would"),
    (re.compile(r"\b(\w+)'(?:s|ll|ve|d|m)\b"), r"\1"),
)
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*%?|[a-z]+\d*(?:x\d+)?(?:_[a-z0-9]+)*|[,;:()\u2014?!]|[^\W\d_]+")
_QUOTED = {
    "en": re.compile(r"[\"“](?:[^\"“”\s]+\s+){3,}[^\"“”]*[\"”]"),
    "zh": re.compile(r"[\"“「『][^\"“”「」『』]{8,}[\"”」』]"),
}
_LIST = re.compile(r"[,;、，；/|\n•]+|\s-\s")
_WORDS = {
    name: frozenset(words.split())
    for name, words in tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8")).items()
}
_HAN_VERB = re.compile("|".join(sorted(_WORDS["chinese_verbs"])))


def unquoted(sentence: str, language: str) -> str:
    """Return a sentence without the claims that it quotes: who quotes a claim only mentions it."""
    return _QUOTED[language].sub(" , ", sentence)


def sentences(text: str) -> tuple[str, ...]:
    """Return the sentences of `text` in order, stripped; a point in a number or an abbreviation ends none."""
    hidden = _ABBREVIATION.sub(lambda match: match[0].replace(".", _HIDDEN), text)
    parts = (part.replace(_HIDDEN, ".").strip() for part in _END.split(hidden))
    return tuple(part for part in parts if re.search(r"[^\W\d_]", part))


@lru_cache(maxsize=4096)
def normal(text: str, language: str) -> str:
    """Return the normal form of `text` in "en" or "zh"."""
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'").replace("`", "")
    text = _DTYPE.sub(lambda match: _TYPE_NAMES.get(match[1], match[1]) + match[2], text)
    text = _ZERO_POINT.sub("zeropoint", text)
    if language == "zh":
        text = text.replace("加速器", "accelerator")  # which hides the word for "speed up"
        return re.sub(r"\s+", " ", _SPACED.sub("", text)).strip()
    for pattern, instead in _CONTRACTIONS:
        text = pattern.sub(instead, text)
    text = re.sub(r"(?<=\d):(?=\d)", " ", text)
    text = re.sub(r"\s+%", "%", re.sub(r"\s+-+\s+|--+|–", " — ", text))
    return " ".join(stem(token) for token in _TOKEN.findall(text))


@lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """Return what the forms of an English word have in common; `word` is in lower case.

    A few suffixes, not a dictionary: cues and answers go through the same function, so only its consistency counts.
    """
    if len(word) < 4 or not word.isalpha() or not word.isascii():
        return word
    word = re.sub(r"(?<=[a-z]{3})is(e[ds]?|ing|ations?|er)$", r"iz\1", word) if word not in _WORDS["not_ize"] else word
    if word.endswith("ies"):
        word = word[:-3] + "y"
    elif re.search(r"(s|x|z|ch|sh)es$", word):
        word = word[:-2]
    elif word.endswith("s") and word[-2] not in "sui":
        word = word[:-1]
    for suffix, least in (
        ("ation", 8),
        ("ion", 9),
        ("ated", 8),
        ("ating", 9),
        ("ment", 8),
        ("ing", 6),
        ("ed", 5),
        ("ly", 6),
        ("ate", 7),
    ):
        if word.endswith(suffix) and len(word) >= least:
            word = word.removesuffix(suffix)
            if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
                word = word[:-1]
            break
    word = re.sub(r"(?<=ss)ion$", "", word)
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


def speaks(sentence: str, language: str) -> bool:
    """Return whether a sentence says something: it has a verb, and is no list of keywords."""
    parts = [part.strip() for part in _LIST.split(sentence) if part.strip()]
    if language == "zh":
        text = normal(sentence, "zh")
        if _listed([len(part) for part in parts], 4):
            return any(len(part) >= 7 and len(_HAN_VERB.findall(part)) > 1 for part in parts)
        return len(text) >= 5 and bool(_HAN_VERB.search(text))
    words = re.findall(r"[a-z']+", unicodedata.normalize("NFKC", sentence).lower())
    if len(words) < 3:
        return False
    functional = sum(word in _WORDS["function"] or "'" in word for word in words) / len(words)
    glue = functional + sum(word in _WORDS["glue"] for word in words) / len(words)
    verbs = [word for word in words if "'" in word or stem(word) in _VERB_STEMS]
    finite = [word for word in verbs if word.endswith("s") and not word.endswith("ss")]  # "removes", and no noun alone
    if _listed([len(part.split()) for part in parts], 2) and functional < 0.25:
        return len(parts[0].split()) >= 3 and bool(finite) and functional > 0
    if functional < 0.1:
        return 12 * len(finite) >= len(words) or (len(words) > 3 and stem(words[0]) in _VERB_STEMS and glue >= 0.1)
    return bool(verbs) or (functional >= 0.3 and len(words) > 5)


def is_list(text: str, language: str) -> bool:
    """Return whether an answer is lines of keywords: four or more, mostly of three words (seven characters) at most."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    lengths = [len(line.split()) for line in lines] if language == "en" else [len(line) for line in lines]
    return _listed(lengths, 3 if language == "en" else 7)


def _listed(lengths: list[int], short: int) -> bool:
    """Return whether four parts or more, mostly short ones, make a list."""
    return len(lengths) >= 4 and sorted(lengths)[len(lengths) // 2] <= short


_VERB_STEMS = frozenset(stem(verb) for verb in _WORDS["verbs"])
