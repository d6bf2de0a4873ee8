"""Classes of characters, as the inside of a regular expression's ``[...]``.

Python's ``\\w`` excludes combining marks, so it splits words of Hindi, Thai or decomposed Latin.
Here a *word character* is therefore defined by what it is not: white space, punctuation, a symbol,
an emoji, or a character of a script that writes no spaces. The ranges are coarse on purpose: an
unassigned code point may fall on either side, but none is lost.
"""

from __future__ import annotations

__all__ = [
    "EMOJI",
    "HAN",
    "HIRAGANA",
    "KATAKANA",
    "MARKS",
    "PUNCTUATION",
    "SKIN",
    "SOUTH_EAST_ASIAN",
    "UNSPACED",
    "WORD",
]

PUNCTUATION = (
    r"!-/:-@\[-\^`{-~"  # ASCII without the underscore
    r"\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"  # controls that are not white space
    r"\xa1-\xa9\xab\xac\xae-\xb1\xb4\xb6-\xb8\xbb\xbf\xd7\xf7"
    r"\u02c2-\u02c5\u02d2-\u02df\u037e\u0387\u055a-\u055f\u0589-\u058f\u05be\u05c0\u05c3\u05c6"
    r"\u05f3\u05f4\u0600-\u060f\u061b-\u061f\u066a-\u066d\u06d4\u06dd\u06e9\u0700-\u070f"
    r"\u0964\u0965\u0970\u0df4\u0e3f\u0e4f\u0e5a\u0e5b\u0f04-\u0f14\u0f3a-\u0f3d\u104a-\u104f"
    r"\u10fb\u1360-\u1368\u1400\u166d\u166e\u169b\u169c\u16eb-\u16ed\u1735\u1736\u17d4-\u17db"
    r"\u1800-\u180a\u1944\u1945\u1c3b-\u1c3f\u1c7e\u1c7f\u2010-\u2027\u202a-\u205e\u2066-\u206f"
    r"\u200e\u200f\u207a-\u207e\u208a-\u208e\u20a0-\u20cf\u2100-\u2101\u2103-\u2109\u2114\u2116"
    r"\u2117\u211e-\u2123\u2140-\u2144\u2190-\u2bff\u2cf9-\u2cff\u2e00-\u2e7f\u2ff0-\u2fff"
    r"\u3001-\u3004\u3008-\u3020\u3030\u303d-\u303f\u309b\u309c\u30a0\u30fb\u3200-\u33ff"
    r"\ua4fe\ua4ff\ua60d-\ua60f\ua6f2-\ua6f7\ua828-\ua82b\ua836-\ua839\ua874-\ua877\ua8ce\ua8cf"
    r"\ua8f8-\ua8fa\ua92e\ua92f\ua95f\ua9c1-\ua9cd\uaade\uaadf\uabeb\ud800-\uf8ff\ufd3e\ufd3f"
    r"\ufdfc\ufe10-\ufe1f\ufe30-\ufe6f\ufeff\uff01-\uff0f\uff1a-\uff20\uff3b-\uff3d\uff3f\uff40"
    r"\uff5b-\uff65\uffe0-\uffff\U0001f000-\U0001faff\U000e0000-\U000e00ff\U000f0000-\U0010ffff"
)

HAN = (
    r"\u2e80-\u2fdf\u3005-\u3007\u3021-\u302d\u3031-\u303c\u3100-\u312f\u31a0-\u31bf"
    r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
HIRAGANA = r"\u3041-\u309a\u309d-\u309f"
KATAKANA = r"\u3099\u309a\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
# Thai, Lao, Myanmar, Khmer and the Tai scripts; their digits are word characters.
SOUTH_EAST_ASIAN = (
    r"\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ecf\u0edc-\u0edf\u1000-\u103f\u1050-\u108f\u109a-\u109d"
    r"\u1780-\u17d3\u17dc\u17dd\u1950-\u19df\u1a20-\u1aaf\ua9e0-\ua9ff\uaa60-\uaadd"
)
UNSPACED = HAN + HIRAGANA + KATAKANA + SOUTH_EAST_ASIAN

WORD = rf"[^\s{PUNCTUATION}{UNSPACED}]"

# Characters that belong to the one before them, of any kind.
MARKS = (
    r"\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a"
    r"\u064b-\u065f\u0670\u0900-\u0903\u093a-\u093c\u093e-\u094f\u0e31\u0e33-\u0e3a\u0e47-\u0e4e"
    r"\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u102b-\u103e\u1056-\u1059\u105e-\u1060\u17b4-\u17d3\u17dd"
    r"\u1ab0-\u1aff\u1dc0-\u1dff\u200c\u200d\u20d0-\u20ff\u302a-\u302f\u3099\u309a\ufe00-\ufe0f"
    r"\ufe20-\ufe2f\U000e0100-\U000e01ef"
)

EMOJI = (
    r"\xa9\xae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u27bf\u2934\u2935"
    r"\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa"
    r"\U0001f400-\U0001faff"
)
SKIN = r"\U0001f3fb-\U0001f3ff"
