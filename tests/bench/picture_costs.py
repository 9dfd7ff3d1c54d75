"""What one picture code costs, drawn and spoken: `python -m tests.bench pictures`."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from domain.proofs import captcha, captcha_voice

_TIMES = 50


def _say(name: str, work: Callable[[str], bytes]) -> None:
    work("12345")
    began = time.process_time()
    sizes = [len(work("12345")) for _ in range(_TIMES)]
    milliseconds = (time.process_time() - began) / _TIMES * 1000
    print(f"{name:<28} {milliseconds:6.1f} ms of CPU, {statistics.mean(sizes):,.0f} bytes")  # noqa: T201


def main() -> None:
    _say("one picture", captcha.draw)
    _say("one spoken code", captcha_voice.speak)


if __name__ == "__main__":
    main()
