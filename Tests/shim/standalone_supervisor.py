# SPDX-License-Identifier: Apache-2.0
"""A supervisor as a program, for tests of its start and of its death. It gets the listening socket as systemd passes
it, attaches everybody, echoes lines with its pid in front, and tells the test what happens over a datagram socket."""

import json
import os
import select
import signal
import socket
import sys

from fake_supervisor import Attachment


def main():
    signal.alarm(60)
    events = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    events.connect(os.environ["FAKE_EVENTS"])

    def tell(**event):
        events.send(json.dumps({"pid": os.getpid(), **event}).encode())

    tell(
        event="started",
        parent=os.getppid(),
        session=os.getsid(0),
        cwd=os.getcwd(),
        listen={name: value for name, value in os.environ.items() if name.startswith("LISTEN_")},
        personal=[name for name in os.environ if name in ("NOTIFY_SOCKET", "WATCHDOG_USEC")],
        descriptors=sorted(int(name) for name in os.listdir("/proc/self/fd")),
        targets=[os.readlink(f"/proc/self/fd/{number}") for number in range(3)],
        ignored=[number for number in range(1, 32) if signal.getsignal(number) == signal.SIG_IGN],
        blocked=sorted(int(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    )
    if os.environ.get("FAKE_DIES") == "1":
        sys.exit(1)
    serve(socket.socket(fileno=3), tell)


def serve(listener, tell):
    sessions = {}
    while True:
        for ready in select.select([listener, *sessions], [], [])[0]:
            if ready is listener:
                attachment = Attachment(listener.accept()[0])
                sessions[attachment.stdin] = attachment
                number = len(sessions)
                attachment.attached(resume=f"{os.getpid()}/{number}")
                tell(event="attached", resume=attachment.parameters["resume"], shim=attachment.parameters["pid"])
                continue
            attachment = sessions[ready]
            line = os.read(ready, 65536)
            if not line:
                attachment.ended()
                del sessions[ready]
                attachment.close()
                continue
            attachment.write(f"{os.getpid()} ".encode() + line)


main()
