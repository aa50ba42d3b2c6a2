# SPDX-License-Identifier: Apache-2.0
"""What a session pays in tokens for real servers: all their tools, or the three that stand for them.

Counted with o200k_base. Up front: name, description and schema of each tool as compact JSON (clients that put spaces in
pay about 15 % more, both ways), and the server's instructions; beside it what `mcpctl stats` shows for the same, by its
estimate. A task: one search, one description, three calls of what was found; the calls' results are the same both ways
and are left out. Plain, the task's price is the list and the calls. A search's answer has its matches twice, as text and
as structured content; what a task costs with a client that shows a model both comes last.

A server whose instructions only say which tool has its manual gets a second row in which that is read, both ways.
"""
import json
import pathlib
import subprocess
import sys
import zipfile

from .client import Client
from .serena import Serena
from .supervisor import PROJECT, Supervisor
from .tables import number, table

# The vocabularies that litellm carries: the only ones in a Python package.
CARRIER = "litellm==1.110.2"
# What tiktoken calls the table of o200k_base: the SHA-1 of where it came from.
TABLE = "fb374d419588a4632f3f557e76b4b70aebbca790"
FOLDER = "litellm/litellm_core_utils/tokenizers/"
REPOSITORY = "repository"
MODES = {"meta": "--meta-tools", "auto": "--meta-tools=auto"}


class Server:
    """- query: what an agent would look for; environment: the folder of its Python; manual: the tool that has it."""

    def __init__(self, name, environment, query, command, manual=None, **variables):
        self.name, self.environment, self.query = name, environment, query
        self.command, self.manual, self.variables = command, manual, variables


def servers(environments, folder):
    """The real ones. They start, tell their tools and touch nothing; credentials are made up."""
    def program(environment, name):
        return str(environments / environment / "bin" / name)

    home = Serena(environments, folder)
    repository = folder / REPOSITORY
    subprocess.run(["git", "init", "-q", repository], check=True)
    (repository / "program.py").write_text("def answer():\n    return 42\n")
    home.prepare(repository)
    jira = {"JIRA_URL": "http://127.0.0.1:9", "JIRA_PERSONAL_TOKEN": "none", "CONFLUENCE_URL": "http://127.0.0.1:9",
            "CONFLUENCE_PERSONAL_TOKEN": "none"}
    return [
        Server("serena (tools)", "serena", "find usages of a function", home.command(repository), "initial_instructions",
               **home.environment),
        Server("workspace-mcp", "workspace", "send an email with an attachment", [program("workspace", "workspace-mcp")],
               GOOGLE_OAUTH_CLIENT_ID="none", GOOGLE_OAUTH_CLIENT_SECRET="none"),
        Server("mcp-atlassian", "atlassian", "move an issue to another status", [program("atlassian", "mcp-atlassian")],
               **jira),
        Server("excel-mcp-server", "excel", "write values into cells", [program("excel", "excel-mcp-server"), "stdio"]),
        Server("chroma-mcp", "chroma", "search documents by meaning",
               [program("chroma", "chroma-mcp"), "--client-type", "ephemeral"]),
        Server("mcp-server-git", "servers", "show the history of commits", [program("servers", "mcp-server-git")]),
        Server("mcp-server-sqlite", "sqlite", "run a query that reads",
               [program("sqlite", "mcp-server-sqlite"), "--db-path", str(folder / "some.db")]),
        Server("mcp-server-time", "servers", "what time is it in Tokyo", [program("servers", "mcp-server-time")]),
    ]


def measure(targets, environments, have):
    """- have: makes an environment by name; false when it cannot be made."""
    count = counter(environments) if have("tokens") else None
    if count is None:
        print("\nno table of tokens: the counter could not be installed")
        return judge([], targets)
    supervisor = Supervisor().start()
    try:
        found = [look(server, supervisor) for server in servers(environments, supervisor.folder)
                 if have(server.environment)]
    finally:
        supervisor.dispose()
    rows = [row for entry in found if entry for row in counted(entry, count)]
    show(rows)
    judge(rows, targets)


def look(server, supervisor):
    """The texts of one server that a model is given and writes, by what they are; nothing when it does not start."""
    environment = {**supervisor.environment, **server.variables}
    try:
        folder, short = supervisor.folder / REPOSITORY, server.name.split()[0]
        texts = {"plain": front(server.command, folder, environment, manual=server.manual)}
        for mode, option in MODES.items():
            command = supervisor.shim(server.command, "--name", short, option)
            texts[mode] = front(command, folder, environment, server.query if mode == "meta" else None)
        estimate = estimated(supervisor, short)
    except (RuntimeError, KeyError, OSError) as error:
        print(f"  {server.name} left out: {error}", file=sys.stderr)
        return None
    return server.name, texts, estimate


def estimated(supervisor, name):
    """Tokens of all definitions and the instructions, as the supervisor counts them."""
    counts = next(entry["tokens"] for entry in supervisor.ask("Stats")["servers"] if entry["server"] == name)
    return counts["definitions"] + counts["instructions"]


def front(command, folder, environment, query=None, manual=None):
    """(tools, instructions, the texts of a task or of the manual, if one is asked for)."""
    client = Client(command, folder, environment)
    try:
        instructions = client.initialize()["result"].get("instructions") or ""
        tools, cursor = [], {}
        while cursor is not None:
            page = client.ask("tools/list", **cursor)["result"]
            tools += page["tools"]
            cursor = {"cursor": page["nextCursor"]} if page.get("nextCursor") else None
        more = task(client, query) if query else text_of(client.call(manual)) if manual else None
        return tools, instructions, more
    finally:
        client.close()


def task(client, query):
    """What the model writes and reads to come to its calls, and the tool that it found, as the server defines it."""
    found = client.call("find_tool", query=query)
    name = found["result"]["structuredContent"]["matches"][0]["name"]
    described = client.call("describe_tool", name=name)
    definition = json.loads(text_of(described))
    looking = [written("find_tool", {"query": query}), text_of(found), written("describe_tool", {"name": name}),
               text_of(described)]
    arguments = {key: "example" for key in (definition.get("inputSchema") or {}).get("required") or []}
    wrapped = written("call_tool", {"name": name, "arguments": arguments})
    return {"looking": looking, "structured": compact(found["result"]["structuredContent"]), "wrapped": wrapped,
            "direct": written(name, arguments)}


def text_of(answer):
    return "".join(part.get("text", "") for part in answer["result"]["content"])


def written(name, arguments):
    """A call as a model writes it."""
    return compact({"name": name, "input": arguments})


def definitions(tools):
    return compact([{"name": tool["name"], "description": tool.get("description") or "",
                     "input_schema": tool.get("inputSchema")} for tool in tools])


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def counter(environments):
    """A function from texts to their numbers of tokens."""
    kept = environments / "wheels"
    if not (kept / TABLE).exists():
        kept.mkdir(exist_ok=True)
        pip = environments / "uv" / "bin" / "pip"
        subprocess.run([pip, "download", "-q", "--no-deps", "-d", kept, CARRIER], check=True)
        wheel = next(kept.glob("litellm-*.whl"))
        with zipfile.ZipFile(wheel) as package:
            (kept / TABLE).write_bytes(package.read(FOLDER + TABLE))
        wheel.unlink()
    command = [environments / "tokens" / "bin" / "python", PROJECT / "bench" / "measure" / "o200k.py", kept]

    def count(texts):
        return json.loads(subprocess.run(
            command, input=json.dumps(texts), capture_output=True, text=True, check=True).stdout)

    return count


def counted(entry, count):
    """The rows of one server."""
    name, texts, estimate = entry
    modes = ["plain", *MODES]
    parts = [part for mode in modes for part in (definitions(texts[mode][0]), texts[mode][1])]
    steps = texts["meta"][2]
    manual = texts["plain"][2]
    numbers = count([*parts, manual or "", *steps["looking"], steps["structured"], steps["wrapped"], steps["direct"]])
    lists = dict(zip(modes, zip(numbers[0:6:2], numbers[1:6:2])))
    read, looking = numbers[6], sum(numbers[7:-3])
    structured, wrapped, direct = numbers[-3:]
    for title, more in [(name, 0)] + ([(f"{name}, manual read", read)] if manual else []):
        up_front = {mode: sum(pair) + more for mode, pair in lists.items()}
        yield {"name": title, "tools": len(texts["plain"][0]), "definitions": lists["plain"][0],
               "instructions": lists["plain"][1] + more, "estimate": estimate + more, **up_front,
               "plain task": up_front["plain"] + 3 * direct, "meta task": up_front["meta"] + looking + 3 * wrapped,
               "dearest task": up_front["meta"] + looking + structured + 3 * wrapped}


def saved(row, before, after):
    return 100 * (1 - row[after] / row[before])


def show(rows):
    table("Tokens (o200k_base) that a session pays; a task is one search, one description, three calls",
          ["server", "tools", "definitions", "instructions", "in all", "estimated", "meta-tools", "saved %", "auto",
           "task plain", "task meta", "saved %", "structured", "saved %"],
          [[row["name"], row["tools"], number(row["definitions"], 0), number(row["instructions"], 0),
            number(row["plain"], 0), number(row["estimate"], 0), number(row["meta"], 0),
            number(saved(row, "plain", "meta")), number(row["auto"], 0), number(row["plain task"], 0),
            number(row["meta task"], 0),
            number(saved(row, "plain task", "meta task")), number(row["dearest task"], 0),
            number(saved(row, "plain task", "dearest task"))] for row in rows])


def judge(rows, targets):
    """- rows: without those of servers that could not be measured."""
    found = {row["name"]: row for row in rows}

    def saving(name, what, before, after, limit, digits=0):
        value = saved(found[name], before, after) if name in found else None
        targets.add(f"{what}, tokens saved {'over a task' if 'task' in after else 'up front'}", value, limit, "%", digits,
                    at_least=True, strict=True)

    saving("serena (tools)", "Serena", "plain", "meta", 80)
    saving("serena (tools)", "Serena", "plain task", "dearest task", 60)
    for name in ("workspace-mcp", "mcp-atlassian"):
        saving(name, name, "plain", "meta", 95, 1)
    worst = max(rows, key=lambda row: row["auto"] / row["plain"], default=None)
    targets.add(f"auto against all tools, worst ({worst['name'] if worst else 'none'})",
                100 * worst["auto"] / worst["plain"] if worst else None, 100, "%", 0, strict=True)
