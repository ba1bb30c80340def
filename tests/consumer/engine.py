"""A scripted engine on a Unix socket, with as much of Docker's API as a watch needs: engine.py SOCKET

`web` runs from the beginning; `late` starts as soon as a client watches.
"""

import http.server
import json
import socketserver
import sys
import threading
import time
import urllib.parse


def container(name):
    return {"Id": name * 8, "Names": [f"/{name}"], "Image": "demo", "State": "running"}


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    running = [container("web")]

    def handle_error(self, request, client_address):
        pass  # the program under test has gone away


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Docker/28.5.2 (linux)"
    sys_version = ""

    def do_GET(self):
        target = urllib.parse.urlsplit(self.path)
        if target.path == "/_ping":
            self.answer(b"OK")
        elif target.path.endswith("/events"):
            self.stream()
        elif target.path.endswith("/containers/json"):
            filters = json.loads(urllib.parse.parse_qs(target.query).get("filters", ["{}"])[0])
            ids = filters.get("id")
            found = [item for item in self.server.running if not ids or item["Id"] in ids]
            self.answer(json.dumps(found).encode())
        else:
            self.answer(b"{}")

    def answer(self, body):
        self.send_response(200)
        self.send_header("Api-Version", "1.51")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        late = container("late")
        self.server.running = [container("web"), late]
        event = {"Type": "container", "Action": "start", "Actor": {"ID": late["Id"]}, "timeNano": time.time_ns()}
        line = json.dumps(event).encode() + b"\n"
        self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        self.wfile.flush()
        threading.Event().wait()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    Server(sys.argv[1], Handler).serve_forever()
