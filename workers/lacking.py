"""Which tools the workers of a queue would use and do not have."""

from collections.abc import Mapping

from storage.states import StageName
from transcode import optional
from workers.pipeline import STEPS

#: What each stage would use of the tools that a machine can do without.
_USES: Mapping[StageName, frozenset[str]] = {
    StageName.VERIFY: frozenset({optional.SANDBOX}),
    StageName.TRANSCODE: frozenset({optional.SANDBOX}),
    StageName.THUMBNAIL: frozenset({optional.SANDBOX, *optional.PROGRAMS}),
}


def lacking_on(queue: str) -> tuple[str, ...]:
    """Return what a worker of that queue lacks on this machine at the moment, sorted."""
    used = {tool for stage, tools in _USES.items() if STEPS[stage].queue == queue for tool in tools}
    return tuple(tool for tool in optional.lacking() if tool in used)
