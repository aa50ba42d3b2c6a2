#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A supervisor takes the place of another one, killed or ended in order: what must be the same for sessions, holds and
backends. Each check is made after both."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import lab
from crowd import prop, systemctl, units, until
from lab import check, finish, mcpctl, status
from scene import Scene


def supervisor():
    return int(prop("mcp-supervisor.service", "MainPID") or 0)


def killed():
    old = supervisor()
    os.kill(old, signal.SIGKILL)
    until(lambda: supervisor() not in (0, old) and prop("mcp-supervisor.service", "ActiveState") == "active", 30)


def restarted():
    systemctl("restart", "mcp-supervisor.service")


def holds(replace, how):
    with Scene(f"held-{how}") as scene:
        command = scene.server.command()
        done = mcpctl("request", "--repo", str(scene.path), "--name", scene.name, "--hold", "1h", "--", *command)
        check(f"{how}: mcpctl request holds a backend", scene.backend.get("holds") == 1, (done.stderr, scene.backend))
        mcpctl("request", "--repo", str(scene.path), "--name", scene.name, "--hold", "15s", "--", *command)
        pid = scene.backend["pid"]
        replace()
        check(f"{how}: its holds go on", scene.backend.get("holds") == 2, scene.backend)
        check(f"{how}: with the same process", scene.backend.get("pid") == pid, scene.backend)
        check(f"{how}: a hold ends when it was to end", until(lambda: scene.backend.get("holds") == 1, 30))
        mcpctl("release", scene.backend["id"])
        check(f"{how}: a hold can be given back", scene.backend.get("holds") == 0, scene.backend)


def sleep(replace, how):
    with Scene(f"asleep-{how}") as scene:
        session = scene.session()
        session.call("echo", text="up")
        # Not while it is asked for a list, for one.
        until(lambda: mcpctl("hibernate", scene.backend["id"]).returncode == 0 and scene.backend["state"] == "hibernated")
        before = scene.backend
        check(f"{how}: it sleeps", before["state"] == "hibernated", before)
        replace()
        check(f"{how}: it goes on sleeping", scene.backend.get("state") == "hibernated", scene.backend)
        check(f"{how}: since the same time", scene.backend["hibernation"]["since"] == before["hibernation"]["since"])
        check(f"{how}: the next call wakes it", "morning" in str(session.call("echo", text="morning")))
        check(f"{how}: it is the same process", scene.backend["pid"] == before["pid"], scene.backend)
        # The end of the scene stops the service while it sleeps again.
        until(lambda: mcpctl("hibernate", scene.backend["id"]).returncode == 0)


def exit_status(replace, how):
    """Of a process that is not the supervisor's child: Linux tells since 6.15."""
    with Scene(f"exit-{how}") as scene:
        session = scene.session()
        session.call("echo", text="up")
        replace()
        error = session.call("exit", status=7).get("error", {})
        last = scene.backend["last_exit"]
        tells = tuple(map(int, os.uname().release.split("-")[0].split(".")[:2])) >= (6, 15)
        wanted = ("exit", 7) if tells else ("unknown", -1)
        check(f"{how}: the end of an adopted backend is told", (last["reason"], last["status"]) == wanted, last)
        check(f"{how}: the caller is told as much", ("status 7" if tells else "not known") in str(error), error)


def crash_loop(replace, how):
    with Scene(f"loop-{how}") as scene:
        session = scene.session()
        for death in range(5):
            session.call("die", signal=9)
            if death == 2:
                until(lambda: scene.backend.get("state") in ("ready", "idle") or "up" in str(session.call("echo", text="up")))
                replace()
            if death < 4:
                until(lambda: "up" in str(session.call("echo", text="up")), 20)
        message = str(session.call("echo", text="again"))
        check(f"{how}: deaths before and after count together", "died repeatedly" in message, message)
        replace()
        message = str(session.call("echo", text="again"))
        check(f"{how}: a crash loop is still one afterwards", "died repeatedly" in message, message)
        check(f"{how}: and its last exit is known", scene.backend.get("last_exit", {}).get("status") == 9, scene.backend)
        mcpctl("restart", scene.backend["id"])
        check(f"{how}: mcpctl restart ends it", "up" in str(session.call("echo", text="up")))


def message_size(replace, how):
    with Scene(f"size-{how}", 'message_size_max = "100K"\n') as scene:
        session = scene.session()
        session.call("echo", text="up")
        replace()
        answer = session.call("big", bytes=200_000)
        check(f"{how}: message_size_max holds for an adopted backend", "oversize" in str(answer), str(answer)[:300])
        check(f"{how}: and it goes on", "on" in str(session.call("echo", text="on")))


def collect(session, *ids):
    """The answers to these requests, in whatever order they come."""
    answers = {}
    while set(ids) - set(answers):
        message = session.receive()
        answers[message.get("id")] = json.dumps(message)
    return answers


def tool(session, id, name, **arguments):
    session.send(id=id, method="tools/call", params={"name": name, "arguments": arguments})


def moved(replace, how):
    """A session with a backend of its own, while the shared one still owes it something."""
    name = f"moved-{how}"
    with Scene(name, f'[server.{name}]\nprivate_tools = ["activate_project"]\n') as scene:
        one, other = scene.session(), scene.session()
        tool(one, "w", "wait", gate="g", text="from the shared one")
        scene.server.wait_call("wait")
        check(f"{how}: a session moves", "active" in str(one.call("activate_project", project="/mosaic")))
        before = {b["id"]: b["pid"] for b in status()["backends"]}
        check(f"{how}: there are two backends", len(before) == 2, before)
        replace()
        tool(one, "p", "project")
        opened = str(other.call("open", gate="g"))
        check(f"{how}: the other is where it was", "none" in str(other.call("project")))
        answers = collect(one, "w", "p")
        check(f"{how}: its own backend answers it", "/mosaic" in answers["p"], answers)
        wanted = "from the shared one" if how == "restarted" else "supervisor_restarted"
        check(f"{how}: what was under way before it moved is answered", wanted in answers["w"], (answers, opened))
        after = {b["id"]: b["pid"] for b in status()["backends"]}
        check(f"{how}: both backends are the same processes", after == before, (before, after))
        check(f"{how}: each has one session", until(lambda: [b["sessions"] for b in status()["backends"]] == [1, 1], 20),
              status()["backends"])
        one.close()
        check(f"{how}: its own backend goes with it", until(lambda: len(status()["backends"]) == 1, 20), status()["backends"])


def moving(replace, how):
    """A session that waits for its own backend to start."""
    name = f"moving-{how}"
    with Scene(name, f'[server.{name}]\nprivate_tools = ["activate_project"]\n') as scene:
        gate = f"{scene.folder.name}/gate"
        os.mkfifo(gate)
        is_open = os.open(gate, os.O_RDWR)
        one, other = (scene.session("--start-gate", gate) for _ in range(2))
        check(f"{how}: both are served", "none" in str(one.call("project")) and "none" in str(other.call("project")))
        os.close(is_open)
        tool(one, "a", "activate_project", project="/mosaic")
        tool(one, "p", "project")
        scene.server.wait(lambda: len(scene.server.processes) == 2, "the start of its own backend")
        replace()
        is_open = os.open(gate, os.O_RDWR)
        answers = collect(one, "a", "p")
        check(f"{how}: the other is where it was", "none" in str(other.call("project")))
        if how == "restarted":
            check(f"{how}: the move goes on", "/mosaic is active" in answers["a"] and "/mosaic" in answers["p"], answers)
        else:
            lost = all("supervisor_restarted" in answers[id] for id in "ap")
            check(f"{how}: what it waited for is lost, and said to be", lost, answers)
            check(f"{how}: it is where it was", "none" in str(one.call("project")))
            check(f"{how}: and may try again", "/mosaic" in str(one.call("activate_project", project="/mosaic")))
        check(f"{how}: it has its own project", "/mosaic" in str(one.call("project")))
        os.close(is_open)


class Ear:
    """Everything that a session is sent, so that answers can be counted."""

    def __init__(self, session):
        self.session, self.heard = session, []

    def until(self, id, seconds=30):
        """The first answer to this request."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = [m for m in self.heard if m.get("id") == id and "method" not in m]
            if found:
                return found[0]
            try:
                self.heard.append(self.session.receive(max(0.1, end - time.monotonic())))
            except TimeoutError:
                break
        return {}

    def question(self, method):
        while not (found := [m for m in self.heard if m.get("method") == method]):
            self.heard.append(self.session.receive(30))
        return found[0]

    def twice(self):
        """Ids that were answered more than once, after everything that was sent has come."""
        self.session.send(id="fence", method="ping")
        self.until("fence")
        ids = [m["id"] for m in self.heard if "id" in m and "method" not in m]
        return sorted({str(id) for id in ids if ids.count(id) > 1})


def call(session, id, tool, **arguments):
    session.send(id=id, method="tools/call", params={"name": tool, "arguments": arguments})


def text(answer):
    return (answer.get("result") or {}).get("content", [{}])[0].get("text")


def reason(answer):
    return ((answer.get("error") or {}).get("data") or {}).get("reason")


def under_way(replace, how, *options):
    """A call at the backend: answered, or given up there, too, and then no late answer reaches anybody."""
    private = bool(options)
    name = f"{'private' if private else 'shared'}-{how}"
    with Scene(name) as scene:
        session = scene.session(options=options)
        ear = Ear(session)
        session.call("echo", text="up")
        pid = scene.backend["pid"]
        call(session, "late", "late", gate="g")
        scene.server.wait_call("late")
        replace()
        if how == "killed":
            check(f"{name}: a call under way gets one error", reason(ear.until("late")) == "supervisor_restarted", ear.heard)
            sent = scene.server.only().calls("late")[0]["id"]
            given_up = scene.server.wait_received("notifications/cancelled")
            check(f"{name}: and is cancelled at the backend", [m["params"]["requestId"] for m in given_up] == [sent], given_up)
        call(session, "open", "open", gate="g")
        check(f"{name}: its process goes on", text(ear.until("open")) == "1" and scene.backend["pid"] == pid, scene.backend)
        if how == "restarted":
            check(f"{name}: a call under way is answered", text(ear.until("late")) is not None, ear.heard)
        check(f"{name}: nothing is answered twice", not ear.twice(), ear.heard)
        check(f"{name}: it was started once", len(scene.server.processes) == 1, scene.server.processes)


def local(replace, how):
    """A call of mcpctl's at the backend: nobody is left to take its answer, so it is given up there."""
    for options in ([], ["--share", "session"]):
        name = f"local-{'private' if options else 'shared'}-{how}"
        with Scene(name) as scene:
            session = scene.session(options=options)
            session.call("echo", text="up")
            asking = subprocess.Popen([f"{lab.BIN}/mcpctl", "call", scene.backend["id"], "late", '{"gate": "g"}'],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            scene.server.wait_call("late")
            replace()
            check(f"{name}: mcpctl does not wait for ever", asking.wait(30) != 0)
            if how == "killed":
                sent = scene.server.only().calls("late")[0]["id"]
                given_up = scene.server.wait_received("notifications/cancelled")
                check(f"{name}: it is cancelled at the backend", [m["params"]["requestId"] for m in given_up] == [sent], given_up)
            ear = Ear(session)
            call(session, "open", "open", gate="g")
            check(f"{name}: its late answer reaches nobody", text(ear.until("open")) == "1" and not ear.twice(), ear.heard)
            check(f"{name}: it was started once", len(scene.server.processes) == 1, scene.server.processes)


def private(replace, how):
    under_way(replace, how, "--share", "session")


def lobby(replace, how):
    """A session whose client is still to say which repository it is for."""
    with Scene(f"lobby-{how}") as scene:
        place = pathlib.Path(scene.folder.name, "elsewhere")
        place.mkdir()
        session = scene.session(place=place, greet=False)
        ear = Ear(session)
        session.send(id="i", method="initialize", params={
            "protocolVersion": "2025-11-25", "capabilities": {"roots": {}}, "clientInfo": {"name": "j", "version": "1"}})
        check(f"{how}: the lobby shakes hands", "result" in ear.until("i"), ear.heard)
        replace()
        session.send(method="notifications/initialized")
        asked = ear.question("roots/list")
        call(session, "held", "echo", text="kept")
        session.send(id="fence-1", method="ping")
        ear.until("fence-1")
        replace()
        session.send(id=asked["id"], result={"roots": [{"uri": f"file://{scene.path}"}]})
        check(f"{how}: what waited in the lobby is answered", text(ear.until("held")) == "kept", ear.heard)
        replace()
        call(session, "after", "echo", text="on")
        check(f"{how}: its place is known afterwards", text(ear.until("after")) == "on", ear.heard)
        check(f"{how}: nothing is answered twice", not ear.twice(), ear.heard)


def meta_tools(replace, how):
    with Scene(f"meta-{how}") as scene:
        other = scene.session("--gated-list")
        session = scene.session("--gated-list", options=("--meta-tools",))
        ear = Ear(session)
        other.call("echo", text="up")
        session.send(id="find", method="tools/call", params={"name": "find_tool", "arguments": {"query": "returns text"}})
        session.send(id="through", method="tools/call", params={
            "name": "call_tool", "arguments": {"name": "wait", "arguments": {"gate": "g"}}})
        scene.server.wait_received("tools/list")
        replace()
        if how == "restarted":
            other.call("open", gate="list")
            check(f"{how}: a search under way is answered", "echo" in (text(ear.until("find")) or ""), ear.heard)
            scene.server.wait_call("wait")
            replace()
            other.call("open", gate="g")
            check(f"{how}: so is a call through call_tool", text(ear.until("through")) == "opened", ear.heard)
        else:
            for id in ("find", "through"):
                check(f"{how}: {id} gets one error", reason(ear.until(id)) == "supervisor_restarted", ear.heard)
            other.call("open", gate="list")
        session.send(id="tools", method="tools/list")
        names = [tool["name"] for tool in ear.until("tools").get("result", {}).get("tools", [])]
        check(f"{how}: it still sees the meta-tools", "find_tool" in names, names)
        check(f"{how}: nothing is answered twice", not ear.twice(), ear.heard)


def stopping(replace, how):
    """A call that waits for the end of a restart, while the supervisor is replaced."""
    with Scene(f"stopping-{how}", 'stop_timeout = "120s"\n') as scene:
        session = scene.session("--ignore-eof")
        ear = Ear(session)
        session.call("echo", text="up")
        subprocess.Popen([f"{lab.BIN}/mcpctl", "restart", scene.backend["id"]],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        scene.server.wait(lambda: scene.server.only().has("eof"), "the stop has begun")
        unit = scene.backend["unit"]
        call(session, "waits", "echo", text="served")
        session.send(id="fence-1", method="ping")
        ear.until("fence-1")
        replace()
        answer = ear.until("waits", 40)
        if how == "restarted":
            check(f"{how}: a call that waited for the end of a stop is served", text(answer) == "served", ear.heard)
        else:
            check(f"{how}: a call that waited for it gets one error", reason(answer) == "supervisor_restarted", ear.heard)
        check(f"{how}: the next call is served", "on" in str(session.call("echo", text="on")))
        check(f"{how}: the old process is gone", until(lambda: unit not in units(), 20), units())
        check(f"{how}: there was one new start", len(scene.server.processes) == 2, scene.server.processes)
        check(f"{how}: nothing is answered twice", not ear.twice(), ear.heard)


def left_behind(replace, how):
    """Scopes that nobody adopts and whose processes carry no mark: ours go, another supervisor's stay."""
    with Scene(f"left-{how}") as scene:
        session = scene.session()
        session.call("echo", text="up")
        kept = scene.backend["unit"]
        lost, foreign = (f"app-mcp-{name}.library_1f3a90c2-{how}.scope" for name in ("lost", "foreign"))
        for unit, owner in ((lost, ["-p", "PartOf=mcp-supervisor.service"]), (foreign, [])):
            subprocess.Popen(["systemd-run", "--user", "--scope", "--quiet", "--slice=app-mcp.slice", f"--unit={unit}",
                              *owner, "env", "-i", "sleep", "600"], stderr=subprocess.DEVNULL)
        until(lambda: {lost, foreign} <= set(units()))
        check(f"{how}: three scopes run", {lost, foreign, kept} <= set(units()), units())
        replace()
        check(f"{how}: a scope of ours that nobody adopts is stopped", until(lambda: lost not in units(), 20), units())
        check(f"{how}: the adopted one and another supervisor's go on", {foreign, kept} <= set(units()), units())
        check(f"{how}: and serves", "on" in str(session.call("echo", text="on")))
        systemctl("stop", foreign)


CHECKS = {f.__name__: f for f in (left_behind, stopping, local, holds, sleep, exit_status, crash_loop, message_size, moved, moving, under_way, private, lobby,
                                     meta_tools)}


def main():
    systemctl("daemon-reload")
    for name in sys.argv[1:] or CHECKS:
        CHECKS[name](killed, "killed")
        CHECKS[name](restarted, "restarted")
    finish()


main()
