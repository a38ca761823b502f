// @tus/server with its file store in the folder named by the first argument; says its port.
import { createServer } from "node:http";
import { FileStore } from "@tus/file-store";
import { Server } from "@tus/server";

const tus = new Server({ path: "/v1/uploads", datastore: new FileStore({ directory: process.argv[2] }) });
const server = createServer(tus.handle.bind(tus));
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
