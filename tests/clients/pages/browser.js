// tus-js-client in a page.
import { choose, perform } from "./page.js";
import { send } from "./send.js";

perform(async ({ files, options }) => [await send(await choose(files[0]), options)]);
