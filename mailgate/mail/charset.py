"""Bytes in a declared, wrong, missing or unknown charset → text.

Laws: never raises; the text holds no surrogates and no NUL; a label is a hint, validity decides.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

# What mailers write → the Python codec that reads what they mean: the supersets of the WHATWG Encoding Standard §4.2
# (latin-1 means cp1252, gb2312 means gb18030), and the names Python does not know.
_MEANT = {
    "ascii": "cp1252", "us-ascii": "cp1252", "iso8859-1": "cp1252", "latin-1": "cp1252", "ansi": "cp1252",
    "iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874", "windows-874": "cp874", "dos-874": "cp874",
    "iso-8859-8-i": "iso8859-8", "iso-8859-8-e": "iso8859-8", "logical": "iso8859-8", "visual": "iso8859-8",
    "iso-8859-6-i": "iso8859-6", "iso-8859-6-e": "iso8859-6",
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "gb_2312-80": "gb18030", "cn-gb": "gb18030",
    "euc_kr": "cp949", "ks_c_5601": "cp949", "x-windows-949": "cp949", "windows-949": "cp949", "korean": "cp949",
    "shift_jis": "cp932", "x-sjis": "cp932", "windows-31j": "cp932", "shift-jis": "cp932", "ms_kanji": "cp932",
    "x-ms-cp932": "cp932", "x-euc-jp": "euc_jp", "x-big5": "big5", "cn-big5": "big5", "big5-tw": "big5",
    "iso2022_jp": "iso2022_jp_ext", "iso2022_jp_1": "iso2022_jp_ext", "cp50220": "iso2022_jp_ext",
    "cp50221": "iso2022_jp_ext", "x-iso-2022-jp": "iso2022_jp_ext",
    "x-mac-roman": "mac-roman", "mac": "mac-roman", "x-mac-cyrillic": "mac-cyrillic", "x-mac-ce": "mac-latin2",
    "x-koi8-r": "koi8-r", "koi8": "koi8-r", "koi": "koi8-r", "koi8-ru": "koi8-u",
    "utf8mb4": "utf-8", "utf-8-mac": "utf-8", "unicode-1-1-utf-8": "utf-8", "x-utf-8": "utf-8",
    "unicode": "utf-16", "iso-10646-ucs-2": "utf-16", "ucs-2": "utf-16", "csunicode": "utf-16",
    "iso-10646-ucs-4": "utf-32", "x-unicode-2-0-utf-7": "utf-7",
}  # fmt: skip
# Codecs of Python that are no charsets of mail.
_REFUSED = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "mbcs", "oem", "undefined", "charmap"}
)
_LABEL = re.compile(r"[a-z0-9][a-z0-9._:+-]{0,59}")
_VENDOR = re.compile(r"(?:x-)?(?:cp|win|windows|ibm|dos|ms)[-_]?(\d{3,5})")
# Bytes below 0x80 do not stand for ASCII here.
_NOT_ASCII = frozenset(
    {"utf-7", "hz", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"}
)
_WIDE = _NOT_ASCII - {"utf-7", "hz"}
# Here a short text may be valid UTF-8 by accident.
_MULTIBYTE = frozenset(
    {"gb18030", "cp949", "cp932", "euc_jp", "big5", "johab", "cp950", "big5hkscs", "euc_jis_2004"}
)
_WIDER = {"big5": ("cp950", "big5hkscs"), "euc_jp": ("euc_jisx0213",), "cp932": ("shift_jis_2004",)}
_ISO_2022_JP = re.compile(rb"\x1b(\$[@B]|\([BJI])")
_C1 = {code: bytes([code]).decode("cp1252", "replace") for code in range(0x80, 0xA0)}
_HIGH_BYTES = bytes(range(0x80, 0x100))
_ASCII_BYTES = bytes(range(0x80))
_NO_LETTERS = bytes(code for code in range(0x80) if not chr(code).isalpha())
_SURROGATE = re.compile("[\ud800-\udfff]")


def decode(data: bytes, label: str = "") -> str:
    """The text that `data` most likely means. Pure ASCII costs one check; `label` may be anything."""
    codec = resolve(label)
    if data.isascii() and codec not in _NOT_ASCII:
        if b"\x1b" in data and (codec in ("", "cp1252", "utf-8") or codec.startswith("iso2022")):
            return _clean(_iso_2022(data, codec))
        text = data.decode("ascii")
        return text.replace("\0", "") if "\0" in text else text
    return _clean(_decode(data, codec))


@lru_cache(maxsize=512)
def resolve(label: str) -> str:
    """The Python codec for a charset label, "" when it is missing, unknown or no charset of mail."""
    name = label.strip(" \t\r\n\"'").lower().partition("*")[0].rstrip(";,")  # RFC 2231 §5: charset*language
    if not _LABEL.fullmatch(name):
        return ""
    if name in _MEANT:
        return _MEANT[name]
    if vendor := _VENDOR.fullmatch(name):
        name = "cp" + vendor[1]
        name = {"cp936": "gb18030", "cp65001": "utf-8", "cp20127": "cp1252", "cp28591": "cp1252"}.get(
            name, name
        )
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError, UnicodeError, ImportError):
        return ""
    if not getattr(info, "_is_text_encoding", True) or info.name.replace("-", "_") in _REFUSED:
        return ""
    return _MEANT.get(info.name, info.name)


def _clean(text: str) -> str:
    if "\0" in text:
        text = text.replace("\0", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)
    return text


def _decode(data: bytes, codec: str) -> str:
    if data.startswith(codecs.BOM_UTF8):
        return data[3:].decode("utf-8", "replace")
    if codec in _WIDE or (not codec and data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _wide(data, codec or "utf-16")
    if codec in ("utf-7", "hz"):
        return _strict(data, codec) or _decode(data, "")
    unicode = _strict(data, "utf-8")
    # Other 8-bit text is hardly ever valid UTF-8; short East Asian text may be, but then hardly in three-byte runs.
    if unicode is not None and (codec not in _MULTIBYTE or any(char >= "\u0800" for char in unicode)):
        return unicode
    if codec.startswith("iso2022"):
        return _iso_2022(data, codec)
    if codec not in ("", "utf-8", "cp1252"):
        for candidate in (codec, *_WIDER.get(codec, ())):
            if (text := _strict(data, candidate)) is not None:
                return text
        return data.decode(codec, "replace")
    return unicode if unicode is not None else _western(data, codec)


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError, LookupError):
        return None


def _western(data: bytes, codec: str) -> str:
    """Damaged UTF-8 where most of the non-ASCII bytes form good sequences, else cp1252 with no byte undefined."""
    text = data.decode("utf-8", "replace")
    bad = text.count("\N{REPLACEMENT CHARACTER}")
    good = len(text) - bad - len(data.translate(None, _HIGH_BYTES))
    if good >= bad if codec == "utf-8" else good > 2 * bad:
        return text
    if not codec and (cyrillic := _cyrillic(data)):
        return data.decode(cyrillic, "replace")
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1").translate(_C1)


def _cyrillic(data: bytes) -> str:
    """The codec of unlabelled 8-bit text that is mostly letters from 0xC0 on, and no double-byte text: hardly Western."""
    sample = data[:4096]
    high = sample.translate(None, _ASCII_BYTES)
    if len(high) < 4 or 2 * len(high) < len(sample.translate(None, _NO_LETTERS)):
        return ""
    lower_koi8 = sum(0xC0 <= byte < 0xE0 for byte in high)
    lower_1251 = sum(byte >= 0xE0 for byte in high)
    if lower_koi8 + lower_1251 < 0.9 * len(high):
        return ""
    return "koi8-r" if lower_koi8 > lower_1251 else "cp1251"


def _wide(data: bytes, codec: str) -> str:
    """UTF-16 and UTF-32, which mailers label without writing them, or write without a byte order mark."""
    labelled_only = data[:2] not in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) and b"\0" not in data
    if (
        labelled_only
        and (len(data) % 2 or b" " in data or b"\n" in data)
        and (text := _strict(data, "utf-8")) is not None
    ):
        return text
    if codec == "utf-16" and data[:2] not in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        # ASCII in UTF-16 has its zero bytes at one side; without any, RFC 2781 §4.3 says big-endian.
        codec = "utf-16-le" if data[1::2].count(0) > data[::2].count(0) else "utf-16-be"
    return data.decode(codec, "replace").removeprefix("\ufeff")


def _iso_2022(data: bytes, codec: str) -> str:
    """Escape sequences of ISO-2022; Japanese mailers put Microsoft's extra characters into ISO-2022-JP unlabelled."""
    names = [codec] if codec.startswith("iso2022") else []
    for name in (*names, "iso2022_jp_ext", "iso2022_kr" if b"\x1b$)C" in data else "iso2022_jp_2"):
        if (text := _strict(data, name)) is not None:
            return text
    if not _ISO_2022_JP.search(data):
        return data.decode("cp1252", "replace")
    pieces = _ISO_2022_JP.split(data)
    text = pieces[0].decode("latin-1")
    for escape, segment in zip(pieces[1::2], pieces[2::2], strict=True):
        if escape.startswith(b"$"):
            # JIS X 0208 in seven bits is EUC-JP with the high bits off
            high = bytes(byte | 0x80 if byte > 0x20 else byte for byte in segment)
            text += _euc_microsoft(high)
        elif escape == b"(I":
            text += bytes(byte | 0x80 for byte in segment).decode("cp932", "replace")
        else:
            text += segment.decode("latin-1")
    return text


def _euc_microsoft(euc: bytes) -> str:
    """EUC-JP by way of cp932, which has the NEC row 13 and IBM characters that EUC-JP codecs lack."""
    out = bytearray()
    pairs = iter(euc)
    for first in pairs:
        second = next(pairs, 0) if first > 0xA0 else 0
        if first <= 0xA0 or second <= 0xA0:
            out += bytes(byte & 0x7F for byte in (first, second) if byte)
            continue
        row, cell = first - 0xA1, second - 0xA1
        lead = row // 2 + (0x81 if row < 62 else 0xC1)
        trail = cell + 0x9F if row % 2 else cell + (0x40 if cell < 63 else 0x41)
        out += bytes((lead, trail))
    return out.decode("cp932", "replace")
