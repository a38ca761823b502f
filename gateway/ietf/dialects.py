"""The interop versions of the draft, and what each of them says differently.

"An interop version is defined [...] to identify the iteration of the draft" (section Draft Version
Identification). Clients of the final form send no version at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from multidict import CIMultiDictProxy

from gateway.ietf.fields import find_boolean, find_integer
from gateway.ietf.protocol import INTEROP_VERSION


@dataclass(frozen=True, slots=True)
class Dialect:
    """One version."""

    #: The version that interim responses echo; `None`: the final form, which has none.
    interop: int | None = None
    #: The header that says whether an upload is complete…
    completeness: str = "Upload-Complete"
    #: …or, in the first version, that it is not.
    is_negated: bool = False
    #: What is appended must be `application/partial-upload`.
    has_partial_type: bool = True
    #: 104 tells the offset while bytes arrive.
    has_progress: bool = True
    #: The member of `Upload-Limit` that holds the seconds an upload has left; `None`: no such header yet.
    lifetime: str | None = "max-age"
    #: 104 may be sent: not to a client of a version that is unknown here.
    has_interim: bool = True

    def find_complete(self, headers: CIMultiDictProxy[str]) -> bool | None:
        """Return whether the request says that the upload is complete with it, `None` if it says nothing."""
        said = find_boolean(headers, self.completeness)
        return None if said is None else said is not self.is_negated

    def tell(self, *, is_complete: bool) -> dict[str, str]:
        """Return the header that says whether an upload is complete."""
        return {self.completeness: "?1" if is_complete is not self.is_negated else "?0"}


FINAL = Dialect()
_UNKNOWN = replace(FINAL, has_interim=False)

#: By the draft's change log 3 is draft -01, 4 -02, 5 -03, 6 -04 and -05, 7 -06 to -08, 8 -09 to -11, 9 -12.
DIALECTS: Mapping[int, Dialect] = {
    3: Dialect(3, "Upload-Incomplete", True, has_partial_type=False, has_progress=False, lifetime=None),
    4: Dialect(4, has_partial_type=False, has_progress=False, lifetime=None),
    5: Dialect(5, has_partial_type=False, lifetime=None),
    6: Dialect(6, lifetime="expires"),
    7: Dialect(7),
    8: Dialect(8),
    9: Dialect(9),
}


def dialect_of(headers: CIMultiDictProxy[str]) -> Dialect:
    """Return what the client speaks; who speaks an unknown version is answered in the final form's words."""
    if INTEROP_VERSION not in headers:
        return FINAL
    return DIALECTS.get(find_integer(headers, INTEROP_VERSION) or 0, _UNKNOWN)
