"""Needed: what marks the tests of this folder, and what they compute on."""

import pytest
import torch

GPU = [pytest.mark.cuda, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")]
EVERY = [*GPU, pytest.mark.slow]
