"""The MuJoCo data set: passive falls of the control suite's hopper."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.data.locate import installed_mujoco

JOINTS = ("root_x", "root_z", "root_y", "waist", "hip", "knee", "ankle")
NAMES = (*JOINTS, *(f"{joint}_velocity" for joint in JOINTS))
ROOT_SLIDES = 2
"""Joints that start in U(0, 0.5); the other five start in U(-2, 2)."""
BATCH = 512
"""Sequences simulated at once, so that a long set needs little memory beyond its own."""


def simulate(sequences: int, length: int, seed: int) -> NDArray[np.float32]:
    """`sequences` falls (N, T=length, D=14) of joint positions (m, rad) and velocities (m/s, rad/s), 0.005 s a step.

    Frame 0 is the random initial state, so one seed gives the shorter set as the prefix of the longer. Raises SkipCell
    where MuJoCo is not installed. Source: Diffusion-TS (Yuan and Qiao 2024), appendix on data sets.
    """
    installed_mujoco()
    import mujoco
    from mujoco import rollout

    model = mujoco.MjModel.from_xml_string(Path(__file__).with_name("hopper.xml").read_text(encoding="utf-8"))
    data = mujoco.MjData(model)
    state = _initial_states(sequences, seed)
    frames = np.empty((sequences, length, len(NAMES)), dtype=np.float32)
    frames[:, 0] = state
    for start in range(0, sequences if length > 1 else 0, BATCH):
        batch = state[start : start + BATCH]
        # MuJoCo's full state begins with the time, which is zero at the start of every sequence.
        begin = np.concatenate([np.zeros((len(batch), 1)), batch], axis=1)
        reached, _ = rollout.rollout(model, data, begin, nstep=length - 1)
        frames[start : start + BATCH, 1:] = reached[:, :, 1:]
    return frames


def _initial_states(sequences: int, seed: int) -> NDArray[np.float64]:
    """Positions and velocities (N, 14), drawn sequence by sequence."""
    random = np.random.RandomState(seed)
    states = np.empty((sequences, len(NAMES)))
    for state in states:
        state[:ROOT_SLIDES] = random.uniform(0, 0.5, size=ROOT_SLIDES)
        state[ROOT_SLIDES : len(JOINTS)] = random.uniform(-2, 2, size=len(JOINTS) - ROOT_SLIDES)
        state[len(JOINTS) :] = random.uniform(-5, 5, size=len(JOINTS))
    return states
