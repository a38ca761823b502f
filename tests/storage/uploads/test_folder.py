import os

import pytest

from storage.errors import NotFound, UploadBusy
from storage.uploads.folder import held


def test_a_file_that_lost_its_name_before_it_was_locked_is_not_held(tmp_path, monkeypatch):
    """As when another finishes the upload between our open and our lock."""
    path = tmp_path / "segment"
    path.touch()
    opened = os.open

    def open_late(*args: int) -> int:
        descriptor = opened(*args)
        path.rename(tmp_path / "blob")
        return descriptor

    monkeypatch.setattr(os, "open", open_late)
    with pytest.raises(NotFound), held(path, os.O_RDWR):
        pass


def test_a_file_that_was_replaced_before_it_was_locked_is_not_held(tmp_path, monkeypatch):
    path = tmp_path / "segment"
    path.touch()
    opened = os.open

    def open_late(*args: int) -> int:
        descriptor = opened(*args)
        path.rename(tmp_path / "blob")
        os.close(opened(path, os.O_CREAT))
        return descriptor

    monkeypatch.setattr(os, "open", open_late)
    with pytest.raises(NotFound), held(path, os.O_RDWR):
        pass


def test_a_file_is_held_once_at_a_time(tmp_path):
    path = tmp_path / "segment"
    path.touch()
    with held(path, os.O_RDWR), pytest.raises(UploadBusy), held(path, os.O_RDWR):
        pass
    with held(path, os.O_RDWR):
        pass


def test_links_are_not_followed(tmp_path):
    (tmp_path / "link").symlink_to("/etc/passwd")
    with pytest.raises(OSError, match="symbolic"), held(tmp_path / "link", os.O_RDWR):
        pass
