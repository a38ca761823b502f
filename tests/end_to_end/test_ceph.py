"""What is tested on SeaweedFS, tested on Ceph's gateway: another store with other faults."""

from pathlib import Path

import pytest

from tests.services.suite import run_tests

SUITES = {
    "stores": ("tests/storage/s3", "tests/storage/blobs/test_s3.py", "tests/storage/blobs/test_s3_faults.py",
               "tests/storage/uploads/s3", "tests/storage/test_checking.py"),
    "gateway": ("tests/gateway/test_object_store.py", "tests/gateway/test_direct.py",
                "tests/gateway/test_redirects.py", "tests/gateway/test_readiness.py"),
    "product": ("tests/end_to_end/test_s3.py", "tests/config/test_stack_storage.py",
                "tests/clients/test_uppy_s3.py"),
}  # fmt: skip


@pytest.mark.soak
@pytest.mark.parametrize("files", SUITES.values(), ids=SUITES)
def test_the_tests_of_object_stores_pass_on_ceph(files: tuple[str, ...], tmp_path: Path) -> None:
    summary = run_tests(tmp_path, "--object-store=ceph", *files)
    assert "skipped" not in summary, summary
