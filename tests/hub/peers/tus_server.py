"""tuspyserver over mutual TLS: a server that knows nothing of us. What the contract adds to tus is put before it:
creating an upload again finds it again. Prints its port.

Arguments: the hub's folder with CA and server certificate, folder for the files.
"""

import socket
import ssl
import sys

import uvicorn
from fastapi import FastAPI
from tuspyserver import create_tus_router

hub, directory = sys.argv[1:]
created = {}
tus = FastAPI()
tus.include_router(create_tus_router(prefix="v1/uploads", files_dir=directory, strict_offset_validation=True))


async def app(scope, receive, send):
    headers = dict(scope.get("headers", []))
    metadata = headers.get(b"upload-metadata")
    creates = scope["type"] == "http" and scope["method"] == "POST"
    if creates and metadata in created:
        again = [(b"location", created[metadata]), (b"tus-resumable", b"1.0.0")]
        await send({"type": "http.response.start", "status": 201, "headers": again})
        return await send({"type": "http.response.body"})

    if creates:
        # This server answers HEAD only where a file has a name and a type; tus itself knows no such rule.
        headers[b"upload-metadata"] = metadata + b",filename c2Nhbi5wZGY=,filetype YXBwbGljYXRpb24vcGRm"
        scope = {**scope, "headers": list(headers.items())}

    async def note(message):
        if creates and message["type"] == "http.response.start" and message["status"] == 201:
            created[metadata] = dict(message["headers"])[b"location"]
        await send(message)

    await tus(scope, receive, note)


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
config = uvicorn.Config(
    app,
    log_level="error",
    ssl_certfile=f"{hub}/server.pem",
    ssl_keyfile=f"{hub}/server.key",
    ssl_ca_certs=f"{hub}/ca.pem",
    ssl_cert_reqs=ssl.CERT_REQUIRED,
)
uvicorn.Server(config).run(sockets=[listener])
