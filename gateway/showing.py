"""Evidence as it stands: the record, with how far its running stages are."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from gateway import answers
from gateway.representation import represent
from storage.evidence import Evidence
from storage.states import ON_ITS_WAY, StageName
from workers.queue import JobQueue, Progress, QueueUnavailable


async def represented(queue: JobQueue, found: Sequence[Evidence]) -> list[answers.Evidence]:
    """Return the JSON of each with live progress; without Redis it is shown as the record knows it."""
    moving = [evidence.id for evidence in found if evidence.state in ON_ITS_WAY]
    progress: Mapping[str, Mapping[StageName, Progress]] = {}
    with suppress(QueueUnavailable):
        progress = await queue.progress_of(moving)
    return [represent(evidence, progress.get(evidence.id, {})) for evidence in found]
