// tus-js-client in Node.js: the task is the first argument, the outcome the only line printed.
import { createReadStream } from "node:fs";
import { send } from "./send.js";

const { files, options } = JSON.parse(process.argv[2]);
send(createReadStream(files[0]), options).then(
  (upload) => console.log(JSON.stringify({ uploads: [upload] })),
  (error) => console.log(JSON.stringify({ error: String(error) })),
);
