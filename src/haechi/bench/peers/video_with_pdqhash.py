# SPDX-License-Identifier: Apache-2.0
"""What vPDQ does with a video: FFmpeg decodes every frame, pdqhash hashes those that are sampled.

Asked with `{"rounds": int, "paths": [str, …], "every_s": float}`; answers with one object a video,
in order: `frames` (number, 64 hexadecimal digits and quality of each), and `seconds` of the fastest
round.
"""

import json
import sys
import time

import av
import numpy as np
import pdqhash


def hash_once(path: str, every_s: float) -> list[tuple[int, str, int]]:
    """Number, hash and quality of each sampled frame, by way of RGB."""
    frames = []
    with av.open(path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        step = max(1, int(every_s * float(stream.average_rate or 0)))
        for number, frame in enumerate(container.decode(stream)):
            if number % step == 0:
                pixels = frame.to_ndarray(format="rgb24")
                bits, quality = pdqhash.compute(np.ascontiguousarray(pixels))
                frames.append((number, np.packbits(bits).tobytes().hex(), int(quality)))
    return frames


def measured(path: str, rounds: int, every_s: float) -> dict[str, object]:
    """The answer for one video."""
    times_s = []
    for _ in range(rounds):
        begun_s = time.perf_counter()
        frames = hash_once(path, every_s)
        times_s.append(time.perf_counter() - begun_s)
    return {"frames": frames, "seconds": min(times_s)}


if __name__ == "__main__":
    question = json.load(sys.stdin)
    rounds, every_s = question["rounds"], question["every_s"]
    json.dump([measured(path, rounds, every_s) for path in question["paths"]], sys.stdout)
