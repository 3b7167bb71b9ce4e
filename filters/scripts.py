"""Scripts: which one each letter belongs to, and which ones a language is written in.

The script of a letter is read from its Unicode name (``CYRILLIC SMALL LETTER A``), which Python's ``unicodedata`` has;
letters that no single script owns (modifier letters, the Japanese prolonged sound mark) belong to none. The languages
are those of lid.176 and the more common ones of GlotLID and OpenLID, by ISO 639-1 and 639-3 codes, from general
knowledge of the languages; only scripts in everyday use are listed. Scripts go by their ISO 15924 codes.
"""

from __future__ import annotations

import functools
import sys
import unicodedata

import numba
import numpy as np

from gristmill.filters.fasttext.kernels import slice_bounds
from gristmill.filters.text.arrays import Bytes, Hashes, Int64s
from gristmill.filters.text.utf8 import NON_ASCII, code_point
from gristmill.kernels.cached_arrays import cached_arrays

_NAMES = {
    "LATIN": "Latn", "GREEK": "Grek", "CYRILLIC": "Cyrl", "ARMENIAN": "Armn", "HEBREW": "Hebr", "ARABIC": "Arab",
    "SYRIAC": "Syrc", "THAANA": "Thaa", "NKO": "Nkoo", "DEVANAGARI": "Deva", "BENGALI": "Beng", "GURMUKHI": "Guru",
    "GUJARATI": "Gujr", "ORIYA": "Orya", "TAMIL": "Taml", "TELUGU": "Telu", "KANNADA": "Knda", "MALAYALAM": "Mlym",
    "SINHALA": "Sinh", "THAI": "Thai", "LAO": "Laoo", "TIBETAN": "Tibt", "MYANMAR": "Mymr", "GEORGIAN": "Geor",
    "HANGUL": "Hang", "ETHIOPIC": "Ethi", "CHEROKEE": "Cher", "CANADIAN": "Cans", "KHMER": "Khmr", "MONGOLIAN": "Mong",
    "HIRAGANA": "Hira", "KATAKANA": "Kana", "BOPOMOFO": "Bopo", "CJK": "Hani", "IDEOGRAPHIC": "Hani", "YI": "Yiii",
    "TIFINAGH": "Tfng", "OL": "Olck", "MEETEI": "Mtei", "JAVANESE": "Java", "SUNDANESE": "Sund", "BALINESE": "Bali",
    "COPTIC": "Copt", "VAI": "Vaii", "ADLAM": "Adlm",
}  # fmt: skip

OTHER_SCRIPT = "Zzzz"
"""A letter of a script that is not listed here."""

SCRIPTS = (*dict.fromkeys(_NAMES.values()), OTHER_SCRIPT)
"""Every script; number ``i + 1`` of `script_table` is ``SCRIPTS[i]``, and 0 is no letter of one script."""

_WIDTHS = ("FULLWIDTH ", "HALFWIDTH ")
_NO_SCRIPT = ("MODIFIER", "KATAKANA-HIRAGANA", "MASU")

_TOGETHER = {"Jpan": "Hani Hira Kana", "Kore": "Hang Hani", "Hans": "Hani", "Hant": "Hani", "Hrkt": "Hira Kana"}

_LANGUAGES = {
    "Latn": """
        af als an ast bar bcl br bs ca cbk ceb co cs cy da de diq dsb eml en eo es et eu fi fr frr fy ga gd gl gn gv hif
        hr hsb ht hu ia id ie ilo io is it jbo jv kw la lb li lmo lt lv mg min ms mt mwl nah nap nds nl nn no oc pam pfl
        pl pms pt qu rm ro sc scn sco sh sk sl so sq su sv sw tl tr vec vep vi vls vo wa war yo
        ha ig zu xh st tn ts ss nr ve rw rn ln lg sn ny wo ff om ki bm ee ak tw fj sm to mi haw ty tpi bi ace ban
        bug bjn mos kab fo se kl sn crh fur lij szl ltg smo pap kea ho nv ay aa
        az ku tk uz tt crh ug sr aze azj kur tuk uzb uzn tat uig srp gom kok
        afr ast arg bre cat ces cym dan deu eng epo spa est ekk eus fin fra fry gle glg gla glv grn gug hrv hat hun ina
        ind isl ita jav lat ltz lim lit lav lvs mlg plt msa zsm mlt nno nor nob nld oci pol por roh ron srd slk slv som
        sqi sun swe swa swh tgl fil tur vie vol wln yor hau ibo zul xho sot tsn tso ssw nbl ven kin run lin lug sna nya
        wol ful fuv fuc orm gaz kik bam ewe aka twi fij ton mri haw tah bis fao sme kal crh cos cor ido ile que quy quz
        bos hbs aym ayr aar nso kmb kon lua luo lus kam kbp kab dyu fon kac cjk dik nus sag tum umb bem bug mos
        min pag pcm gsw csb zza kmr ber
    """,
    "Cyrl": """
        av ba be bg bxr ce cv kk krc kv ky lez mhr mk mn mrj myv os ru rue sah sr tg tt tyv uk xal ab kbd udm mdf cu
        bak bel bul che chv kaz kom kir mkd mon khk oss rus srp tgk tat ukr ava abk chu sh bs hbs bos alt nog kjh
        uz tk az crh uzb uzn tuk aze azj
    """,
    "Arab": """
        ar arz azb ckb fa lrc mzn pnb ps sd ug ur ks ku az pa kk ms ha glk
        ara arb ary apc acm acq aeb ajp ars afb apd fas pes prs pus pbt snd uig urd kas bal kur hau skr
    """,
    "Deva": """
        bh dty gom hi mai mr ne new sa bho mag awa hne doi brx sd ks kok
        hin mar nep npi san bih gom kas
    """,
    "Beng": "as bn bpy asm ben mni",
    "Grek": "el ell grc pnt",
    "Hebr": "he yi heb yid ydd iw lad",
    "Armn": "hy hye hyw",
    "Geor": "ka xmf kat",
    "Ethi": "am ti amh tir gez",
    "Thaa": "dv div",
    "Guru": "pa pan",
    "Gujr": "gu guj",
    "Orya": "or ori ory",
    "Taml": "ta tam",
    "Telu": "te tel",
    "Knda": "kn kan tcy",
    "Mlym": "ml mal",
    "Sinh": "si sin",
    "Thai": "th tha nod",
    "Laoo": "lo lao",
    "Tibt": "bo dz bod dzo",
    "Mymr": "my mya shn mnw",
    "Khmr": "km khm",
    "Hani": "zh wuu yue zho cmn lzh nan hak gan ja jpn ko kor",
    "Bopo": "zh zho cmn",
    "Hira": "ja jpn",
    "Kana": "ja jpn",
    "Hang": "ko kor",
    "Mong": "mn mon mvf",
    "Tfng": "zgh tzm taq ber kab",
    "Olck": "sat",
    "Mtei": "mni",
    "Java": "jv jav",
    "Sund": "su sun",
    "Cans": "iu iku cr cre oj",
    "Cher": "chr",
    "Syrc": "syr arc aii",
    "Nkoo": "nqo",
    "Yiii": "ii iii",
}


@functools.lru_cache(maxsize=1)
def _scripts_of() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for script, codes in _LANGUAGES.items():
        for code in codes.split():
            found.setdefault(code, set()).add(script)
    return {code: frozenset(scripts) for code, scripts in found.items()}


def language_scripts(code: str) -> frozenset[str]:
    """The scripts that a language is written in; empty where it is not known.

    Args:
        code: as an identifier names it: ``en``, ``eng``, or with the script, as GlotLID does, ``eng_Latn``.

    >>> sorted(language_scripts("ja")), sorted(language_scripts("srp_Cyrl")), sorted(language_scripts("tlh"))
    (['Hani', 'Hira', 'Kana'], ['Cyrl'], [])
    """
    language, _, named = code.replace("-", "_").partition("_")
    script = next((part for part in named.split("_") if len(part) == 4 and part.isalpha()), "")
    if script:
        script = script.title()
        return frozenset(_TOGETHER.get(script, script).split()) & frozenset(SCRIPTS)
    return _scripts_of().get(language.lower(), frozenset())


@functools.lru_cache(maxsize=1)
def script_table() -> Bytes:
    """The script number of every code point: 0, or one more than the place in `SCRIPTS`. Shape (0x110000,).

    >>> table = script_table()
    >>> [SCRIPTS[table[ord(letter)] - 1] for letter in "aжや字"], int(table[ord("1")])
    (['Latn', 'Cyrl', 'Hira', 'Hani'], 0)
    """
    return cached_arrays(_build)[0]


def _build() -> tuple[Bytes]:
    numbers = {name: SCRIPTS.index(script) + 1 for name, script in _NAMES.items()}
    table = np.zeros(sys.maxunicode + 1, np.uint8)
    for point in range(0x33480):  # the end of CJK extension H and of all letters
        letter = chr(point)
        if not letter.isalpha():
            continue
        name = unicodedata.name(letter, "")
        for width in _WIDTHS:
            name = name.removeprefix(width)
        word = name.partition(" ")[0].partition("-")[0]
        if name.startswith(_NO_SCRIPT):
            continue
        if word in ("FEMININE", "MASCULINE"):
            word = "LATIN"
        table[point] = numbers.get(word, len(SCRIPTS))
    return (table,)


def script_mask(code: str) -> int:
    """The scripts of a language as bits ``1 << number``; 0 where they are not known."""
    return sum(1 << (SCRIPTS.index(script) + 1) for script in language_scripts(code))


@numba.njit(nogil=True, cache=True)
def count_script_letters(
    data: Bytes, offsets: Int64s, table: Bytes, masks: Hashes, slice_bytes: int, slice_count: int
) -> tuple[Int64s, Int64s]:
    """Letters of any script in the slices of each text, and those in a script of its ``masks``."""
    documents = offsets.size - 1
    letters = np.zeros(documents, np.int64)
    fitting = np.zeros(documents, np.int64)
    for document in range(documents):
        mask = masks[document]
        all_letters, own = np.int64(0), np.int64(0)
        for piece in range(slice_count):
            i, stop = slice_bounds(data, offsets[document], offsets[document + 1], piece, slice_bytes, slice_count)
            while i < stop:
                point, width = (int(data[i]), 1) if data[i] < NON_ASCII else code_point(data, i, stop)
                script = table[point]
                i += width
                all_letters += script > 0
                own += np.int64((mask >> np.uint64(script)) & np.uint64(1))
        letters[document], fitting[document] = all_letters, own
    return letters, fitting
