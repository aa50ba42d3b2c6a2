#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints wordpiece.json: texts of many scripts, with the numbers that the `tokenizers` library writes them as.

usage: make_wordpiece.py tokenizer.json > wordpiece.json
needs: pip install tokenizers; tokenizer.json from the wheel that scripts/engine reads

The vocabulary is cut to the pieces that the texts use and to single characters, to keep the file small.
"""
import json
import random
import sys
import unicodedata

from tokenizers import Tokenizer, models

SENTENCES = [
    "find usages of this function",
    "List open pull requests in the repository, newest first.",
    "read_file: Reads a file (UTF-8) from disk; returns at most 1,048,576 bytes!",
    "getElementByID XMLHttpRequest snake_case_name kebab-case-name C++ C# .NET",
    "naïve café Zoë Ångström façade coöperate déjà-vu jalapeño smörgåsbord",
    "Die Übergrößenträger müssen rückwärts über die Straße – außer Öl & Ärger.",
    "„Fünf Äpfel“, sagte Jörg, »wären schöner«.",
    "Œuvre complète : l'été, où çà ? Garçon, maïs, Noël, ambiguë.",
    "¿Dónde está el niño? ¡Mañana, señor! Pingüino.",
    "Česká řeč: příliš žluťoučký kůň úpěl ďábelské ódy",
    "Zażółć gęślą jaźń; Łódź, źdźbło.",
    "İstanbul'da ılık ığdır şişesi, Ğ ğ I ı i",
    "Tôi có thể ăn thủy tinh mà không hại gì. Việt Nam, Đà Nẵng, nghiêng ngả",
    "한국어 문장을 검색하는 도구입니다. 파일을 읽고 쓰기",
    "각 갂 힣 가각간갇갈 읽다 값 닭",
    "हिन्दी में खोज करें: फ़ाइल पढ़ें और लिखें। क़ ख़ ग़ ज़ ड़ ढ़ फ़ य़",
    "বাংলা ভাষায় লেখা পড়া কোথায় গৌরব কৌশল",
    "தமிழில் கோப்பை படிக்கவும் கொள்கை கௌரவம்",
    "ಕನ್ನಡ ಕೋಶ കോഴിക്കോട് മലയാളം සිංහල කෝපය",
    "اقرأ الملف واكتب النتيجة في القاعدة. أُمَّةٌ إِلَى آخره ؤ ئ ۀ ۓ",
    "חפש קובץ בעברית: שָׁלוֹם עֲלֵיכֶם שׁ שׂ וֹ",
    "ファイルを読み込んで検索する。ガギグゲゴ パピプペポ ヴァイオリン ｶﾞ",
    "漢字かな交じり文、東京都の天気は？ 「引用」",
    "读取文件并搜索内容，返回结果。豈更車 㐀㒨 𠀀𪜀",
    "Прочитай файл и найди ёлку, йод, Їжак, ў Ќ ѓ",
    "Ἀθῆναι ᾧ ᾠδή ΐ ΰ Σίσυφος ΣΑΣ Ώ Ὦ ᾼ",
    "ไทย ค้นหาไฟล์ และเขียนผลลัพธ์ ภาษา",
    "ფაილის ძებნა Հայերեն ԱԲԳ እግዚአብሔር",
    "emoji 👍🏽 👩\u200d💻 🇩🇪 ❤\ufe0f ✈\ufe0f 🏳\ufe0f\u200d🌈 1\ufe0f\u20e3 text🙂text",
    "math ≠ ≤ ∉ ∄ ≢ ⊄ x² y₃ ½ ™ © ® € £ ¥ ‰ § ¶ µ \u2126 \u212a \u212b",
    "quotes “double” ‘single’ … – — ― \u2010 \u2011 « » ‹ › ¿ ¡ † ‡ • ′ ″",
    "zero\u200bwidth soft\u00adhyphen bom\ufeffhere nbsp\u00a0here thin\u2009space line\u2028sep para\u2029sep",
    "ctrl\u0000nul \u0007bell \u000bvt \u0085nel \u007fdel tab\there\r\nnew\ufffdbad ideographic\u3000space",
    "decomposed e\u0301 a\u030a u\u0308 n\u0303 \u1112\u1161\u11ab g\u0327 double e\u0323\u0302",
    "ǅ ǆ Ǆ ﬁ ﬂ ﬃ ⅷ Ⅷ ⓐ Ａｂｃ １２３ ſ ẞ ß ŉ Ŋ ǰ",
    "x_ $100 #tag @user ^caret `tick` ~tilde |pipe| <tag> a+b=c {json: [1, 2]} 50% \\back\\slash",
    "http://example.com/a/b?c=d&e=f#g user@example.org 192.168.0.1 ::1 2026-11-25T15:00:00Z",
    "0x1F600 1e-5 3.14159 -42 +49 (0)30 123456789",
    "a" * 100 + " " + "a" * 101 + " " + "é" * 100 + " " + "한" * 34,
    "", " \t\n ", "\u0301\u0302", "\u200b",
]
ROUNDS = 60


def normalized(text):
    """What the library does, by Python's character database."""
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(part for part in decomposed if unicodedata.category(part) != "Mn").lower()


def known(tokenizer, character):
    """Whether the library's character database, which is older, agrees about a character."""
    words = tokenizer.pre_tokenizer.pre_tokenize_str(f"a{character}a")
    return (unicodedata.category(character) not in ("Cs", "Cn", "Co", "Cc", "Cf", "Zs")
            and (len(words) > 1) == unicodedata.category(character).startswith("P")
            and tokenizer.normalizer.normalize_str(character).strip() == normalized(character))


def noise(tokenizer):
    """Words of characters from everywhere, most of them letters that the normalisation changes."""
    dice = random.Random(4)
    everything = [chr(code) for code in range(0xA0, 0x20000) if not 0xD800 <= code < 0xE000]
    everything = [character for character in everything if known(tokenizer, character)]
    changing = [character for character in everything if normalized(character) != character]
    for _ in range(ROUNDS):
        words = ["".join(dice.choice(dice.choice([everything, changing, "abcdefgh"])) for _ in range(dice.randint(1, 6)))
                 for _ in range(8)]
        yield " ".join(words)


def main():
    full = Tokenizer.from_file(sys.argv[1])
    full.no_padding()
    full.no_truncation()
    texts = SENTENCES + list(noise(full))
    used = {piece for text in texts for piece in full.encode(text, add_special_tokens=False).tokens}
    pieces = [piece for piece, _ in sorted(full.get_vocab().items(), key=lambda entry: entry[1])
              if piece in used or len(piece.removeprefix("##")) == 1 and ord(piece[-1]) < 0x250]
    small = Tokenizer(models.WordPiece({piece: number for number, piece in enumerate(pieces)}, unk_token="[UNK]",
                                       max_input_chars_per_word=100))
    small.normalizer, small.pre_tokenizer = full.normalizer, full.pre_tokenizer
    cases = [{"text": text, "ids": small.encode(text).ids} for text in texts]
    print('{"vocabulary":', json.dumps(pieces, ensure_ascii=True), ",")
    print('"cases": [')
    print(",\n".join(json.dumps(case, ensure_ascii=True) for case in cases))
    print("]}")


if __name__ == "__main__":
    main()
