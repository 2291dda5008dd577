"""What a test needs from the platform it runs on."""

import os
import sys

import pytest

needs_symlinks = pytest.mark.skipif(os.name == "nt", reason="making a symlink takes privileges on Windows")
needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
needs_raw_names = pytest.mark.skipif(sys.platform != "linux", reason="names that are not UTF-8 exist on Linux only")
