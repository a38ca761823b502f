// Uppy with its tus plugin in a page; all files at once.
import Uppy from "@uppy/core";
import Tus from "@uppy/tus";
import { choose, perform } from "./page.js";

perform(async ({ files, options }) => {
  const uppy = new Uppy().use(Tus, options);
  for (const name of files) {
    uppy.addFile({ name, data: await choose(name) });
  }
  const { successful, failed } = await uppy.upload();
  if (failed.length > 0) {
    throw failed[0].error;
  }
  return successful.map(({ uploadURL }) => ({ url: uploadURL, evidence: null }));
});
