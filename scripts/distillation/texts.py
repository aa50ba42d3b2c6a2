# SPDX-License-Identifier: Apache-2.0
"""What the table is trained on: one-line texts about programs and what they do, from this machine.

- Short descriptions of Debian's packages (apt-cache dumpavail; any apt system with lists will do).
- What the functions of Python's standard library say about themselves, with their names.
- Names and purposes of the manual pages that are installed (man -k).
- Lines of files that the caller names.
"""
import contextlib
import importlib
import inspect
import io
import pkgutil
import re
import subprocess
import sys
import warnings

SHORTEST, LONGEST = 12, 300
# Modules that do something when they are imported.
LEFT_ALONE = {"antigravity", "this", "idlelib", "test", "tkinter", "turtle", "turtledemo", "lib2to3", "__main__"}
WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


def words_of(name):
    """`find_symbol` and `findSymbol` as `find symbol`."""
    return " ".join(WORD.findall(name))


def output(*command):
    """What a program says; nothing where it is not installed."""
    try:
        return subprocess.run(command, capture_output=True, text=True, errors="replace").stdout
    except FileNotFoundError:
        return ""


def manual_pages():
    """(name in words, purpose) of programs and functions."""
    for line in output("man", "-k", ".").splitlines():
        found = re.match(r"(\S+) \([1238][^)]*\)\s+- (.*)", line)
        if found and SHORTEST <= len(found[2]) <= LONGEST and "unknown subject" not in found[2]:
            yield words_of(found[1].rpartition("::")[2]), found[2]


def packages():
    """Debian's short descriptions, without what sets the parts of one source apart: "(data files)", "- headers"."""
    for line in output("apt-cache", "dumpavail").splitlines():
        if line.startswith("Description: "):
            yield re.sub(r"\s*(\([^()]*\)|\s-{1,2}\s.*)$", "", line.partition(": ")[2]).strip()


def modules():
    """The standard library, as far as it can be imported here."""
    for name in sorted(sys.stdlib_module_names):
        if name.split(".")[0] in LEFT_ALONE or name.startswith("_"):
            continue
        with contextlib.suppress(BaseException), contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = importlib.import_module(name)
            yield module
            for found in pkgutil.iter_modules(getattr(module, "__path__", [])):
                if not found.name.startswith("_") and found.name not in LEFT_ALONE | {"tests"}:
                    with contextlib.suppress(BaseException):
                        yield importlib.import_module(f"{name}.{found.name}")


def functions():
    """(name in words, first sentence) of the standard library's functions and methods."""
    seen = set()
    for module in modules():
        for holder in [module, *(entry for _, entry in inspect.getmembers(module, inspect.isclass))]:
            for name, entry in inspect.getmembers(holder, callable):
                text = getattr(entry, "__doc__", None)
                if name.startswith("_") or not isinstance(text, str):
                    continue
                paragraph = " ".join(text.strip().partition("\n\n")[0].split())
                sentence = re.split(r"(?<=[.!?])\s", paragraph)[0]
                # Signatures that stand in place of a description.
                if re.match(r"[\w.]+\(", sentence) or not SHORTEST <= len(sentence) <= LONGEST:
                    continue
                if (name, sentence) not in seen:
                    seen.add((name, sentence))
                    yield words_of(name), sentence


def collect(files, limit, chance):
    """(texts, pairs): at most `limit` different texts in an order that `chance` gives, and pairs that belong together."""
    pairs = sorted({*functions(), *manual_pages()})
    own = [f"{name}: {sentence}" for name, sentence in pairs]
    for file in files:
        with open(file, encoding="utf-8", errors="replace") as lines:
            own += [" ".join(line.split()) for line in lines]
    others = sorted({text for text in packages() if SHORTEST <= len(text) <= LONGEST})
    chance.shuffle(others)
    texts = list(dict.fromkeys(text for text in own if text))[:limit]
    seen = set(texts)
    texts += [text for text in others if text not in seen][:max(0, limit - len(texts))]
    chance.shuffle(texts)
    return texts, pairs
