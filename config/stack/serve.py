"""The main flow: what is started after what, what is said, and how it ends."""

import asyncio
import signal
from collections.abc import Mapping

from config.stack.child import end_child, start_child
from config.stack.clamav import are_dated, prepare_signatures
from config.stack.errand import run_errand
from config.stack.keeper import kept
from config.stack.key import working_key
from config.stack.layout import Layout, open_layout
from config.stack.options import Options
from config.stack.parent import until_parent_stops
from config.stack.parts import behind, environment, in_front, module
from config.stack.port import HOST, choose_port
from config.stack.talk import announce, tell

INTERRUPTED = 130
NEW_KEY = ("gateway", "keys", "create", "--label", "demonstration", "--centre", "DEMO", "--role", "ops")


async def run_until_stopped(options: Options) -> int:
    """Run the stack until a signal, its parent's end, or its command's; return the exit status.

    Raises:
        StackError: or a group of them.
    """
    serving = asyncio.create_task(serve(options))
    stopped = asyncio.Event()
    for number in _stopping_signals():
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    stopping = asyncio.create_task(_cancel_when(stopped, serving, with_parent=options.with_parent))
    try:
        return await serving
    except asyncio.CancelledError:
        return INTERRUPTED if options.command else 0
    finally:
        stopping.cancel()


def _stopping_signals() -> tuple[signal.Signals, ...]:
    """Return what stops us: also a lost terminal, unless we were told to outlive it (nohup)."""
    outlives = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return (signal.SIGTERM, signal.SIGINT) if outlives else (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


async def _cancel_when(stopped: asyncio.Event, serving: asyncio.Task[int], *, with_parent: bool) -> None:
    """Cancel once, however many signals come: a second one would disturb the tidying up."""
    waits: list[asyncio.Task[object]] = [asyncio.create_task(stopped.wait())]
    if with_parent:
        waits.append(asyncio.create_task(until_parent_stops()))
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        tell("stopping")
        serving.cancel()
    finally:
        for wait in waits:
            wait.cancel()


async def serve(options: Options) -> int:
    """Start everything in its order, say `ready`, and stay until cancelled or until the command has ended.

    Raises:
        StackError: or a group of them.
    """
    with open_layout(options.data, fresh=options.fresh) as layout:
        port = choose_port(options.port)
        signatures = prepare_signatures(layout, options.signatures)
        env = environment(options, layout, signatures, port)
        if options.storage:
            await run_errand("storage", module("storage", "check"), layout=layout, env=env)
        async with kept(behind(options, layout, signatures), layout=layout, env=env):
            await run_errand("migrate", module("storage", "migrate"), layout=layout, env=env)
            async with kept(in_front(options, port), layout=layout, env=env):

                async def make() -> str:
                    return await run_errand("keys", module(*NEW_KEY), layout=layout, env=env)

                key = await working_key(layout.key, port, make)
                if not are_dated(signatures):
                    tell(_undated(options))
                url = f"http://{HOST}:{port}"
                announce(f"ready {url}")
                return await _stay(options, layout, {**env, "INTAKE_URL": url, "INTAKE_KEY": key})


def _undated(options: Options) -> str:
    """Return what is to be said when no signature's age is known."""
    if options.allow_demonstration_signatures:
        return (
            "the virus signatures are of unknown age (a demonstration set), yet evidence becomes ready, "
            "because ALLOW_DEMONSTRATION_SIGNATURES=1: never do this with real evidence"
        )
    return (
        "the virus signatures are of unknown age (a demonstration set), so nothing becomes ready; wait for "
        "freshclam (logs/freshclam.log), name a folder with SIGNATURES=, or try it out with "
        "ALLOW_DEMONSTRATION_SIGNATURES=1"
    )


async def _stay(options: Options, layout: Layout, env: Mapping[str, str]) -> int:
    """Stay for ever, or until the command has ended; return its status."""
    if not options.command:
        await asyncio.Event().wait()
    child = await start_child(options.command, env=env, log=None, keep_fd=layout.lock_fd)
    try:
        return await child.wait()
    finally:
        await end_child(child, 3)
