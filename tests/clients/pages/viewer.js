// Shows a pyramid of tiles in OpenSeadragon: the whole picture, then its last corner at full size.
import OpenSeadragon from "openseadragon";
import { perform } from "./page.js";

const INSET = 0.1;
const WIDTH = 240;

perform(async ({ pyramid, key, width, height }) => {
  const element = document.createElement("div");
  Object.assign(element.style, { width: `${WIDTH}px`, height: `${(WIDTH * height) / width}px` });
  document.body.append(element);
  const viewer = OpenSeadragon({
    element,
    tileSources: `${pyramid}/image.dzi`,
    ajaxHeaders: { Authorization: `Bearer ${key}` },
    loadTilesWithAjax: true,
    drawer: "canvas",
    immediateRender: true,
    showNavigationControl: false,
  });
  const failed = new Promise((_, reject) => {
    for (const event of ["open-failed", "tile-load-failed"]) {
      viewer.addHandler(event, ({ message }) => reject(new Error(`${event}: ${message}`)));
    }
  });
  let levels = 0;
  viewer.addHandler("tile-loaded", ({ tile }) => (levels = Math.max(levels, tile.level)));
  const opened = new Promise((resolve) => viewer.addOnceHandler("open", resolve));
  await Promise.race([opened, failed]);
  const image = viewer.world.getItemAt(0);
  await Promise.race([drawn(viewer, image), failed]);
  const size = image.getContentSize();
  const corners = [INSET, 1 - INSET].flatMap((y) => [INSET, 1 - INSET].map((x) => pixel(viewer, x, y)));
  viewer.viewport.zoomTo(viewer.viewport.imageToViewportZoom(1), null, true);
  viewer.viewport.panTo(image.imageToViewportCoordinates(width, height), true);
  await Promise.race([drawn(viewer, image), failed]);
  return [{ width: size.x, height: size.y, level: levels, corners, corner: pixel(viewer, 0.25, 0.25) }];
});

// When all tiles that are in sight are there, and drawn.
async function drawn(viewer, image) {
  viewer.forceRedraw();
  do {
    await new Promise((resolve) => viewer.addOnceHandler("update-viewport", resolve));
    await new Promise(requestAnimationFrame);
  } while (!image.getFullyLoaded());
  await new Promise((resolve) => setTimeout(resolve, 100));
}

// The colour at a place of what is shown, by its shares of width and height.
function pixel(viewer, x, y) {
  const { canvas } = viewer.drawer;
  const place = (share, side) => Math.floor(share * (side - 1));
  return [
    ...canvas.getContext("2d").getImageData(place(x, canvas.width), place(y, canvas.height), 1, 1).data.slice(0, 3),
  ];
}
