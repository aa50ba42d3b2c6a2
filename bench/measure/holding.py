# SPDX-License-Identifier: Apache-2.0
"""What sessions that are up hold in memory."""
from .load import Load
from .processes import memory
from .systems import ECHO, Limit, Ours
from .tables import number, table

MIB = 1024
CROWD = 100
MANY, REPOSITORIES = 1000, 20


def measure(_, targets):
    with Ours() as system:
        system.serve(ECHO)
        rest = memory(system.daemons)
        shims, crowd = loaded(system, CROWD, targets)
    with Ours() as system:
        system.serve(ECHO, REPOSITORIES)
        _, many = loaded(system, MANY, targets, REPOSITORIES)
    rows = [["supervisor, nothing attached", kib(rest.pss), kib(rest.private), kib(rest.rss)],
            [f"supervisor, {CROWD} sessions, each answered", kib(crowd.pss), kib(crowd.private), kib(crowd.rss)],
            [f"supervisor, {MANY} sessions on {REPOSITORIES} servers, each answered", kib(many.pss),
             kib(many.private), kib(many.rss)]]
    for name, sums in {**other_shims(targets), "ours": shims}.items():
        each = [number(value / sums.processes / MIB, 3) for value in (sums.pss, sums.private, sums.rss)]
        rows.append([f"one shim of {CROWD}: {name}", *each])
    table("Memory, MiB", ["", "PSS", "private", "RSS"], rows)
    targets.add("shim PSS", shims.pss / shims.processes / MIB, 0.30, "MiB", 3)
    targets.add("shim private memory", shims.private / shims.processes / MIB, 0.15, "MiB", 3)
    targets.add("supervisor PSS at rest", rest.pss / MIB, 10, "MiB", 1)
    targets.add(f"supervisor PSS, {CROWD} sessions", crowd.pss / MIB, 20, "MiB", 1)
    targets.add(f"supervisor PSS, {MANY} sessions on {REPOSITORIES}", many.pss / MIB, 40, "MiB", 1)


def loaded(system, sessions, targets, groups=1):
    """(the shims' memory, the daemon's), after every session has had its answer."""
    with Load(system, sessions, calls=2, groups=groups) as load:
        targets.wrong_answers += load.run()["wrong"]
        return memory(load.shims), memory(system.daemons)


def other_shims(targets):
    found = {}
    for kind in ("relay", "hand"):
        with Limit(kind) as system:
            found[system.name], _ = loaded(system.serve(ECHO), CROWD, targets)
    return found


def kib(value):
    return number(value / MIB, 1)
