#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the virtual environments that the integration tests need: one for pytest, one for each real client and server.

usage: environment.py [NAME…]        (no name: all that the tests need)
       environment.py --where        prints the directory

They lie in $MCP_TEST_VENVS, else in .venvs of the project. An environment whose stamp (the hash of its pins and of the
Python it was made with) is current is left alone, so that a second run takes a moment. Runs at the same time wait for
each other. The first line on stderr that begins with "environment:" says what failed.
"""
import concurrent.futures
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

ROOT = pathlib.Path(os.environ.get("MCP_TEST_VENVS") or pathlib.Path(__file__).resolve().parents[2] / ".venvs")

PINS = {
    # The tests themselves.
    "test": ["pytest==9.2.0", "pytest-timeout==2.4.0", "pytest-xdist==3.8.0", "varlink==31.0.0"],
    # What scripts/engine computes with.
    "engine": ["numpy==2.4.6"],
    # What scripts/table trains with.
    "table": ["numpy==2.4.6", "tokenizers==0.23.3"],
    # Real clients.
    "sdk1": ["mcp==1.30.0"],
    "sdk2": ["mcp==2.3.0"],
    "fastmcp": ["fastmcp==4.1.2"],
    "openai": ["openai-agents==0.24.0"],
    "pydantic": ["pydantic-ai-slim[mcp,fastmcp]==2.68.0"],
    "langchain": ["langchain-mcp-adapters==0.3.2"],
    "mcpuse": ["mcp-use==1.7.1"],
    # Real servers.
    "servers": ["mcp-server-git==2026.10.19", "mcp-server-time==2026.10.19"],
    "sqlite": ["mcp-server-sqlite==2025.4.25", "mcp<2"],
    "more-servers": ["mcp-server-fetch==2026.10.24", "excel-mcp-server==2.2.2", "libtmux-mcp==0.1.0a22",
                     "mcp-server-motherduck==1.1.0", "awslabs.aws-documentation-mcp-server==1.2.3",
                     "mcp-pyright==0.1.0", "codenav-mcp==0.2.1", "karellen-lsp-mcp==0.2.1",
                     "mcp-alchemy==2026.10.15.202659"],
    "older-servers": ["mcp-server-tree-sitter==0.7.0", "mcp-text-editor==1.0.2", "code-index-mcp==2.17.1",
                      "jcodemunch-mcp==1.108.399", "arxiv-mcp-server==0.8.2", "mcp<2"],
    "codegraph": ["codegraphcontext==0.6.13"],
    "markitdown": ["markitdown-mcp==0.0.1a7"],
    # Not for older Pythons: nothing is installed there.
    "basic-memory": ["basic-memory==0.23.2; python_version >= '3.12'"],
    "chroma": ["chroma-mcp==0.2.6", "pydantic<2.12"],
    "serena": ["serena-agent==2.1.0", "basedpyright==1.40.2"],
    # The official SDK's own tests, and its server that does everything.
    "suite": ["mcp==2.3.0", "pytest==9.2.0", "pytest-timeout==2.4.0", "pytest-xdist==3.8.0", "pytest-examples==0.0.18",
              "trio==0.35.0", "inline-snapshot==0.36.1", "dirty-equals==0.11", "opentelemetry-sdk==1.45.2",
              "logfire==5.4.0", "coverage==7.17.4", "blockbuster==1.5.29"],
    # Servers with many tools, and a counter of tokens, for `make bench`.
    "atlassian": ["mcp-atlassian==0.23.1"],
    "excel": ["excel-mcp-server==2.2.2"],
    "workspace": ["workspace-mcp==2.2.1"],
    "tokens": ["tiktoken==0.14.0"],
}

# Source distributions that are unpacked beside an environment: name, version, SHA-256 of the archive.
SOURCES = {
    "suite": ("mcp", "2.3.0", "8b147a50441cf059dc88c684e0aeed3687f0aa0f39c6cde7b90330effd2b34d8"),
}

# Made only when they are named.
ON_DEMAND = {"atlassian", "excel", "workspace", "tokens"}

INTERPRETERS = ("python3.13", "python3.12", "python3.11", "python3")
PROBE = "import sys, venv, ensurepip; print(sys.version.split()[0], sys.executable) if sys.version_info >= (3, 11) else 1/0"


class Failure(Exception):
    """One line for the reader: what failed, on what, why."""


def run(*command, what):
    """Runs `command`; a failure becomes one line with the last line that says something."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        lines = [line.strip() for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        raise Failure(f"{what}: {' / '.join(lines[-3:]) or 'no output'} (status {done.returncode})")
    return done.stdout


def interpreter():
    """The newest Python at hand that can make environments: (version, path)."""
    for name in INTERPRETERS:
        path = shutil.which(name)
        if path is None:
            continue
        probe = subprocess.run([path, "-I", "-c", PROBE], capture_output=True, text=True)
        if probe.returncode == 0:
            version, executable = probe.stdout.split(maxsplit=1)
            return version, executable.strip()
    raise Failure("no python3 of 3.11 or newer with the venv module found; on Debian: apt-get install python3-venv")


def installer(python):
    """The path of `uv`, in an environment of its own."""
    uv = ROOT / "uv" / "bin" / "uv"
    if not uv.exists():
        run(python, "-m", "venv", "--clear", str(ROOT / "uv"), what="making the environment for uv")
        run(str(ROOT / "uv" / "bin" / "pip"), "install", "-q", "uv", what="installing uv")
    return str(uv)


def stamp(name, version):
    """What a finished environment says about itself."""
    made_of = (name, version, PINS[name], *([SOURCES[name]] if name in SOURCES else []))
    return hashlib.sha256(repr(made_of).encode()).hexdigest()


def unpack(name):
    """Fetches the source distribution of an environment, and unpacks it in its `source`."""
    package, version, digest = SOURCES[name]
    folder = ROOT / name / "source"
    with tempfile.TemporaryDirectory() as fetched:
        run(str(ROOT / "uv" / "bin" / "pip"), "download", "-q", "--no-deps", "--no-binary", package, "-d", fetched,
            f"{package}=={version}", what=f"fetching the sources of {package} {version}")
        archive = pathlib.Path(fetched) / f"{package}-{version}.tar.gz"
        found = hashlib.sha256(archive.read_bytes()).hexdigest()
        if found != digest:
            raise Failure(f"the sources of {package} {version} are not those that were pinned: their SHA-256 is {found}")
        with tarfile.open(archive) as tar:
            tar.extractall(fetched, filter="data")
        shutil.move(pathlib.Path(fetched) / f"{package}-{version}", folder)


def is_current(name, version):
    try:
        return (ROOT / name / "stamp").read_text() == stamp(name, version)
    except OSError:
        return False


def make(name, version, python, uv):
    """Makes one environment and returns the seconds it took."""
    started = time.monotonic()
    folder = ROOT / name
    run(uv, "venv", "-q", "--clear", "--python", python, str(folder), what=f"making {name}")
    # Compiled now, or the first start of every server would take seconds, and in read-only places every start.
    run(uv, "pip", "install", "-q", "--compile-bytecode", "--python", str(folder / "bin" / "python"), *PINS[name],
        what=f"installing {' '.join(PINS[name])}")
    if name in SOURCES:
        unpack(name)
    (folder / "stamp").write_text(stamp(name, version))
    return time.monotonic() - started


def ensure(names):
    """Brings the named environments up to date. Raises `Failure`."""
    ROOT.mkdir(parents=True, exist_ok=True)
    with open(ROOT / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        version, python = interpreter()
        missing = [name for name in names if not is_current(name, version)]
        if not missing:
            return
        uv = installer(python)
        with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
            made = {pool.submit(make, name, version, python, uv): name for name in missing}
            for future in concurrent.futures.as_completed(made):
                print(f"{made[future]}: {future.result():.0f} s", file=sys.stderr, flush=True)


def main(arguments):
    if arguments == ["--where"]:
        print(ROOT)
        return 0
    unknown = [name for name in arguments if name not in PINS]
    if unknown:
        print(f"environment: no environment is called {unknown[0]}; there are {', '.join(PINS)}", file=sys.stderr)
        return 2
    try:
        ensure(arguments or [name for name in PINS if name not in ON_DEMAND])
    except Failure as failure:
        print(f"environment: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
