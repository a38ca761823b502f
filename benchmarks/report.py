"""The page of results, `docs/benchmarks.md`."""

from collections.abc import Mapping
from datetime import UTC, datetime

from benchmarks import (
    busy,
    films,
    images,
    latency,
    media,
    object_store,
    peers,
    profiles,
    quality,
    scanning,
    segments,
    side_by_side,
    uploads,
)
from benchmarks.machine import describe
from benchmarks.table import Row, format_table

_HEAD = """# Benchmarks

Made by `make bench` on {day}, on {machine}.
Each table comes from one run on one machine: compare within a table, not with numbers from elsewhere.

"""

_UPLOADS = """
One upload of 1 GiB over loopback to the real gateway process, its data folder on tmpfs, beside a
bare process that only does `recv` and `write` to a file on tmpfs. The client is a process of its
own. CPU is user and system time of the receiving process with all its threads; the work on what
arrived (hash, scan, renditions) is not in it. Memory grown is the peak of the resident set during
the upload less what was resident just before; of many senders it is divided by their number. Slow
senders send 1 MiB each in pieces of 64 KiB over four seconds, fast ones 4 MiB each without a pause.
Targets for memory are judged by the worst run.
"""

_SIDE_BY_SIDE = f"""
The same uploads, all at once, to the gateway and to other servers of tus 1.0.0, each with one process
(unless it says 2) and its data on tmpfs:
{peers.describe()}.
The least there is: bare processes that move one stream's bytes to a file and know no HTTP. One client
process sends, over a connection for each upload. It competes with the receiver for the same cores, so
MB/s says less than CPU seconds: those of all the receiver's processes, user and system, without Redis.
Memory is as above, in the worst run. A request is a PATCH from its first byte sent to its answer; the
p99 of fewer than 100 is the longest. Lag is how long an OPTIONS waits, which needs nothing but the event
loop, asked for every 5 ms over a connection of its own by a process that competes for the cores too: it
holds the loop's lag and what the machine adds.

The CPU target is the strictest of three: half of @tus/server, 2.5 times the splice where it was
measured, and {side_by_side.TUSD_CPU} for tusd, whose 1.5 - 1.8 are quoted from elsewhere: it is in none
of the package registries that this project uses, so it was not run here.
"""

_OBJECT_STORE = """
Uploads into one SeaweedFS process with its data on tmpfs, one anew for each run, on the same cores: to the
gateway; to @tus/server with its S3 store, parts of 8 MiB; and, without any HTTP before it, by boto3's own
`upload_fileobj` with its defaults. CPU and memory are those of the process that sends to the store, as above,
without the store's. The gateway's parts carry their MD5, which costs about 1.6 CPU seconds a GB. Its memory
may grow by half a part for each upload and 60 MB.
"""

_LATENCY = """
One photo (JPEG, turned a quarter) at a time, sent to an idle stack: Redis with its
append-only file on, clamd with demonstration signatures, one gateway, one worker process for all
queues, data in the folder for temporary files. From the moment the client has the answer to its
last byte until others can see the evidence ready in the database, by the same clock. The parts are
medians of their own and need not add up to the whole; an event's time is taken just before its
commit, so a commit counts to the wait that follows it.
"""

_SCANNING = """
500 MB of noise, a file on the disk that its cache holds, by one clamd that knows two signatures: the
best case, real sets are slower for all ways alike. Ways take turns, and before each scan some bytes
change, because clamd remembers what it found clean. Windows are of 256 MiB, as for files above 2 GiB;
hashed means that their SHA-256 is looked up as well. Hostile files are those of the tests, each
inspected in a sandboxed child of its own: seconds are the processor's, and memory is the most the child
ever had, its libraries included.
"""

_SEGMENTS = f"""
A film of {segments.SECONDS} s, 1280x720 with grain, made into a reading copy by the reviewers' profile:
whole, and in segments of {segments.SEGMENT_SECONDS} s, one after the other. CPU is that of all tools;
reading the time stamps, looking at each segment and joining are in it. Segments of 60 s, the default, have
half as many seams. Then its segments by one process that is kept to one processor, and by two on two;
cutting, sound and joining are in that time.
"""

_MEDIA = f"""
Made by `make bench-media` on {{day}}. Films of {films.SECONDS} s each, with sound, of real clips that are
scaled, looped and grained (Big Buck Bunny, bicycles, a man in a car) and of a page that is scrolled, as a
quick encoder writes them at up to 40 Mb/s. Ours are made by the code that workers run, with limits, probes
and proof; HandBrake's by Debian's HandBrakeCLI with its default preset as it is. CPU is user and system time
of all processes. VMAF and SSIM compare every {quality.EVERY}rd frame with the source's, at its size. The
targets of one film are its size beside HandBrake's and its VMAF less HandBrake's; those of the mean are
size, CPU and VMAF.

x265 and SVT-AV1 were run on one film, with Debian's ffmpeg and 8 bits, at one setting each: compare bytes
and VMAF together.
"""

_PROFILES = """
Made by `python -m benchmarks profiles` on {day}, as above, by each row of `config/profiles.toml`. VMAF
and SSIM are taken at the source's size; a smaller picture is enlarged for it, so they say what is lost on
a large screen.
"""

_IMAGES = f"""
Thumbnails of {images.EDGE} pixels per CPU second, user and system time of all threads,
{images.PICTURES} pictures in one process, without what its start costs. Made by
`python -m benchmarks images` on {{day}}. Ours are made by the code of the workers' children, here
with one size instead of two and without their sandbox; vipsthumbnail is Debian's, sharp npm's with
the libvips that it brings, which cannot read HEIC. The photo is noise at a fine scale: real ones
decode faster.
"""

_BUSY = f"""
{busy.PHOTOS} photos of 12 megapixels, sent one after the other to one gateway and one worker process for
all queues, with two slots for films and two for pictures: alone, and while {busy.FILMS} films of
{segments.SECONDS} s (1280x720 with grain) are encoded beside them, on the same processors as everything
else. The gateway's lag is how long an OPTIONS waits, as above; the worker's is how much too late a timer
comes that is due every 5 ms. Both hold what the machine adds.
"""

_SECTIONS = {
    "uploads": ("Uploads", _UPLOADS, uploads.HEADINGS),
    "side-by-side": ("Side by side", _SIDE_BY_SIDE, side_by_side.HEADINGS),
    "s3": ("Uploads into an object store", _OBJECT_STORE, object_store.HEADINGS),
    "latency": ("Latency", _LATENCY, latency.HEADINGS),
    "busy": ("Photos beside films", _BUSY, busy.HEADINGS),
    "scanning": ("Scanning", _SCANNING, scanning.HEADINGS),
    "media": ("Films beside HandBrake", _MEDIA, media.HEADINGS),
    "profiles": ("Profiles of reading copies", _PROFILES, profiles.HEADINGS),
    "images": ("Thumbnails", _IMAGES, images.HEADINGS),
    "segments": ("Segments", _SEGMENTS, segments.HEADINGS),
}


def format_section(name: str, rows: list[Row]) -> str:
    """Return one section: what was measured and how, and the numbers."""
    title, text, headings = _SECTIONS[name]
    dated = text.replace("{day}", str(datetime.now(UTC).date()))
    return f"## {title}\n{dated}\n{format_table(headings, rows)}"


def update_page(before: str, sections: Mapping[str, str], *, anew: bool) -> str:
    """Return the page with these sections; the others stay as they were, and unless `anew` the head does."""
    head, *parts = before.split("\n## ")
    kept = {part.partition("\n")[0]: f"## {part.rstrip()}\n" for part in parts}
    if anew:
        head = _HEAD.format(day=datetime.now(UTC).date(), machine=describe())
    shown = (sections.get(name) or kept.get(title) for name, (title, _, _) in _SECTIONS.items())
    return "\n".join([head.rstrip() + "\n", *filter(None, shown)])
