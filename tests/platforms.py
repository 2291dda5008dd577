"""What a test needs of the platform that it runs on."""

import os
import sys

import pytest

needs_symlinks = pytest.mark.skipif(os.name == "nt", reason="making a symlink takes privileges on Windows")
needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
needs_permissions = pytest.mark.skipif(
    os.name == "nt" or os.geteuid() == 0, reason="nothing is forbidden to root, and Windows forbids in another way"
)
needs_raw_names = pytest.mark.skipif(sys.platform != "linux", reason="names that are no UTF-8 exist on Linux only")
