#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""TensorBoard reads the event files that Rondo writes.

    python -B test/golden/tensor_board.py PROGRAM     PROGRAM is tensor_board.cpp, built
"""

import pathlib
import struct
import subprocess
import sys
import tempfile
import time

try:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
    from tensorboard.compat.proto.event_pb2 import Event
except ImportError as error:
    print(f"tensor_board: the package {error.name} is missing: reading event files by TensorBoard is skipped")
    sys.exit(0)


def single(number):
    """A number in single precision."""
    return struct.unpack("f", struct.pack("f", number))[0]


def main():
    began = time.time()
    with tempfile.TemporaryDirectory() as folder:
        logs = pathlib.Path(folder) / "runs" / "one"
        for files in (1, 2):  # within one second, too
            subprocess.run([sys.argv[1], logs], check=True)
            assert len(list(logs.glob("*tfevents*"))) == files, list(logs.iterdir())
        path = min(logs.iterdir())
        events = [Event.FromString(record) for record in RawEventFileLoader(str(path)).Load()]  # checks each CRC
        assert events[0].file_version == "brain.Event:2", events[0]
        assert all(began - 1 < event.wall_time < time.time() + 1 for event in events)
        reader = EventAccumulator(str(path))
        reader.Reload()
        got = {tag: [(one.step, one.value) for one in reader.Scalars(tag)] for tag in reader.Tags()["scalars"]}
    epochs = range(1, 4)
    assert got == {
        "steps/loss": [(400 * k, single(1 / k + 1)) for k in epochs],
        "steps/rate": [(400 * k, single(1e-3)) for k in epochs],
        "epoch/loss": [(k, single(1 / k)) for k in epochs],
        "epoch/validation": [(k, single(-1 / k)) for k in epochs],
        "epoch/F1 (macro), été": [(k, single(1e30)) for k in epochs],
    }, got
    print(f"tensor_board: {len(events)} events, {len(got)} tags: as they were written")


if __name__ == "__main__":
    main()
