"""Every operation, as a table."""

from collections.abc import Mapping

from gateway.openapi.direct import DIRECT
from gateway.openapi.evidence import EVIDENCE
from gateway.openapi.operation import Operation
from gateway.openapi.resumable import RESUMABLE
from gateway.openapi.service import SERVICE
from gateway.openapi.uploads import UPLOADS

OPERATIONS: Mapping[tuple[str, str], Operation] = {
    (row.method, row.path): row for row in (*UPLOADS, *RESUMABLE, *DIRECT, *EVIDENCE, *SERVICE)
}
