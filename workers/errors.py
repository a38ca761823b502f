"""Errors and signals of the queue layer.

QueueError
├── QueueUnavailable   Redis does not answer; whoever pushes may go on, the outbox holds the job
└── Postpone           raised by a task: put the job back, this run does not count
"""


class QueueError(Exception):
    """Anything the queue layer has to say."""


class QueueUnavailable(QueueError):
    """Redis did not answer in time, or answered with an error."""


class Postpone(QueueError):
    """Raised by a task that cannot go on now: the job is put back and runs again after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds
