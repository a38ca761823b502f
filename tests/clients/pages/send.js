// Sends one source with tus-js-client, resuming as it does by itself.
import { Upload } from "tus-js-client";

// Resolves to the upload's URL, and to the evidence's path if the server let the client see it.
export function send(source, options) {
  return new Promise((resolve, reject) => {
    let evidence = null;
    const upload = new Upload(source, {
      ...options,
      onAfterResponse: (_, response) => {
        evidence = response.getHeader("Evidence-Location") ?? evidence;
      },
      onError: reject,
      onSuccess: () => resolve({ url: upload.url, evidence }),
    });
    upload.start();
  });
}
