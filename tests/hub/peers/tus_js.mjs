// Uploads one file with tus-js-client, a client that knows nothing of us, and prints how often it had to retry.
// Arguments: creation endpoint, folder of the device's certificate, message id, file id, path of the file.
import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import { DefaultHttpStack, Upload } from "tus-js-client";

const [endpoint, device, message, file, path] = process.argv.slice(2);
const pem = (name) => readFileSync(`${device}/${name}`);
const agent = new Agent({ ca: pem("hub-ca.pem"), cert: pem("device.pem"), key: pem("device.key") });
let retries = 0;
new Upload(readFileSync(path), {
  endpoint,
  chunkSize: 700_000,
  retryDelays: [20, 100, 500],
  metadata: { message, file },
  httpStack: new DefaultHttpStack({ agent }),
  onShouldRetry: () => ++retries > 0,
  onError: (error) => {
    console.error(String(error));
    process.exitCode = 1;
  },
  onSuccess: () => console.log(`retries ${retries}`),
}).start();
