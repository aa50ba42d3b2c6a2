# SPDX-License-Identifier: Apache-2.0
"""A conversation with a server, told so that it can be compared: directly, and through the shim."""
import copy

LISTS = ("tools", "resources", "prompts")


def converse(agent, steps, timeout=60):
    """Runs requests one after the other, (method, params), and returns each answer without its id, and what came before
    it. The handshake is the first."""
    told = [("initialize", handshake(agent.initialize(timeout=timeout, capabilities={}, name="conversation")))]
    for number, (method, params) in enumerate(steps):
        id, seen = f"step-{number}", len(agent.seen)
        answer = agent.answer(agent.request(method, params, id), timeout)
        before = [dict(m) for m in agent.seen[seen:] if m is not answer and not is_list_change(m)]
        told.append((method, before, {k: v for k, v in answer.items() if k != "id"}))
    return told


def handshake(result):
    """What a server says about itself. The revision is between us and the client, and so is whether we tell of changed
    lists: what an older client cannot read, we rewrite."""
    result = copy.deepcopy(result)
    result.pop("protocolVersion")
    for kind in LISTS:
        result.get("capabilities", {}).get(kind, {}).pop("listChanged", None)
    return result


def is_list_change(message):
    return message.get("method", "").endswith("/list_changed")
