"""Bytes to text: which encoding, and how it was found.

The order is that of the HTML standard (section 13.2.3.2, "determining the character encoding"): byte order mark, then
what the transport declares, then what the document declares, then detection. One rule of ours comes first: bytes that
are valid UTF-8, with a few characters beyond ASCII to show for it, are UTF-8 whatever is declared, because long text in
another encoding is never valid UTF-8 by accident while servers that declare a wrong default are common. Labels are
mapped as browsers map them (``iso-8859-1`` is windows-1252, ``shift_jis`` is cp932, ``gb2312`` is gb18030).
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5

from gristmill.errors import ConfigError

DETECTION_BYTES = 1 << 17
"""How many bytes detection looks at."""

MIN_UTF8_EVIDENCE = 4
"""From this many non-ASCII characters on, valid UTF-8 is UTF-8 whatever is declared. Below it a declared encoding
that fits wins: the two Chinese characters of the classic Notepad mistake are valid UTF-8 by accident."""

MAX_CONTROL_SHARE = 0.02
"""A text with a larger share of control characters than this is no text."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.\-]{2,40})""", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"""^\s*<\?xml[^>]{0,100}?encoding\s*=\s*["']([A-Za-z0-9_.\-]{2,40})["']""")
_META_BYTES = 4096
_PYTHON_NAMES = {"shift_jis": "cp932", "euc-kr": "cp949", "gbk": "gb18030", "gb2312": "gb18030", "big5": "big5hkscs"}


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded text.

    Attributes:
        text: the text, without byte order mark.
        encoding: the encoding used, a Python codec name.
        evidence: how it was found: ``bom``, ``config``, ``http``, ``meta``, ``utf-8`` (the bytes are valid UTF-8),
            ``shape`` (the pattern of zero bytes of UTF-16) or ``detected``.
        replaced: how many characters of the text are U+FFFD because the bytes were not valid in the encoding.
    """

    text: str
    encoding: str
    evidence: str
    replaced: int


def codec_name(label: str | None) -> str | None:
    """The Python codec that browsers would use for an encoding label, ``None`` for an unknown label.

    >>> codec_name("ISO-8859-1"), codec_name("x-sjis"), codec_name("nonsense"), codec_name(None)
    ('cp1252', 'cp932', None, None)
    """
    if not label or not label.isascii():
        return None
    mapped = map_encoding_to_html5(label.strip().lower(), fallback_utf8=False)
    if mapped is None:
        return None
    mapped = _PYTHON_NAMES.get(mapped.lower(), mapped)
    try:
        return codecs.lookup(mapped).name
    except LookupError:
        return None


def declared_in_html(data: bytes) -> str | None:
    """The encoding label in the ``<meta>`` or XML declaration of a page's first bytes.

    >>> declared_in_html(b'<meta http-equiv=Content-Type content="text/html; charset=euc-jp">')
    'euc-jp'
    """
    head = data[:_META_BYTES]
    match = _META_CHARSET.search(head) or _XML_ENCODING.match(head)
    return match[1].decode("ascii") if match else None


def _utf16_by_shape(data: bytes) -> str | None:
    """UTF-16 without a byte order mark: Latin text has its zero bytes all on one side."""
    sample = data[:4096]
    if len(sample) < 8 or b"\x00" not in sample:
        return None
    half = len(sample) // 2
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > half * 0.4 and even < half * 0.02:
        return "utf-16-le"
    if even > half * 0.4 and odd < half * 0.02:
        return "utf-16-be"
    return None


def _detected(data: bytes) -> str:
    found = detect_encoding(data, max_len=DETECTION_BYTES, html5_compatible=True, from_html_meta=False)
    name = codec_name(found) or "cp1252"
    # uchardet answers UTF-8 when it does not know; here the bytes are known not to be UTF-8.
    return "cp1252" if name == "utf-8" else name


def _strict(data: bytes, encoding: str, evidence: str) -> Decoded | None:
    try:
        return Decoded(data.decode(encoding), encoding, evidence, 0)
    except UnicodeDecodeError:
        return None


def _beyond_ascii(text: str) -> int:
    return len(text) - len(text.encode("ascii", "ignore"))


def _declared(http: str | None, meta: str | None) -> tuple[tuple[str | None, str], ...]:
    in_page = codec_name(meta)
    # A page that can be read to find its meta tag is not UTF-16 (HTML standard, same section).
    return (codec_name(http), "http"), (None if in_page and in_page.startswith("utf-16") else in_page, "meta")


def _finish(data: bytes, encoding: str, evidence: str) -> Decoded:
    try:
        return Decoded(data.decode(encoding), encoding, evidence, 0)
    except UnicodeDecodeError:
        text = data.decode(encoding, "replace")
        return Decoded(text, encoding, evidence, text.count("\ufffd"))


def _mostly_utf8(data: bytes) -> bool:
    """Whether bytes that are not valid UTF-8 are still UTF-8 with a few damaged characters."""
    text = data[:DETECTION_BYTES].decode("utf-8", "replace")
    bad = text.count("\ufffd")
    return _beyond_ascii(text) > 21 * bad


def decode(data: bytes, *, config: str | None = None, http: str | None = None, meta: str | None = None) -> Decoded:
    r"""Decodes bytes with the best-founded encoding. Never raises; bad bytes become U+FFFD and are counted.

    Args:
        data: the bytes.
        config: the encoding label that the configuration gives, believed before all else.
        http: the label in the HTTP ``Content-Type``.
        meta: the label in the document itself, see :func:`declared_in_html`.

    >>> decode("naïve".encode()).evidence, decode("naïve".encode("latin-1")).text
    ('utf-8', 'naïve')
    >>> decode(b"\xff\xfeh\x00i\x00")
    Decoded(text='hi', encoding='utf-16-le', evidence='bom', replaced=0)
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _finish(data[len(bom) :], encoding, "bom")
    chosen = codec_name(config)
    if chosen is not None:
        return _finish(data, chosen, "config")
    declared = [(name, evidence) for name, evidence in _declared(http, meta) if name is not None]
    by_shape = _utf16_by_shape(data)
    if by_shape is not None:
        return _finish(data, by_shape, "shape")
    utf8 = _strict(data, "utf-8", next((evidence for name, evidence in declared if name == "utf-8"), "utf-8"))
    if utf8 is not None and not declared:
        return utf8
    if utf8 is not None and not data.isascii() and _beyond_ascii(utf8.text) >= MIN_UTF8_EVIDENCE:
        return utf8
    for name, evidence in declared:
        strict = _strict(data, name, evidence)
        if strict is not None:
            return strict
    if utf8 is not None:
        return utf8
    if _mostly_utf8(data):
        return _finish(data, "utf-8", "utf-8")
    for name, evidence in declared:
        lossy = _finish(data, name, evidence)
        if name != "utf-8" and lossy.replaced * 200 < len(lossy.text):
            return lossy
    return _finish(data, _detected(data), "detected")


def is_binary(text: str) -> bool:
    r"""Whether a decoded text is full of control characters.

    >>> is_binary("line\nline\t."), is_binary("\x00\x01\x02abc")
    (False, True)
    """
    controls = sum(text.count(chr(code)) for code in range(32) if code not in {9, 10, 12, 13, 27})
    return controls > len(text) * MAX_CONTROL_SHARE


def check_encoding(label: str | None) -> None:
    """Raises ``ConfigError`` for an encoding label that no browser and no Python knows.

    >>> check_encoding("shift_jis")
    """
    if label is not None and codec_name(label) is None:
        message = f"encoding = {label!r} is not known; wanted a label such as utf-8, windows-1252, shift_jis or gb18030"
        raise ConfigError(message)
