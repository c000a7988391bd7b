"""Plays the property tests with new examples until the time is over or one fails.

    python tools/fuzz.py [--seconds 600] [--examples 2000] [FILE ...]

The tests are those that every test run plays with few examples, always the same ones: decoders, and
the taxation session with its store against the model of an exchange, the healing of the stream by
account files against a model of both, what each wire makes of a ticket against the carriage table,
and of the exchange its calls, charges, reminders, calendar and buffers. A failure prints the
smallest example that was found, and the seed with which pytest finds it again.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from secrets import randbits

ROOT = Path(__file__).resolve().parents[1]
FILES = (
    "collector/tests/test_account_file.py",
    "collector/tests/test_compress.py",
    "collector/tests/test_decoder_garbage.py",
    "collector/tests/test_ed52_stream.py",
    "collector/tests/test_fuzz_session.py",
    "collector/tests/test_intake_healing.py",
    "law/test_carriage.py",
    "simulator/tests/calls/test_call_deposits.py",
    "simulator/tests/link/test_link_passage.py",
    "simulator/tests/screen/test_screen_drawing.py",
    "simulator/tests/screen/test_screen_prompt.py",
    "simulator/tests/stream/test_stream_codec.py",
    "simulator/tests/test_account_reading.py",
    "simulator/tests/test_booths.py",
    "simulator/tests/test_buffer.py",
    "simulator/tests/test_charging.py",
    "simulator/tests/test_clock_changes.py",
    "simulator/tests/test_conservation.py",
    "simulator/tests/test_ed52_room.py",
    "simulator/tests/test_fineness.py",
    "simulator/tests/test_hotel.py",
    "simulator/tests/test_ohl_machine.py",
    "simulator/tests/test_ohl_reader.py",
    "simulator/tests/test_outlet_random.py",
    "simulator/tests/test_reminder_changes.py",
    "simulator/tests/test_reminder_timelines.py",
    "simulator/tests/test_unknown_operations.py",
    "simulator/tests/test_v24_machine.py",
    "simulator/tests/test_v24_mapping.py",
)


def main() -> int:
    """Return the exit status of the last round: 0 when none failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=600, help="begin no round after these")
    parser.add_argument("--examples", type=int, default=2000, help="of each property in a round")
    parser.add_argument("files", nargs="*", default=FILES)
    wanted = parser.parse_args()
    end = time.monotonic() + wanted.seconds
    rounds = 0
    while rounds == 0 or time.monotonic() < end:
        rounds += 1
        seed = randbits(32)
        print(f"round {rounds}, seed {seed}", flush=True)
        command = (sys.executable, "-m", "pytest", "-q", "-x", f"--hypothesis-seed={seed}")
        environment = {**os.environ, "OXO_FUZZ_EXAMPLES": str(wanted.examples)}
        status = subprocess.call((*command, *wanted.files), cwd=ROOT, env=environment)
        if status != 0:
            again = f"OXO_FUZZ_EXAMPLES={wanted.examples} pytest --hypothesis-seed={seed}"
            print(f"found in round {rounds}; again by: {again} {' '.join(wanted.files)}")
            return status
    print(f"{rounds} rounds of {wanted.examples} examples for each property: nothing found")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
