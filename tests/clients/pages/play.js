// Plays each file in an element of its own until it ends; tells what was to be seen.
import { perform } from "./page.js";

const AT_ONCE = 4;
const PATIENCE = 20000;
const INSET = 0.1;

function play({ name, kind }) {
  return new Promise((resolve) => {
    const element = document.createElement(kind);
    const told = (fate) =>
      resolve({
        name,
        fate,
        seconds: element.duration,
        at: element.currentTime,
        width: element.videoWidth ?? 0,
        height: element.videoHeight ?? 0,
        corners: element.videoWidth ? corners(element) : [],
      });
    element.muted = true;
    element.addEventListener("ended", () => told("ended"));
    element.addEventListener("error", () => told(`error: ${element.error.message}`));
    setTimeout(() => told("stuck"), PATIENCE);
    element.src = `/files/${name}`;
    element.playbackRate = element.defaultPlaybackRate = 2;
    document.body.append(element);
    element.play().catch((error) => told(String(error)));
  });
}

// Colours above left, above right, below left, below right, as shown.
function corners(video) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0);
  const place = (share, size) => Math.floor(share * (size - 1));
  return [INSET, 1 - INSET].flatMap((y) =>
    [INSET, 1 - INSET].map((x) => [
      ...context.getImageData(place(x, canvas.width), place(y, canvas.height), 1, 1).data.slice(0, 3),
    ]),
  );
}

perform(async ({ files }) => {
  const left = [...files];
  const played = [];
  const worker = async () => {
    while (left.length) played.push(await play(left.shift()));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return played;
});
