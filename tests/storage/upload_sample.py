"""The upload that most tests use, and the key its bytes get."""

from storage.uploads import UploadRef

ID = "Zx3_-abcdefghijklmnop"
KEY = "0199aa00-0000-7000-8000-0000000000ab/original"
UPLOAD = UploadRef(ID)
