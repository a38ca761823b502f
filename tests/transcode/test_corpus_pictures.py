"""Real pictures, when `CORPUS` names a folder of them: each is drawn, or the reason is known beforehand."""

from pathlib import Path

from config.formats import load_formats
from tests.transcode.pictures import draw

#: What cannot be drawn, by the name of its sample.
REASONS = {"heic-0.heic": "sequence_without_still", "bmp-1.bmp": "variant_unknown"}
#: Drawn outside the child: see `test_metafile.py`.
ELSEWHERE = {".wmf"}


def pictures_of(corpus: Path | None) -> list[Path]:
    rows = load_formats().extensions
    names = {f".{name}" for name, row in rows.items() if "image" in row.groups} - ELSEWHERE
    return [path for path in sorted(corpus.iterdir()) if path.suffix in names] if corpus else []


def test_every_real_picture_is_drawn_or_says_why_not(corpus, tmp_path) -> None:
    for path in pictures_of(corpus):
        (tmp_path / path.name).symlink_to(path)
        reply, drawn = draw(tmp_path / path.name)
        assert reply["facts"].get("no_picture") == REASONS.get(path.name), path.name
        assert set(drawn) == (set() if path.name in REASONS else {"thumbnail", "image"}), path.name
