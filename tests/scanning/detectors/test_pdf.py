import pikepdf

from scanning.pool import ClamdPool
from tests.scanning import samples
from tests.services.clamd import EICAR


def test_a_pdf_whose_table_is_wrong_is_repaired_and_flagged(examine):
    content = samples.GENUINE["pdf"].replace(b"startxref\n", b"startxref\n9")
    found = examine(content, "pdf")
    assert found["accepted"]
    assert found["flags"] == ("repaired",)


def locked_pdf(user: str) -> bytes:
    return samples.pdf(encryption=pikepdf.Encryption(owner="owner", user=user))


def test_a_pdf_with_a_password_is_refused_as_encrypted(examine):
    assert examine(locked_pdf("user"), "pdf")["code"] == "encrypted"


def test_a_pdf_that_only_forbids_changes_is_accepted_with_a_flag(examine):
    found = examine(locked_pdf(""), "pdf")
    assert found["accepted"]
    assert found["flags"] == ("restricted",)


def test_actions_in_a_pdf_are_flagged(examine, tmp_path):
    with pikepdf.new() as document:
        document.add_blank_page()
        document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
        document.Root.AA = pikepdf.Dictionary(WC=pikepdf.Dictionary(S=pikepdf.Name.Launch, F="cmd.exe"))
        document.save(tmp_path / "actions.pdf")
    assert examine((tmp_path / "actions.pdf").read_bytes(), "pdf")["flags"] == ("javascript", "launch")


def test_attachments_of_a_pdf_are_taken_out_whole(examine, tmp_path):
    found = examine(samples.pdf_with_attachment(b"attached" * 100_000), "pdf")
    assert found["flags"] == ("attachments",)
    assert [(member["name"], member["size_bytes"]) for member in found["members"]] == [("notes.bin", 800_000)]
    assert (tmp_path / "members" / "000001").read_bytes() == b"attached" * 100_000


def test_attachments_of_a_restricted_pdf_are_taken_out_readable(examine, tmp_path):
    plain = tmp_path / "plain.pdf"
    plain.write_bytes(samples.pdf_with_attachment(EICAR))
    with pikepdf.open(plain) as document:
        document.save(tmp_path / "locked.pdf", encryption=pikepdf.Encryption(owner="owner", user=""))
    examine((tmp_path / "locked.pdf").read_bytes(), "pdf")
    assert (tmp_path / "members" / "000001").read_bytes() == EICAR


async def test_a_virus_attached_to_a_pdf_is_found_among_its_members(examine, tmp_path, clamd_server):
    content = samples.pdf_with_attachment(EICAR)
    pool = ClamdPool([clamd_server.socket])
    found = examine(content, "pdf")
    outcomes = [await pool.scan_file(tmp_path / "members" / member["file"]) for member in found["members"]]
    assert [outcome.verdict for outcome in outcomes] == ["infected"]


def test_an_attachment_stored_in_an_unusual_way_is_held(examine, tmp_path):
    with pikepdf.new() as document:
        document.add_blank_page()
        stream = document.make_stream(EICAR.hex().encode(), Type=pikepdf.Name.EmbeddedFile)
        stream.Filter = pikepdf.Name.ASCIIHexDecode
        document.Root.Hidden = document.make_indirect(stream)
        document.save(tmp_path / "odd.pdf", compress_streams=False)
    assert examine((tmp_path / "odd.pdf").read_bytes(), "pdf")["code"] == "held_suspicious"
