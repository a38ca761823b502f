// Shows a pyramid of tiles as Deep Zoom viewers do: its description first, then the tiles of the largest level.
import { perform } from "./page.js";

const INSET = 0.1;

perform(async ({ pyramid, key }) => {
  const headers = { Authorization: `Bearer ${key}` };
  const get = async (name) => {
    const answer = await fetch(`${pyramid}/${name}`, { headers });
    if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
    return answer;
  };
  const told = new DOMParser().parseFromString(await (await get("image.dzi")).text(), "application/xml");
  const of = (element, name) => Number(element.getAttribute(name));
  const [image, size] = [told.documentElement, told.getElementsByTagName("Size")[0]];
  const [width, height] = [of(size, "Width"), of(size, "Height")];
  const [edge, overlap] = [of(image, "TileSize"), of(image, "Overlap")];
  const level = Math.ceil(Math.log2(Math.max(width, height)));
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  let tiles = 0;
  for (let row = 0; row * edge < height; row++) {
    for (let column = 0; column * edge < width; column++) {
      const name = `image_files/${level}/${column}_${row}.${image.getAttribute("Format")}`;
      const shown = await draw(URL.createObjectURL(await (await get(name)).blob()));
      context.drawImage(shown, column * edge - (column && overlap), row * edge - (row && overlap));
      tiles++;
    }
  }
  const place = (share, side) => Math.floor(share * (side - 1));
  const corners = [INSET, 1 - INSET].flatMap((y) =>
    [INSET, 1 - INSET].map((x) => [...context.getImageData(place(x, width), place(y, height), 1, 1).data.slice(0, 3)]),
  );
  return [{ width, height, tiles, corners }];
});

function draw(url) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error("a tile is no picture"));
    image.src = url;
  });
}
