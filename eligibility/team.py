"""Processes that work side by side on one stream, their results in its order.

There is no thread and no queue: each worker has a pipe of its own and one piece of work at
a time, so that nothing can block for good and nothing piles up.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Generic, TypeVar

from eligibility.errors import EligibilityError, EngineError

__all__ = ["Team", "processors"]

_Work = TypeVar("_Work")
_Result = TypeVar("_Result")

_SIGNALS = {signal.SIGINT, signal.SIGTERM}
_AHEAD = 4
"""How many results a worker may be ahead of the slowest; what is finished waits in memory."""


def processors() -> int:
    """How many processes can work at once here; one where a process cannot be copied."""
    if "fork" not in multiprocessing.get_all_start_methods():
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Team(Generic[_Work, _Result]):
    """Copies of this process, made when the block is entered and ended when it is left.

    A copy has the rules in memory already, which loading them anew would cost it.
    """

    def __init__(self, work: Callable[[_Work], _Result], size: int) -> None:
        self._work = work
        self._size = size
        self._members: dict[Connection, multiprocessing.process.BaseProcess] = {}

    def __enter__(self) -> Team[_Work, _Result]:
        context = multiprocessing.get_context("fork")
        # a worker is not to be interrupted before it says what becomes of that: what this
        # process does about it would let the worker go on as a second one of it
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            for _ in range(self._size):
                ours, theirs = context.Pipe()
                # a copy of our ends in a worker would keep the others from seeing us end
                inherited = [*self._members, ours]
                member = context.Process(
                    target=_serve, args=(self._work, theirs, inherited), daemon=True
                )
                member.start()
                theirs.close()
                self._members[ours] = member
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for pipe, member in self._members.items():
            pipe.close()
            member.terminate()
        for member in self._members.values():
            member.join()

    def each(self, pieces: Iterable[_Work]) -> Iterator[_Result]:
        """The result of every piece of work, in their order.

        Raises what a worker raised, and `EngineError` for one that was ended.
        """
        waiting = enumerate(pieces)
        idle, busy = list(self._members), dict[Connection, int]()
        ready: dict[int, _Result] = {}
        turn, exhausted = 0, False
        while busy or ready or not exhausted:
            # a worker too far ahead rests, so that results do not pile up behind a slow one
            while idle and not exhausted and len(ready) <= _AHEAD * self._size:
                following = next(waiting, None)
                exhausted = following is None
                if following is not None:
                    number, piece = following
                    busy[idle[-1]] = number
                    self._send(idle.pop(), piece)
            for pipe in wait(list(busy)) if busy and turn not in ready else ():
                assert isinstance(pipe, Connection)
                ready[busy.pop(pipe)] = self._received(pipe)
                idle.append(pipe)
            if turn in ready:
                yield ready.pop(turn)
                turn += 1

    def _send(self, pipe: Connection, piece: _Work) -> None:
        try:
            pipe.send(piece)
        except BrokenPipeError:
            raise self._ended(pipe) from None

    def _received(self, pipe: Connection) -> _Result:
        try:
            done, result = pipe.recv()
        except (EOFError, ConnectionResetError):
            raise self._ended(pipe) from None
        if not done:
            raise result
        found: _Result = result
        return found

    def _ended(self, pipe: Connection) -> EngineError:
        member = self._members[pipe]
        member.join()
        return EngineError(
            f"a process of this check was ended (exit code {member.exitcode})\n"
            "  = perhaps memory was short: `--jobs 1` needs the least"
        )


def _serve(
    work: Callable[[_Work], _Result], pipe: Connection, inherited: Iterable[Connection]
) -> None:
    """Work until the pipe is closed."""
    # Ctrl-C reaches all processes of a terminal: the first one decides what becomes of it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    for other in inherited:
        other.close()
    # the rules live as long as the process: looking for garbage among them finds none
    gc.freeze()
    while True:
        try:
            piece = pipe.recv()
        except (EOFError, ConnectionResetError):
            return
        answer: tuple[bool, object]
        try:
            answer = True, work(piece)
        except EligibilityError as error:
            answer = False, error
        try:
            pipe.send(answer)
        except (BrokenPipeError, ConnectionResetError):
            # nobody waits for it any more
            return
