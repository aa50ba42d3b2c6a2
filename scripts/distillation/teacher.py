# SPDX-License-Identifier: Apache-2.0
"""Sentence vectors of all-MiniLM-L6-v2, by mcp-embed from the engine file."""
import hashlib
import subprocess
import threading
import time

import numpy

WIDTH = 384
IDENTITY_BYTES = 8


class Teacher:
    """- program: mcp-embed; engine: its file; cache: a folder for vectors already computed."""

    def __init__(self, program, engine, cache):
        self.command, self.cache = [str(program), "--nice", str(engine)], cache
        self.model = hashlib.sha256(engine.read_bytes()).hexdigest()

    def vectors(self, texts, what):
        """One row of length 1 a text."""
        lines = "".join(" ".join(text.split()) + "\n" for text in texts).encode()
        kept = self.cache / (hashlib.sha256(self.model.encode() + lines).hexdigest()[:32] + ".f32")
        size = 4 * WIDTH * len(texts)
        if not kept.exists() or kept.stat().st_size != size:
            self.compute(lines, len(texts), what, kept)
        return numpy.fromfile(kept, "<f4").reshape(len(texts), WIDTH)

    def compute(self, lines, count, what, target):
        self.cache.mkdir(parents=True, exist_ok=True)
        temporary = target.with_suffix(".new")
        started = reported = time.monotonic()
        with subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as encoder:
            writer = threading.Thread(target=self.write, args=(encoder.stdin, lines))
            writer.start()
            encoder.stdout.read(IDENTITY_BYTES)
            with open(temporary, "wb") as output:
                for done in range(count):
                    vector = encoder.stdout.read(4 * WIDTH)
                    if len(vector) != 4 * WIDTH:
                        raise RuntimeError(f"mcp-embed ended at text {done} of {count} of {what}")
                    output.write(vector)
                    if time.monotonic() - reported > 30:
                        reported = time.monotonic()
                        print(f"  {what}: {done} of {count}", flush=True)
            writer.join()
        temporary.replace(target)
        print(f"{what}: {count} vectors in {time.monotonic() - started:.0f} s", flush=True)

    @staticmethod
    def write(stream, lines):
        try:
            with stream:
                stream.write(lines)
        except BrokenPipeError:
            pass  # The reader says what happened.
