# ruff: noqa: RUF001, SIM905 - the list is meant as it is written
"""Words that spaCy's English tokenizer splits, or keeps whole, by a list: contractions, abbreviations, emoticons.

`TOKEN_EXCEPTIONS` gives the pieces of each, which joined are the word again. The list is put together from what the
words are made of, and equals that of ``spacy.blank("en")`` (spaCy 3.8, ``lang/tokenizer_exceptions.py`` and
``lang/en/tokenizer_exceptions.py``), white space aside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_NOT_SPLIT = set("Ill ill Its its Hell hell Shell shell Shed shed were Were Well well Whore whore".split())

_PERSONS = ("i", "you", "he", "she", "it", "we", "they")
_QUESTIONS = ("who", "what", "when", "where", "why", "how", "there", "that", "this", "these", "those")
_NEGATED = (
    "ca", "could", "do", "does", "did", "had", "may", "might", "must", "need", "ought", "sha", "should", "wo", "would",
)  # fmt: skip
_NEGATED_ONLY = ("ai", "are", "is", "was", "were", "have", "has", "dare")

_WHOLE = """
' '' \\") <space> C++ \u2014 \\t \\n ä. ö. ü. 'S 's \u2018S \u2018s and/or w/o 're 'Cause 'cause 'cos 'Cos 'coz 'Coz
'cuz 'Cuz 'bout ma'am Ma'am o'clock O'clock lovin' Lovin' lovin Lovin havin' Havin' havin Havin em 'em ll 'll nuff
'nuff 'd Mt. Ak. Ala. Apr. Ariz. Ark. Aug. Calif. Colo. Conn. Dec. Del. Feb. Fla. Ga. Ia. Id. Ill. Ind. Jan. Jul. Jun.
Kan. Kans. Ky. La. Mar. Mass. Mich. Minn. Miss. N.C. N.D. N.H. N.J. N.M. N.Y. Neb. Nebr. Nev. Nov. Oct. Okla. Ore. Pa.
S.C. Sep. Sept. Tenn. Va. Wash. Wis. a.m. Adm. Bros. co. Co. Corp. D.C. Dr. e.g. E.g. E.G. Gen. Gov. i.e. I.e. I.E.
Inc. Jr. Ltd. Md. Messrs. Mo. Mont. Mr. Mrs. Ms. p.m. Ph.D. Prof. Rep. Rev. Sen. St. vs. v.s.
""".split()

_EMOTICONS = r"""
:) :-) :)) :-)) :))) :-))) (: (-: =) (= :] :-] [: [-: [= =] :o) (o: :} :-} 8) 8-) (-8 ;) ;-) (; (-; :( :-( :(( :-((
:((( :-((( ): )-: =( >:( :') :'-) :'( :'-( :/ :-/ =/ =| :| :-| ]= =[ :1 :P :-P :p :-p :O :-O :o :-o :0 :-0 :() >:o :*
:-* :3 :-3 =3 :> :-> :X :-X :x :-x :D :-D ;D ;-D =D xD XD xDD XDD 8D 8-D ^_^ ^__^ ^___^ >.< >.> <.< ._. ;_; -_- -__-
v.v V.V v_v V_V o_o o_O O_o O_O 0_o o_0 0_0 o.O O.o O.O o.o 0.0 o.0 0.o @_@ <3 <33 <333 </3 (^_^) (-_-) (._.) (>_<)
(*_*) (¬_¬) ಠ_ಠ ಠ︵ಠ (ಠ_ಠ) ¯\(ツ)/¯ (╯°□°）╯︵┻━┻ ><(((*>
""".split()

_SPLIT = (
    "y'|all", "y|all", "how|'d|'y", "How|'d|'y", "not|'ve", "not|ve", "Not|'ve", "Not|ve", "can|not", "Can|not",
    "gon|na", "Gon|na", "got|ta", "Got|ta", "let|'s", "Let|'s", "c'm|on", "C'm|on",
)  # fmt: skip


def _with_tails(stems: Iterable[str], *tails: str) -> Iterator[tuple[str, ...]]:
    """Each stem, as it is and capitalised, with each tail, with its apostrophes and without; ``|`` parts pieces."""
    for stem in stems:
        for word in (stem, stem.title()):
            for tail in tails:
                yield (word, *tail.split("|"))
                yield (word, *tail.replace("'", "").split("|"))


def _splits() -> Iterator[tuple[str, ...]]:
    yield from _with_tails(["i"], "'m", "'m|a")
    yield from _with_tails(_PERSONS, "'ll", "'ll|'ve", "'d", "'d|'ve")
    yield from _with_tails(["i", "you", "we", "they"], "'ve")
    yield from _with_tails(["you", "we", "they"], "'re")
    yield from _with_tails(["he", "she", "it"], "'s")
    yield from _with_tails(_QUESTIONS, "'ll", "'ll|'ve", "'d", "'d|'ve")
    yield from _with_tails(_QUESTIONS[:-2], "'s")
    yield from _with_tails([word for word in _QUESTIONS if word not in {"that", "this"}], "'re", "'ve")
    yield from _with_tails(_NEGATED, "n't", "n't|'ve")
    yield from _with_tails(["could", "might", "must", "should", "would"], "'ve")
    yield from _with_tails(_NEGATED_ONLY, "n't")
    for hour in range(1, 13):
        for half in ("a.m.", "am", "p.m.", "pm"):
            yield (str(hour), half)
    for unit in "cfkCFK":
        yield ("°", unit, ".")
    for written in _SPLIT:
        yield tuple(written.split("|"))


def _exceptions() -> dict[str, tuple[str, ...]]:
    whole = {*_WHOLE, *_EMOTICONS, *(f"{letter}." for letter in "abcdefghijklmnopqrstuvwxyz")}
    for word in ("doin", "goin", "nothin", "nuthin", "ol", "somethin"):
        whole |= {word, f"{word}'", word.title(), f"{word.title()}'"}
    found: dict[str, tuple[str, ...]] = {word: (word,) for word in sorted(whole)}
    found |= {"".join(pieces): pieces for pieces in _splits()}
    found |= {word.replace("'", "’"): tuple(piece.replace("'", "’") for piece in found[word]) for word in list(found)}
    return {word: pieces for word, pieces in found.items() if word not in _NOT_SPLIT}


TOKEN_EXCEPTIONS = _exceptions()
"""Every exception, with its pieces."""
