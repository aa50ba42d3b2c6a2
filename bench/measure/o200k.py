# SPDX-License-Identifier: Apache-2.0
"""Counts tokens of o200k_base, as a program of its own: run with the Python of the environment `tokens`.

usage: o200k.py FOLDER     a JSON array of texts on standard input, an array of numbers on standard output

FOLDER holds the encoding's table under the name that tiktoken gives it; tiktoken checks its digest. Nothing is fetched.
"""
import json
import os
import sys

os.environ["TIKTOKEN_CACHE_DIR"] = sys.argv[1]
import tiktoken  # noqa: E402

encoding = tiktoken.get_encoding("o200k_base")
json.dump([len(encoding.encode(text, disallowed_special=())) for text in json.load(sys.stdin)], sys.stdout)
