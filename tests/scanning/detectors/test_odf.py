from tests.scanning import samples


def test_a_document_with_a_password_is_refused_as_encrypted(examine):
    manifest = "<manifest><file-entry><encryption-data/></file-entry></manifest>"
    assert examine(samples.open_document("text", manifest), "odt")["code"] == "encrypted"
