"""An accelerator without hardware: tensors on the device `fakecuda` hold their values on the CPU and refuse what CUDA refuses.

PyTorch takes the device for a real one (its PrivateUse1 back end, with a device guard, in every build), so that programs run
whole: gradients, optimizers, checkpoints, and control flow that reads a value (`item`, `tolist`, `nonzero`). Every operation
passes `_run`, which raises `DeviceMismatch` for operands of two devices, for a random number generator of another device, and for
operations that exist on the CPU only. The rules are those of CUDA, and stricter where CUDA would copy in silence: an index on the
CPU is refused too. The back end cannot be unregistered, and with it autograd starts threads that no fork survives: use it in a
process of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest import mock

import torch
from torch import Tensor
from torch.utils._mode_utils import no_dispatch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.backend_registration import _DummyBackendModule, _setup_privateuseone_for_python_backend

NAME = "fakecuda"
COPIES = ("aten::copy_", "aten::_to_copy")
"""The operations whose operands may lie on two devices."""


class DeviceMismatch(RuntimeError):  # noqa: N818 - named for what it finds
    """An operation that fails on CUDA, or would copy there in silence."""


class FakeTensor(Tensor):
    """A tensor of the device `fakecuda`, its values in `held` on the CPU."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> FakeTensor:
        # In inference mode a view of a parameter could not be told that it is one.
        with torch.inference_mode(False):
            made: FakeTensor = Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
                cls,
                held.size(),
                strides=held.stride(),
                storage_offset=held.storage_offset(),
                dtype=held.dtype,
                device=torch.device(NAME, 0),
            )
        made.held = held
        return made

    def tolist(self) -> Any:
        """The values, which a real device copies to the CPU too."""
        return self.held.tolist()

    def numpy(self, *, force: bool = False) -> Any:
        """Refused, as PyTorch refuses it for CUDA; with `force` the values."""
        if not force:
            raise DeviceMismatch(f"a tensor on {NAME} is read as an array; copy it with cpu() first")
        return self.held.numpy(force=True)

    def __repr__(self, **_: Any) -> str:
        return f"FakeTensor({self.held})"

    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    @classmethod
    def __torch_dispatch__(
        cls, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        del types
        return _run(func, args, dict(kwargs or {}))


_counted: list[str] = []
"""The operations that the device has computed."""
Generator = torch.Generator
_streams: dict[int, FakeGenerator] = {}
"""The generators of the device, kept while the device is there: an operation is handed another object of the same stream."""


class FakeGenerator(Generator):
    """The CPU's random numbers, as a stream of the device that it was made for."""

    def __new__(cls, device: Any = "cpu") -> FakeGenerator:
        return super().__new__(cls, "cpu")

    def __init__(self, device: Any = "cpu") -> None:
        if _is_fake(device):
            _streams[self._cdata] = self  # type: ignore[attr-defined]

    @property
    def device(self) -> torch.device:
        """The device that the stream is of."""
        return torch.device(NAME, 0) if self._cdata in _streams else torch.device("cpu")  # type: ignore[attr-defined]


class _Mode(TorchDispatchMode):
    """Sees the operations without a tensor on the device: what makes new ones, and what should have been there."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        del types
        return _run(func, args, dict(kwargs or {}))


class _Backend(_DummyBackendModule):
    """What PyTorch asks about the device itself."""

    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        """The types of numbers that autocast may choose."""
        return [torch.bfloat16, torch.float16]


def register() -> None:
    """Make `fakecuda` a device of this process; once, and for good."""
    _setup_privateuseone_for_python_backend(NAME, backend_module=_Backend())


@contextmanager
def accelerator() -> Iterator[list[str]]:
    """Let PyTorch know the device inside the block; the names of the operations that it has computed so far."""
    lifts = torch._C._only_lift_cpu_tensors()
    torch._C._set_only_lift_cpu_tensors(True)  # `torch.tensor(…, device=…)` asks the mode instead of the back end
    try:
        with mock.patch.object(torch, "Generator", FakeGenerator), _Mode():
            _counted.clear()
            yield _counted
    finally:
        torch._C._set_only_lift_cpu_tensors(lifts)
        _streams.clear()


def _is_fake(device: Any) -> bool:
    return torch.device(device).type == NAME


def _run(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Compute an operation on the CPU, on the device where its operands lie."""
    name, changes_shape = _facts(func)
    leaves = [*_leaves(args), *_leaves(kwargs.values())]
    tensors = [leaf for leaf in leaves if isinstance(leaf, Tensor)]
    same = {id(tensor.held): tensor for tensor in tensors if isinstance(tensor, FakeTensor)}
    asked = kwargs.get("device")
    on_device = bool(same) if asked is None else _is_fake(asked)
    if same:
        _check(func, name, tensors)
    for leaf in leaves:
        if isinstance(leaf, Generator) and (leaf._cdata in _streams) != on_device:  # type: ignore[attr-defined]
            devices = ("cpu", NAME) if on_device else (NAME, "cpu")
            raise DeviceMismatch(f"{name} draws from a generator of the device {devices[0]} for {devices[1]}")
    if asked is not None:
        kwargs["device"] = torch.device("cpu")
    if changes_shape and same:
        with no_dispatch():  # changes what the tensor says of its own shape
            func(*args, **kwargs)
    given = {key: _map(_held, value) for key, value in kwargs.items()}
    made = KERNELS.get(name, func)(*_map(_held, args), **given)
    if not on_device:
        return made
    _counted.append(name)
    return _map(lambda leaf: same.get(id(leaf), FakeTensor(leaf)) if isinstance(leaf, Tensor) else leaf, made)


@cache
def _facts(func: Any) -> tuple[str, bool]:
    """The name of an operation, and whether it changes a tensor's shape in place."""
    return func._schema.name, torch.Tag.inplace_view in func.tags


def _leaves(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list | tuple):
            yield from _leaves(value)
        else:
            yield value


def _map(change: Callable[[Any], Any], value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)([_map(change, part) for part in value])
    return change(value)


def _held(leaf: Any) -> Any:
    return leaf.held if isinstance(leaf, FakeTensor) else leaf


def _lstm_cell(
    inputs: Tensor, states: Tensor, cx: Tensor, b: Tensor | None = None, c: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """h', c' (B, H) and the gates (B, 4H) of one step, as the kernel of accelerators computes them."""
    gates = inputs + states + (0 if b is None or c is None else b + c)
    i, f, g, o = gates.chunk(4, dim=1)
    i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
    cy = f * cx + i * g
    return o * cy.tanh(), cy, torch.cat([i, f, g, o], dim=1)


def _lstm_cell_backward(
    d_h: Tensor | None, d_c: Tensor | None, cx: Tensor, cy: Tensor, gates: Tensor, has_bias: bool
) -> tuple[Tensor, Tensor, Tensor | None]:
    """The gradients in the gates before activation (B, 4H), in c (B, H) and in the bias (4H)."""
    i, f, g, o = gates.chunk(4, dim=1)
    d_h, d_c = (torch.zeros_like(cx) if d is None else d for d in (d_h, d_c))
    tanh = cy.tanh()
    d_c = d_c + d_h * o * (1 - tanh**2)
    d_gates = torch.cat(
        [d_c * g * i * (1 - i), d_c * cx * f * (1 - f), d_c * i * (1 - g**2), d_h * tanh * o * (1 - o)], dim=1
    )
    return d_gates, d_c * f, d_gates.sum(dim=0) if has_bias else None


KERNELS = {
    "aten::_thnn_fused_lstm_cell": _lstm_cell,
    "aten::_thnn_fused_lstm_cell_backward_impl": _lstm_cell_backward,
}
"""What PyTorch computes on accelerators only."""


def _check(func: Any, name: str, tensors: list[Tensor]) -> None:
    """Raise DeviceMismatch where CUDA would, for operands of which one at least is on the device."""
    if not name.startswith("aten::") or "mkldnn" in name:
        raise DeviceMismatch(f"{name} exists on the CPU only")
    if name in COPIES:
        return
    for tensor in tensors:
        if isinstance(tensor, FakeTensor):
            continue
        # An elementwise operation takes a number that lies on the CPU as an argument of its kernel.
        if tensor.dim() or torch.Tag.pointwise not in func.tags:
            raise DeviceMismatch(
                f"{name} has an operand {tuple(tensor.shape)} on the {tensor.device} beside one on {NAME}"
            )
