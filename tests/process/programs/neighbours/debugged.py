"""A debugger is attached: it stops at a breakpoint, shows the frame, steps, and goes on."""
import json
import socket
import sys
import threading

import debugpy

host, port = debugpy.listen(("127.0.0.1", 0))
seen = []


def attach():
    """A client that speaks the protocol of editors."""
    with socket.create_connection((host, port)) as connection, connection.makefile("rwb") as stream:

        def send(command, **arguments):
            body = json.dumps({"seq": 1, "type": "request", "command": command, "arguments": arguments})
            stream.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body.encode()))
            stream.flush()

        def until(name):
            while True:
                size = int(stream.readline().split(b":")[1])
                stream.readline()
                message = json.loads(stream.read(size))
                if name in (message.get("event"), message.get("command")):
                    return message.get("body") or {}

        send("initialize", adapterID="test", pathFormat="path")
        until("initialize")
        send("attach", justMyCode=False)
        until("initialized")
        path = sys.path[0] + "/shop.py"
        send("setBreakpoints", source={"path": path}, breakpoints=[{"line": 7}])
        seen.append([b["verified"] for b in until("setBreakpoints")["breakpoints"]])
        send("configurationDone")
        for step in ("stepIn", "next", "continue"):
            thread = until("stopped")["threadId"]
            send("stackTrace", threadId=thread)
            frames = until("stackTrace")["stackFrames"]
            seen.append([(frame["name"], frame["line"]) for frame in frames])
            send("evaluate", expression="(n, total)", frameId=frames[0]["id"])
            seen.append(until("evaluate")["result"])
            if step == "continue":
                send("setBreakpoints", source={"path": path}, breakpoints=[])
                until("setBreakpoints")
            send(step, threadId=thread)
        send("disconnect")
        until("disconnect")


client = threading.Thread(target=attach)
client.pydev_do_not_trace = client.is_pydev_daemon_thread = True
client.start()
debugpy.wait_for_client()
import shop

print(shop.price(2))
client.join()
print(seen)
