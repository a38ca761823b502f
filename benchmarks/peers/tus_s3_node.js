// @tus/server with its S3 store on the server and bucket named by the arguments; says its port.
import { createServer } from "node:http";
import { S3Store } from "@tus/s3-store";
import { Server } from "@tus/server";

const [endpoint, region, bucket] = process.argv.slice(2);
const datastore = new S3Store({
  partSize: 8 * 1024 * 1024,
  s3ClientConfig: { bucket, endpoint, region, forcePathStyle: true },
});
const tus = new Server({ path: "/v1/uploads", datastore });
const server = createServer(tus.handle.bind(tus));
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
