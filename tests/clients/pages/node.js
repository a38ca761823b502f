// tus-js-client in Node.js: the task is the first argument, the outcome the only line printed.
import { createReadStream } from "node:fs";
import { PassThrough } from "node:stream";
import { send } from "./send.js";

const { files, options } = JSON.parse(process.argv[2]);
const file = createReadStream(files[0]);
// A length is deferred when nothing tells it: from a file, this client would never take a chunk for the last.
const source = options.uploadLengthDeferred ? file.pipe(new PassThrough()) : file;
send(source, options).then(
  (upload) => console.log(JSON.stringify({ uploads: [upload] })),
  (error) => console.log(JSON.stringify({ error: String(error) })),
);
