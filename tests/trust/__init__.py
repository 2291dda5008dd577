"""Tests of what is promised: nothing typed is lost, every write is whole, and neighbours keep working."""

import pytest

pytest.register_assert_rewrite("tests.trust.collections", "tests.trust.mirror")
