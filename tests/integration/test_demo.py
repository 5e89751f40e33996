"""run.sh demo, told four times as fast."""

import subprocess
import sys

from tests.support.process import ROOT


def test_the_demo_adds_up(binaries):
    command = [sys.executable, "-m", "tests.support.demo", "--pace", "0.25"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().endswith("every count adds up")
