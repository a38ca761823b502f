// `node sharp_node.js EDGE FOLDER FILE...`: thumbnails by npm's sharp, one after the other.
import { createRequire } from "node:module";
import path from "node:path";

const [edge, folder, ...files] = process.argv.slice(2);
const sharp = createRequire(path.join(process.env.NODE_FOLDER, "here.js"))("sharp");
for (const file of files) {
  await sharp(file)
    .autoOrient()
    .resize({ width: Number(edge), height: Number(edge), fit: "inside", withoutEnlargement: true })
    .flatten()
    .jpeg({ quality: 82 })
    .toFile(path.join(folder, `${path.basename(file)}.jpg`));
}
