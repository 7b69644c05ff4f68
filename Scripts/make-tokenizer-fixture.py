#!/usr/bin/env python3
"""Writes the tokenizer's test fixture: strings of every kind with the ids and offsets that Hugging
Face's `tokenizers` gives them.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install tokenizers
    /tmp/venv/bin/python Scripts/make-tokenizer-fixture.py \\
        Sources/GLIP/Resources/bert-base-uncased-vocab.txt Tests/GLIPTests/Fixtures/tokenizer.jsonl

The first line names the version of `tokenizers` and the seed; every other line is a case:
t = text, m = maximum number of ids (absent: no truncation), i = ids, o = offsets in code points.
With --count N and --seed S it writes other strings, for a longer comparison; with --scalars it writes
one string for every Unicode scalar.
"""

import argparse
import json
import random

import tokenizers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

WORDS = """a the cat dog person traffic light fire hydrant stop sign unaffable embeddings
antidisestablishmentarianism remote control playing surfboard T-shirt isn't don't it's 3.5 km/h
U.S.A. e.g. R2-D2 C3PO naïve café Ångström Straße İstanbul ΣΊΣΥΦΟΣ ǅungla ﬁne ﬂag ﬃ Ａｆｕｌｌ ½ № ™ 北京
東京タワー ひらがな 서울 한국어 القاهرة مَرْحَبًا שָׁלוֹם हिन्दी বাংলা தமிழ் ไทย ລາວ မြန်မာ Привет Ёлка ქართული
հայերեն አማርኛ ᏣᎳᎩ ᐃᓄᒃᑎᑐᑦ""".split()
EMOJI = ["🐶", "👩‍🚀", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "👍🏽", "❤️", "1️⃣", "☕", "🫠", "\U0001FAE8"]
SPACES = ["", " ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u1680", "\u2003", "\u2028", "\u2029", "\u202f",
          "\u205f", "\u3000", "\u0085", "\u000b", "\u000c", "\u001c", "\u200b", "\u2060", "\ufeff", "\u00ad"]
PUNCTUATION = list(".,;:!?-_'\"()[]{}<>/\\|@#$%^&*+=~`") + list("—–…“”‘’«»¿¡。、「」・؟،।॥٪※‰")
SPECIAL = ["[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]", "[mask]", "[ MASK]", "[[MASK]]", "[MASK", "##ing",
           "[SEP][SEP]"]
MARKS = [0x0300, 0x0301, 0x0307, 0x0308, 0x0323, 0x0327, 0x0328, 0x0344, 0x0345, 0x0483, 0x05B0, 0x05BC,
         0x064E, 0x0651, 0x093C, 0x094D, 0x0E38, 0x0F71, 0x0F72, 0x1037, 0x1714, 0x1734, 0x1885, 0x1AB0,
         0x1DC0, 0x20D0, 0x20DD, 0x302A, 0x302E, 0x302F, 0x3099, 0xA9BD, 0xFE20, 0x101FD, 0x1171E, 0x16FF0,
         0x1D165, 0x1D16D, 0x1E8D0, 0x1E94A, 0x08D4, 0x1DF6, 0x11839, 0x1193D, 0x1193E, 0x1E2EC, 0x0898,
         0x1ACF]
PLANES = [(0x0000, 0x007F), (0x0080, 0x024F), (0x0250, 0x036F), (0x0370, 0x05FF), (0x0600, 0x08FF),
          (0x0900, 0x0FFF), (0x1000, 0x1FFF), (0x2000, 0x2BFF), (0x2E00, 0x33FF), (0x3400, 0x9FFF),
          (0xA000, 0xABFF), (0xAC00, 0xD7FF), (0xE000, 0xF8FF), (0xF900, 0xFFFF), (0x10000, 0x1FFFF),
          (0x20000, 0x2FFFF), (0x30000, 0x3FFFF), (0x40000, 0xDFFFF), (0xE0000, 0xEFFFF), (0xF0000, 0xFFFFF),
          (0x100000, 0x10FFFF)]
# Letters that decompose, in one step or several.
COMPOSED = [0xE9, 0xC5, 0x130, 0x1D5, 0x1E69, 0x1EAD, 0x1F82, 0x1FED, 0x212B, 0x0958, 0x0DDD, 0x1026, 0x30AC,
            0xAC01, 0xD4DB, 0xFB2C, 0x1109A, 0x1134B, 0x114BB, 0x1D15E, 0x1D1C0, 0x2F800, 0x11938, 0xF900,
            0x0F73, 0x0F81]


def scalar(rng, low, high):
    while True:
        code = rng.randint(low, high)
        if not 0xD800 <= code <= 0xDFFF:
            return chr(code)


def of_plane(rng):
    low, high = rng.choice(PLANES)
    return "".join(scalar(rng, low, high) for _ in range(rng.randint(1, 12)))


def marked(rng):
    text = ""
    for _ in range(rng.randint(1, 5)):
        text += chr(rng.choice(COMPOSED)) if rng.random() < 0.5 else rng.choice("aeioxńA가क漢")
        text += "".join(chr(rng.choice(MARKS)) for _ in range(rng.randint(0, 4)))
    return text


def long_word(rng):
    letters = rng.choice(["x", "ab", "é", "漢", "ẛ̣", "İ", "가", "play", "q\u0301"])
    return letters * rng.choice([49, 50, 51, 99, 100, 101, 102, 250])


def pieces(rng):
    makers = [
        lambda: rng.choice(WORDS), lambda: rng.choice(WORDS), lambda: rng.choice(WORDS).upper(),
        lambda: rng.choice(WORDS).title(), lambda: rng.choice(EMOJI), lambda: rng.choice(PUNCTUATION),
        lambda: rng.choice(SPECIAL), lambda: of_plane(rng), lambda: marked(rng),
        lambda: scalar(rng, 0, 0x9F), lambda: scalar(rng, 0, 0x10FFFF), lambda: str(rng.randint(0, 10**6)),
    ]
    text = rng.choice(SPACES)
    for _ in range(rng.randint(1, 10)):
        text += rng.choice(makers)()
        text += rng.choice(SPACES) if rng.random() < 0.4 else rng.choice(["", " ", " "])
    return text


def texts(rng, count):
    fixed = [""] + SPACES + SPECIAL + EMOJI + WORDS + PUNCTUATION
    fixed += ["".join(SPACES), ". ".join(WORDS), " . ".join(WORDS) + " . ", "\u0301", "\u0301a", "a\0b",
    "\ufffd"]
    yield from fixed[:count]
    for _ in range(count - len(fixed)):
        kind = rng.random()
        yield long_word(rng) if kind < 0.02 else marked(rng) if kind < 0.15 else pieces(rng)


def every_scalar():
    for code in range(0x110000):
        if not 0xD800 <= code <= 0xDFFF:
            yield "a" + chr(code) + "e\u0301"


def make_tokenizer(vocabulary):
    with open(vocabulary, encoding="utf-8") as file:
        entries = {line.rstrip("\n"): index for index, line in enumerate(file)}
    tokenizer = Tokenizer(models.WordPiece(entries, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.add_special_tokens(["[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"])
    tokenizer.normalizer = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", entries["[CLS]"]), ("[SEP]", entries["[SEP]"])])
    return tokenizer


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vocabulary")
    parser.add_argument("output")
    parser.add_argument("--count", type=int, default=2500)
    parser.add_argument("--seed", type=int, default=20220618)
    parser.add_argument("--scalars", action="store_true")
    options = parser.parse_args()

    rng = random.Random(options.seed)
    tokenizer = make_tokenizer(options.vocabulary)
    with open(options.output, "w", encoding="ascii") as file:
        def write(value):
            file.write(json.dumps(value, separators=(",", ":")) + "\n")
        write({"tokenizers": tokenizers.__version__, "seed": options.seed})
        for text in every_scalar() if options.scalars else texts(rng, options.count):
            maximum = None
            if not options.scalars and rng.random() < 0.15:
                maximum = rng.choice([2, 3, 4, 5, 8, 13, 64, 256])
            tokenizer.no_truncation() if maximum is None else tokenizer.enable_truncation(maximum)
            encoded = tokenizer.encode(text)
            case = {"t": text, "i": encoded.ids, "o": encoded.offsets}
            write(case if maximum is None else {**case, "m": maximum})


if __name__ == "__main__":
    main()
