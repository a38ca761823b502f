from tests.scanning import samples


def test_macros_are_a_flag_where_the_name_says_so_and_unsafe_elsewhere(examine):
    macros = {"ppt/vbaProject.bin": b"macro", "xl/vbaProject.bin": b"macro"}
    for extension in ("pptm", "xlsb"):
        assert examine(samples.office(extension, macros), extension)["flags"] == ("macros",)
    for extension in ("docx", "dotx", "xlsx", "pptx"):
        assert examine(samples.office(extension, macros), extension)["code"] == "unsafe_content"


def test_macros_under_an_innocent_name_are_found_by_their_content_type(examine):
    members = samples.office_members("docx")
    declared = '<Override PartName="/word/x.bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>'
    members["[Content_Types].xml"] = str(members["[Content_Types].xml"]).replace("</Types>", declared)
    assert examine(samples.archive({**members, "word/x.bin": b"macro"}), "docx")["code"] == "unsafe_content"


def test_a_part_that_declares_a_document_type_is_unsafe(examine):
    members = samples.office_members("docx")
    members["_rels/.rels"] = '<!DOCTYPE a [<!ENTITY b "c">]>' + str(members["_rels/.rels"])
    assert examine(samples.archive(members), "docx")["code"] == "unsafe_content"


def test_an_office_file_whose_main_part_is_missing_is_damaged(examine):
    members = samples.office_members("docx")
    del members["word/document.xml"]
    assert examine(samples.archive(members), "docx")["code"] == "damaged"
