"""Independent double of an HN212 desk reader: python-socketio as its server, told by lines of JSON on stdin what to send.

usage: hn212_server.py PORT    {"id": 1, ...} sends it as /event; {"bytes": {...}} the same with img_data as bytes;
{"wait": seconds} waits; {"name": "/info", "send": {...}} sends another event. Writes LISTENING port, JOINED, LEFT.
"""
import base64
import json
import socketserver
import sys
import time
import wsgiref.simple_server

import socketio

server = socketio.Server(async_mode="threading", ping_interval=1, ping_timeout=3, cors_allowed_origins="*")


def say(*words):
    print(*words, flush=True)


@server.event
def connect(sid, environ, *auth):
    say("JOINED", environ.get("QUERY_STRING", ""))


@server.event
def disconnect(sid, *reason):
    say("LEFT")


class Quiet(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *words):
        pass


class Threads(socketserver.ThreadingMixIn, wsgiref.simple_server.WSGIServer):
    daemon_threads = True
    allow_reuse_address = True


def speak():
    for line in sys.stdin:
        told = json.loads(line)
        if "wait" in told:
            time.sleep(told["wait"])
        elif "send" in told:
            server.emit(told["name"], told["send"])
        elif "bytes" in told:
            event = told["bytes"]
            event["data"]["img_data"] = base64.b64decode(event["data"]["img_data"])
            server.emit("/event", event)
        else:
            server.emit("/event", told)


httpd = wsgiref.simple_server.make_server(
    "127.0.0.1", int(sys.argv[1]), socketio.WSGIApp(server), server_class=Threads, handler_class=Quiet
)
say("LISTENING", httpd.server_port)
server.start_background_task(speak)
httpd.serve_forever()
