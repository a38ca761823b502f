// Uppy sends a file straight to the object store. A first visit tells what it would have kept after some parts;
// a later one goes on with that.
import Uppy from "@uppy/core";
import AwsS3 from "@uppy/aws-s3";
import { choose, perform } from "./page.js";

const PART = 5 * 1024 * 1024;

// The plugin sends no bearer, so the page adds it to its requests to this one server, never to the store.
function signIn(server, key) {
  const plain = window.fetch;
  window.fetch = (url, init = {}) =>
    String(url).startsWith(server)
      ? plain(url, { ...init, headers: { ...init.headers, Authorization: `Bearer ${key}` } })
      : plain(url, init);
}

perform(async ({ server, key, file, kept, until }) => {
  signIn(server, key);
  const uppy = new Uppy().use(AwsS3, {
    companionEndpoint: `${server}/v1`,
    shouldUseMultipart: true,
    getChunkSize: () => PART,
  });
  const data = await choose(file);
  const id = uppy.addFile({ name: file, data, meta: { size: data.size } });
  if (kept) {
    uppy.setFileState(id, { s3Multipart: kept });
  }
  let sent = 0;
  const enough = new Promise((resolve) => {
    uppy.on("s3-multipart:part-uploaded", (one) => {
      sent += 1;
      if (sent === until) {
        resolve([{ kept: uppy.getFile(one.id).s3Multipart }]);
      }
    });
  });
  const whole = uppy.upload().then(({ successful, failed }) => {
    if (failed.length > 0) {
      throw failed[0].error;
    }
    return successful.map(({ uploadURL, response }) => ({ url: uploadURL, key: response.body.key, sent }));
  });
  return Promise.race([enough, whole]);
});
