# SPDX-License-Identifier: Apache-2.0
"""No value of the environment and no argument of a server may turn up in what we write or show."""
import os
import pathlib

SECRETS = {"variable": "env-hunter2-7f3a", "option": "token-hunter2-91bc"}


def test_no_secret_is_shown_or_written(supervisor, fake, repo, folder):
    command = [*fake.command("--tag", SECRETS["option"], "--exit-after", "3")]
    agent = supervisor.agent(command, repo, env={"API_KEY": SECRETS["variable"]})
    other = supervisor.agent(fake.command("--tag", SECRETS["option"]), repo, env={"API_KEY": SECRETS["variable"] + "2"})
    shown = [str(a.initialize()) for a in (agent, other)]
    for n in range(4):
        shown.append(str(agent.answer(agent.call("echo", text=f"{n}"))))
    id = supervisor.backends()[0]["id"]
    s1, s2 = (session["id"] for session in supervisor.sessions()[:2])
    for arguments in (["status"], ["status", id], ["list"], ["sessions"], ["why", s1, s2], ["stats"], ["limits", id],
                      ["hibernate", id], ["wake", id], ["restart", id], ["tools", id], ["trust", id], ["release", id],
                      ["call", id, "no_such_tool"], ["call", id, "echo", "{}"], ["stop", "nobody"], ["doctor"],
                      ["version"], ["stop", id], ["logs", id]):
        for options in ([], ["--json"]) if arguments[0] != "logs" else ([],):
            done = supervisor.ctl(*arguments, *options)
            shown.append(done.stdout + done.stderr)
    broken = supervisor.agent(["/nonexistent/server", "--token", SECRETS["option"]], repo)
    shown.append(str(broken.answer(broken.request("initialize", {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}}))))
    supervisor.ctl("reload")
    written = [supervisor.log()]
    for root in (supervisor.folder / "state", supervisor.folder / "config"):
        for place, _, names in os.walk(root):
            for name in names:
                written.append(name + pathlib.Path(place, name).read_text(errors="replace"))
    for what, secret in SECRETS.items():
        for text in shown + written:
            assert secret not in text, (what, text[:2000])
