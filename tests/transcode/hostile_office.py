"""Office files that name other files and addresses, or bring macros."""

import zipfile
from pathlib import Path

from tests.samples.office import make_document

RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
WORDS = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
NAMES = {
    name: f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"
    for name in ("office", "text", "script", "manifest")
} | {"xlink": "http://www.w3.org/1999/xlink", "dom": "http://www.w3.org/2001/xml-events"}
SPACES = " ".join(f'xmlns:{name}="{space}"' for name, space in NAMES.items())
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
TEXT = "application/vnd.oasis.opendocument.text"


def linking_document(path: Path, url: str) -> Path:
    """Write a Word document with a picture and words that lie elsewhere."""
    picture = f"""<w:drawing><wp:inline><wp:extent cx="900000" cy="900000"/><wp:docPr id="1" name="p"/>
        <a:graphic><a:graphicData uri="{DRAWING}/picture"><pic:pic>
        <pic:nvPicPr><pic:cNvPr id="1" name="p"/><pic:cNvPicPr/></pic:nvPicPr>
        <pic:blipFill><a:blip r:link="rId9"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>
        <pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="900000" cy="900000"/></a:xfrm>
        <a:prstGeom prst="rect"/></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing>"""
    field = f"""<w:r><w:fldChar w:fldCharType="begin"/></w:r>
        <w:r><w:instrText>INCLUDETEXT "{url}"</w:instrText></w:r>
        <w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>nothing</w:t></w:r>
        <w:r><w:fldChar w:fldCharType="end"/></w:r>"""
    body = f"""{HEAD}<w:document xmlns:w="{WORDS}" xmlns:r="{RELATIONSHIPS}" xmlns:a="{DRAWING}/main"
        xmlns:wp="{DRAWING}/wordprocessingDrawing" xmlns:pic="{DRAWING}/picture"><w:body><w:p>
        <w:r><w:t>My own words.</w:t></w:r><w:r>{picture}</w:r>{field}</w:p></w:body></w:document>"""
    links = f"""{HEAD}<Relationships xmlns="{PACKAGE}/relationships">
        <Relationship Id="rId9" Type="{RELATIONSHIPS}/image" Target="{url}" TargetMode="External"/>
        </Relationships>"""
    members = {"word/document.xml": body, "word/_rels/document.xml.rels": links}
    return make_document(path, {name: text.encode() for name, text in members.items()})


def including_document(path: Path, url: str, macro: str = "") -> Path:
    """Write an OpenDocument text with a section from elsewhere, and a macro that runs when it is opened."""
    content = f"""{HEAD}<office:document-content {SPACES} office:version="1.2">
        <office:scripts><office:event-listeners><script:event-listener script:language="ooo:script"
        script:event-name="dom:load" xlink:type="simple"
        xlink:href="vnd.sun.star.script:Standard.Module1.Main?language=Basic&amp;location=document"/>
        </office:event-listeners></office:scripts>
        <office:body><office:text><text:p>My own words.</text:p><text:section text:name="s">
        <text:section-source xlink:href="{url}"/><text:p>old</text:p></text:section>
        </office:text></office:body></office:document-content>"""
    members = {"mimetype": TEXT, "content.xml": content, **_library(macro)}
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type="text/xml"/>'
        for name in members
        if name != "mimetype"
    )
    members["META-INF/manifest.xml"] = f"""{HEAD}<manifest:manifest {SPACES}>
        <manifest:file-entry manifest:full-path="/" manifest:media-type="{TEXT}"/>{entries}
        </manifest:manifest>"""
    with zipfile.ZipFile(path, "w") as package:
        for name, text in members.items():
            package.writestr(name, text)
    return path


def _library(macro: str) -> dict[str, str]:
    """Return the members that hold the macro."""
    space = "http://openoffice.org/2000/library"
    return {
        "Basic/script-lc.xml": f"""{HEAD}<library:libraries xmlns:library="{space}"
            xmlns:xlink="{NAMES["xlink"]}"><library:library library:name="Standard" library:link="false"/>
            </library:libraries>""",
        "Basic/Standard/script-lb.xml": f"""{HEAD}<library:library xmlns:library="{space}"
            library:name="Standard" library:readonly="false" library:passwordprotected="false">
            <library:element library:name="Module1"/></library:library>""",
        "Basic/Standard/Module1.xml": f"""{HEAD}<script:module
            xmlns:script="http://openoffice.org/2000/script" script:name="Module1"
            script:language="StarBasic">Sub Main\n{macro}\nEnd Sub\n</script:module>""",
    }
