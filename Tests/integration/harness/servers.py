# SPDX-License-Identifier: Apache-2.0
"""Twenty-one real servers, each with a call that does no harm and has the same answer every time, without a network."""
import os
from dataclasses import dataclass, field


@dataclass(frozen=True)
class RealServer:
    """`words` and `arguments` may name {repo} and {folder}."""

    name: str
    venv: str
    words: list
    tool: str
    arguments: dict
    holds: str
    env: dict = field(default_factory=dict)

    def command(self, program, repo, folder):
        return [program(self.venv, self.words[0]), *(w.format(repo=repo, folder=folder) for w in self.words[1:])]

    def call(self, repo, folder):
        return {k: v.format(repo=repo, folder=folder) if isinstance(v, str) else v for k, v in self.arguments.items()}

    def environment(self, program, repo, folder):
        """Some servers start programs of their own package."""
        more = {k: v.format(repo=repo, folder=folder) for k, v in self.env.items()}
        path = os.path.dirname(program(self.venv, self.words[0]))
        return {**QUIET, "HOME": f"{folder}/home", "PATH": f"{path}:{os.environ['PATH']}", **more}


QUIET = {"ANONYMIZED_TELEMETRY": "False", "DO_NOT_TRACK": "1", "FASTMCP_CHECK_FOR_UPDATES": "off"}
NOWHERE = "http://127.0.0.1:9/"

SERVERS = [
    RealServer("git", "servers", ["mcp-server-git", "--repository", "{repo}"], "git_log", {"repo_path": "{repo}"}, "first"),
    RealServer("time", "servers", ["mcp-server-time", "--local-timezone", "UTC"], "convert_time",
               {"source_timezone": "UTC", "time": "12:00", "target_timezone": "Asia/Tokyo"}, "21:00"),
    RealServer("fetch", "more-servers", ["mcp-server-fetch"], "fetch", {"url": NOWHERE}, "127.0.0.1"),
    RealServer("excel", "more-servers", ["excel-mcp-server", "stdio"], "list_workbooks", {}, "workbooks"),
    RealServer("libtmux", "more-servers", ["libtmux-mcp"], "list_servers", {}, "[]"),
    RealServer("motherduck", "more-servers", ["mcp-server-motherduck", "--db-path", ":memory:", "--read-write"],
               "execute_query", {"sql": "SELECT 6 * 7 AS answer"}, "42"),
    RealServer("awsdoc", "more-servers", ["awslabs.aws-documentation-mcp-server"], "read_documentation", {"url": NOWHERE}, ""),
    RealServer("pyright", "more-servers", ["mcp-pyright"], "get_document_symbols", {"code": "x = 1\n"}, ""),
    RealServer("codenav", "more-servers", ["codenav-mcp"], "outline", {"file_path": "{repo}/none.py"}, "none.py"),
    RealServer("karellen", "more-servers", ["karellen-lsp-mcp"], "lsp_scan_languages", {"project_path": "{repo}"}, ""),
    RealServer("alchemy", "more-servers", ["mcp-alchemy"], "execute_query", {"query": "SELECT 6 * 7 AS answer"}, "42",
               {"DB_URL": "sqlite:///{folder}/y.db"}),
    RealServer("sqlite", "sqlite", ["mcp-server-sqlite", "--db-path", "{folder}/x.db"], "read_query",
               {"query": "SELECT 6 * 7 AS answer"}, "42"),
    RealServer("tree_sitter", "older-servers", ["mcp-server-tree-sitter"], "check_language_available", {"language": "python"},
               "python"),
    RealServer("text_editor", "older-servers", ["mcp-text-editor"], "get_text_file_contents",
               {"files": [{"file_path": "/proc/sys/kernel/ostype", "ranges": [{"start": 1}]}]}, "Linux"),
    RealServer("code_index", "older-servers", ["code-index-mcp", "--project-path", "{repo}"], "find_files",
               {"pattern": "*.md"}, "result"),
    RealServer("jcodemunch", "older-servers", ["jcodemunch-mcp", "serve"], "menu", {}, ""),
    RealServer("arxiv", "older-servers", ["arxiv-mcp-server", "--storage-path", "{folder}"], "list_papers", {}, "papers"),
    RealServer("codegraph", "codegraph", ["codegraphcontext", "mcp", "start"], "list_watched_paths", {}, ""),
    RealServer("markitdown", "markitdown", ["markitdown-mcp"], "convert_to_markdown",
               {"uri": "data:text/plain;base64,aGVq"}, "hej"),
    # Prints text on stdout, never answers unknown methods, and does not exit when its stdin ends.
    RealServer("chroma", "chroma", ["chroma-mcp", "--client-type", "ephemeral"], "chroma_list_collections", {},
               "COLLECTIONS"),
    RealServer("basic_memory", "basic-memory", ["basic-memory", "mcp"], "list_memory_projects", {}, "",
               {"BASIC_MEMORY_HOME": "{folder}/bm", "BASIC_MEMORY_SEMANTIC_SEARCH_ENABLED": "false"}),
]
