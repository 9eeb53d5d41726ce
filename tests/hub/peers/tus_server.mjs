// @tus/server with @tus/file-store over mutual TLS: a server that knows nothing of us. What the contract adds to tus is put
// before it: creating an upload again finds it again. Prints its port.
// Arguments: the hub's folder with CA and server certificate, folder for the files.
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { FileStore } from "@tus/file-store";
import { EVENTS, Server } from "@tus/server";

const [hub, directory] = process.argv.slice(2);
const pem = (name) => readFileSync(`${hub}/${name}`);
const created = new Map();
const tus = new Server({ path: "/v1/uploads", relativeLocation: true, datastore: new FileStore({ directory }) });
tus.on(EVENTS.POST_CREATE, (request, _upload, url) => created.set(request.headers.get("upload-metadata"), url));
const tls = { ca: pem("ca.pem"), cert: pem("server.pem"), key: pem("server.key"), requestCert: true, rejectUnauthorized: true };
const server = createServer(tls, (request, response) => {
  const found = request.method === "POST" && created.get(request.headers["upload-metadata"]);
  if (found) response.writeHead(201, { Location: found, "Tus-Resumable": "1.0.0" }).end();
  else tus.handle(request, response);
});
// A connection that dies in the middle of a handshake is the test's doing.
server.on("tlsClientError", () => {});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
