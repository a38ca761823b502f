from pathlib import Path

from config.formats import load_formats
from scanning.identification import CHECKED_TYPES
from scanning.inspection import inspect
from tests.scanning import samples
from tests.scanning.families import same_family

FORMATS = load_formats()
CHECKED_EXTENSIONS = sorted(name for name, row in FORMATS.extensions.items() if row.holds <= CHECKED_TYPES)


def corpus_files(corpus: Path | None) -> list[Path]:
    if corpus is None:
        return []
    return [path for path in sorted(corpus.iterdir()) if path.suffix[1:] in CHECKED_EXTENSIONS]


def test_real_files_are_accepted_under_their_names_and_no_other(corpus, tmp_path):
    for path in corpus_files(corpus):
        own = path.suffix[1:]
        accepted = {
            extension
            for extension in FORMATS.extensions
            if inspect(path, tmp_path / path.name / extension, extension)["accepted"]
        }
        assert own in accepted, path.name
        assert all(same_family(own, extension) for extension in accepted), (path.name, accepted)


def test_real_files_that_were_cut_are_not_accepted(corpus, examine):
    for path in corpus_files(corpus):
        content = path.read_bytes()
        # A program may carry anything behind what its header tells of.
        if path.suffix[1:] not in {*samples.ENDLESS, "exe"}:
            assert not examine(content[: len(content) * 6 // 10], path.suffix[1:])["accepted"], path.name
