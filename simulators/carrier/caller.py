"""A caller who follows a script and listens with their own ear: nothing of ours helps them."""

from pathlib import Path

from core.errors import CallsureError
from simulators.carrier.hearing import Hearing
from simulators.carrier.media_stream import MediaStream
from simulators.carrier.script import Script, Step
from simulators.carrier.speech import FRAME, RATE, Frame, frames, read_wav
from simulators.carrier.steps import MS, StepRecord, answer_from, cut_by, note_reactions

# The agent still counts as speaking in a pause between two words.
_BETWEEN_WORDS = 400 * MS
# An agent that was made to pause and has not gone on by now will not.
_RESUMES_WITHIN = 4_000 * MS


class CallerGaveUpError(CallsureError):
    """The agent did not do what the caller waited for."""


class ScriptedCaller:
    """Plays the lines of a script at the right moments of one call.

    Args:
        script: What to say and when.
        folder: Where its recordings lie.
        timeout: Seconds for the whole call.
        patience: Seconds to wait for the agent to speak, or to hang up at the end.
    """

    def __init__(
        self, script: Script, folder: Path, *, timeout: float = 180.0, patience: float = 15.0
    ) -> None:
        self._speech = [frames(read_wav(folder / step.say)) for step in script.steps]
        self._timeout = round(timeout * RATE)
        self._patience = round(patience * RATE)
        self.records = [StepRecord(step) for step in script.steps]
        self.failure: CallerGaveUpError | None = None
        self._stream: MediaStream
        self._hearing: Hearing

    async def __call__(self, stream: MediaStream) -> None:
        """Take part in one call; ``records`` and ``failure`` then say how it went."""
        self._stream = stream
        self._hearing = Hearing(stream.tape.playback)
        try:
            for record, speech in zip(self.records, self._speech, strict=True):
                await self._take(record, speech)
            await self._wait_for_the_end()
        except CallerGaveUpError as error:
            self.failure = error
            stream.hang_up()
        finally:
            for record in self.records:
                if record.started is None:
                    record.missed = record.missed or "the call was over"
            note_reactions(self.records, stream.tape.playback, self._hearing)

    async def _take(self, record: StepRecord, speech: tuple[Frame, ...]) -> None:
        step = record.step
        try:
            await (self._wait_for_speech(record) if step.during else self._wait_for_answer(step))
        except CallerGaveUpError as error:
            record.missed = error.message
            raise
        if record.missed or self._stream.ended.is_set():
            return
        record.started = self._stream.say(speech)
        record.ended = record.started + len(speech) * FRAME
        await self._stream.reach(record.ended)
        if step.hang_up:
            self._stream.hang_up()

    async def _wait_for_answer(self, step: Step) -> None:
        """Wait until the agent was audible after the last line, and then silent long enough."""
        while not self._stream.ended.is_set():
            now = self._stream.position()
            start = self._answer_from()
            sounds = self._hearing.since(start)
            if sounds and now - sounds[-1].end >= step.settle_ms * MS:
                return
            if not sounds and self._is_to_go_on and now - start > _RESUMES_WITHIN:
                return
            await self._listen(now, start, f"before {step.say!r} the agent was not heard")

    async def _wait_for_speech(self, record: StepRecord) -> None:
        """Wait until the agent's turn has lasted long enough and is audible just now."""
        step = record.step
        while not self._stream.ended.is_set():
            now = self._stream.position()
            start = self._turn_from()
            sounds = self._hearing.since(start)
            if sounds and sounds[0].start <= now:
                record.agent_started = sounds[0].start
                silent = now - sounds[-1].end
                if now - sounds[0].start >= step.after_ms * MS and silent < _BETWEEN_WORDS:
                    return
                if silent >= step.settle_ms * MS and not self._may_go_on(now):
                    spoke = (sounds[-1].end - sounds[0].start) // MS
                    record.missed = f"the agent's turn was over after {spoke} ms"
                    return
            await self._listen(now, start, f"for {step.say!r} the agent did not speak")

    async def _wait_for_the_end(self) -> None:
        while not self._stream.ended.is_set():
            await self._listen(
                self._stream.position(),
                self._answer_from(),
                "after the last line the agent did not hang up",
            )

    async def _listen(self, now: int, start: int, what: str) -> None:
        """Go on by 20 ms.

        Raises:
            CallerGaveUpError: The agent has been silent, or the call has lasted, for too long.
        """
        sounds = self._hearing.since(start)
        silent = now - max(start, sounds[-1].end if sounds else 0)
        if silent > self._patience:
            raise _gave_up(f"{what} for {silent / RATE:.1f} s", now)
        if now > self._timeout:
            raise _gave_up(f"{what}, and the call has lasted too long", now)
        await self._stream.reach(now + FRAME)

    @property
    def _last(self) -> StepRecord | None:
        """The last line that was said."""
        return next((r for r in reversed(self.records) if r.started is not None), None)

    @property
    def _is_to_go_on(self) -> bool:
        """Whether the last line was one that the agent is to ignore."""
        return self._last is not None and self._last.step.expect.resumes

    def _answer_from(self) -> int:
        """Where an answer to the last line can begin."""
        return answer_from(self._last, self._stream.tape.playback) if self._last else 0

    def _turn_from(self) -> int:
        """Where the agent's turn can have begun; a line that it is to ignore ends no turn."""
        said = (r for r in reversed(self.records) if r.started is not None)
        asked = next((r for r in said if not r.step.expect.resumes), None)
        return answer_from(asked, self._stream.tape.playback) if asked else 0

    def _may_go_on(self, now: int) -> bool:
        """Whether the last line made the agent pause, and it can still go on."""
        cut = cut_by(self._last, self._stream.tape.playback) if self._last else None
        return cut is not None and now - cut < _RESUMES_WITHIN


def _gave_up(what: str, now: int) -> CallerGaveUpError:
    return CallerGaveUpError("caller_gave_up", f"At {now / RATE:.1f} s {what}")
