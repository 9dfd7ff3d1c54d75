"""Which encoding a CSV file is in. UTF-8, UTF-16 with BOM and windows-1251 are read; others are told by their name.

The bytes of Russian text are valid in five single-byte encodings, and mean other letters in each. How likely letters
are behind each other, and where the capitals stand, tells them apart.
"""

from __future__ import annotations

import codecs
import re
from functools import cache
from typing import IO

_CHUNK = 1 << 20
# Enough words to be sure of any text; how many bytes of them are looked at.
_SAMPLE = 1 << 16
_WORDS = re.compile(rb"[\x80-\xff]+")
# What Russian registries hold in UTF-8: Cyrillic letters, the most common Latin ones, signs and punctuation.
_USUAL = re.compile("[\u00a0-\u00ff\u0400-\u052f\u2000-\u22ff\ufeff]")
_LETTERS = "абвгдежзийклмнопрстуфхцчшщъыьэюяё"
# How unlikely each letter is behind another, as -ln p: a row for the start of a word, then one for each letter. Counted
# in Russian names of people, streets and places and in the texts of this portal, 50,000 pairs.
_ROWS = (
    "333334543723323332344564479995559", "643435545333326423355455499998729", "255862682852862834838666856356558",
    "284552882843732743538456778348848", "254552682863641835538688888686688", "285652332844432833448688888556868",
    "552334546343325523364555559998769", "257732772745224554737777777575777", "154533762755432753637777677457757",
    "554544645233325533265443599999639", "575434757723433731277747577477567", "194984781964652633437689699666776",
    "268562582844652787547676888527448", "135882872877552553738687788366848", "266332862947732892346846799347759",
    "631334545442326423375554679998779", "288882883854851525538787588468667", "255442562945432653336556499457549",
    "394783993913553454249894699449549", "273882882845642433638586888427657", "334334435533336422386464368885588",
    "266462662664662616536666566545656", "146663662644341634436655666556666", "254631662626662656636666666356666",
    "277771572747524777247577777757767", "274772772736443652337777777667767", "255551554555555555525555555555555",
    "444442444444444444444444444444444", "645542557132436534377365377777777", "743432744747225771377645477777727",
    "664446646432426632143664466666666", "426336256524426634366562646666666", "633653426524415434366544466666656",
    "444444444442424434444444444444444",
)  # fmt: skip
_SIGNS = frozenset("№«»„“”–—…’°§\u00a0\u00ad")
# A sign is as unlikely as a rare letter, what no registry holds is more so, and a capital behind a small letter too.
_SIGN, _FOREIGN, _CAPITAL = 6, 14, 7
# How much cheaper another encoding must be than windows-1251, which is read.
_MARGIN = 3
# What a letter of Russian text costs at most; gibberish costs more.
_RUSSIAN = 4.5
READ = "cp1251"
NAMES = {"koi8-r": "KOI8-R", "cp866": "cp866 (DOS)", "iso8859-5": "ISO 8859-5", "mac-cyrillic": "Mac Cyrillic"}


def encoding_of(file: IO[bytes]) -> str:
    """The codec to read with: `utf-8-sig`, `utf-16`, `cp1251`, or one of `NAMES`, whose text must not be believed.

    UTF-8 unless its broken sequences outnumber the whole ones: one broken byte makes a bad row, it does not turn every
    address into gibberish.
    """
    file.seek(0)
    if file.read(2) in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        return "utf-16"
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    usual = other = broken = 0
    sample = b""
    while chunk := file.read(_CHUNK):
        text = decoder.decode(chunk)
        if text.isascii():
            continue
        broken += (replaced := text.count("\ufffd"))
        usual += (known := len(_USUAL.findall(text)))
        other += len(text) - len(text.encode("ascii", "ignore")) - replaced - known
        if len(sample) < _SAMPLE:
            sample += b" ".join(_WORDS.findall(chunk))[:_SAMPLE]
    if broken + other <= usual:
        return "utf-8-sig"
    best = _single_byte(sample)
    # Without a broken sequence it is UTF-8 of another script, unless it makes good Russian otherwise.
    return "utf-8-sig" if not broken and (best == READ or not _is_russian(sample.decode(best))) else best


def _single_byte(sample: bytes) -> str:
    words = sample.split()
    costs = {encoding: sum(_cost(word.decode(encoding, "replace")) for word in words) for encoding in (READ, *NAMES)}
    best = min(costs, key=lambda encoding: costs[encoding])
    return best if costs[best] + _MARGIN < costs[READ] else READ


def _is_russian(text: str) -> bool:
    words = text.split()
    return sum(map(_cost, words)) < _RUSSIAN * sum(map(len, words))


@cache
def _costs() -> dict[tuple[str, str], int]:
    """Of each letter behind each other."""
    return {
        (before, letter): int(cost)
        for before, row in zip(" " + _LETTERS, _ROWS, strict=True)
        for letter, cost in zip(_LETTERS, row, strict=True)
    }


def _cost(word: str) -> int:
    """How unlikely a word is in Russian."""
    cost = 0
    before, small = " ", False
    for sign in word:
        letter = sign.lower()
        if letter not in _LETTERS:
            cost += _SIGN if sign in _SIGNS else _FOREIGN
            before, small = " ", False
            continue
        cost += _costs()[before, letter] + (_CAPITAL if small and sign != letter else 0)
        before, small = letter, sign == letter
    return cost
