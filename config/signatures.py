"""The files that hold virus signatures."""

#: Endings of the files that clamd loads (docs.clamav.net, "Signatures"); only the first two carry a date.
DATED = (".cvd", ".cld")
DATABASES = (
    *DATED,
    ".cud",
    ".hdb",
    ".hsb",
    ".hdu",
    ".hsu",
    ".mdb",
    ".msb",
    ".ndb",
    ".ndu",
    ".ldb",
    ".ldu",
    ".db",
)
