"""Generators as scikit-learn writes estimators: constructed, fitted, sampled, saved and loaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from benchmark.api.dataset import Dataset
from benchmark.api.values import plain, whole
from benchmark.data.split import seed_of_split
from benchmark.data.units import Units
from benchmark.errors import DivergedError, UserError
from benchmark.interface import FitContext, Generator, check_windows, checked_samples
from benchmark.seeds import derive_seed

if TYPE_CHECKING:
    from benchmark.config.generators import GeneratorSpec

NO_DATASET = "array"
"""What stands for the data set's name in a fit to a bare array."""


class Estimator:
    """A generator with its budget, seed and parameters; `generator` and the loading functions make it.

    Attributes:
        generator: A generator's name, `module:Class`, YAML file, or class.
        budget: smoke, quick, fast or paper.
        seed: The training seed.
        device: auto, cpu or cuda.
        params: Constructor arguments of the generator that differ from its configuration.
        generator_: The fitted generator.
        params_: Its constructor arguments with those that its configuration gives this data set, length and budget.
        units_: The names and ranges of its features; None after a fit to a bare array.
        shape_: The window's shape (T, D).
        setting_: Generator, data set, length and protocol of the fit, which seed it.
    """

    generator_: Generator
    params_: dict[str, Any]
    units_: Units | None
    shape_: tuple[int, int]
    setting_: tuple[str, str, int, str]

    def __init__(
        self,
        generator: str | type[Generator],
        budget: str = "quick",
        seed: int = 0,
        device: str = "auto",
        **params: Any,
    ) -> None:
        self.generator = generator
        self.budget = budget
        self.seed = seed
        self.device = device
        self.params = params

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The constructor's arguments; `deep` has no effect, as scikit-learn passes it."""
        del deep
        own = {"generator": self.generator, "budget": self.budget, "seed": self.seed, "device": self.device}
        return {**own, **self.params}

    def set_params(self, **params: Any) -> Self:
        """Change constructor arguments; `fit` validates them."""
        for name, value in params.items():
            if name in ("generator", "budget", "seed", "device"):
                setattr(self, name, value)
            else:
                self.params[name] = value
        return self

    def fit(self, data: Dataset | NDArray[Any]) -> Self:
        """Train on a data set's training windows, or on windows (N, T, D) in [0, 1]; takes the budget's time.

        A fit to a data set is that of a suite's cell at equal settings: the same seed, and at budget smoke the same 256 windows.

        Raises:
            UserError: The generator, the budget, the device, a parameter or the windows cannot work.
        """
        from benchmark.config.budgets import BUDGETS
        from benchmark.plan.sizes import build, count_parameters
        from benchmark.run.device import choose_device
        from metrics.common.threads import one_thread

        budget, device = BUDGETS.load(self.budget), choose_device(self.device)
        dataset = data if isinstance(data, Dataset) else _bare(data)
        windows, validation, real_disjoint = dataset.roles_of_fit(budget.max_windows)
        spec, cls = _found(self.generator)
        params = self._resolved(spec, cls, dataset)
        model = build(cls, params, f"generator '{spec.name}'")
        _, length, features = check_windows(windows, model)
        count_parameters(model, length, features, f"generator '{spec.name}'")
        setting = (spec.name, dataset.name, length, dataset.protocol)
        context = FitContext(
            seed=derive_seed("fit", *setting, whole("seed", self.seed)),
            budget=budget.for_generator(),
            device=device,
            validation=None if validation is None else validation.copy(),
            real_disjoint=real_disjoint if cls.uses_real_disjoint else None,
        )
        with one_thread():
            # A copy, because a generator may scale its windows in place.
            self.generator_ = model.fit(windows.copy(), context)
        self.params_, self.shape_, self.setting_ = params, (length, features), setting
        self.units_ = dataset.units if dataset is data else None
        return self

    def _resolved(self, spec: GeneratorSpec, cls: type[Generator], dataset: Dataset) -> dict[str, Any]:
        """The constructor arguments at the setting of the fit."""
        from benchmark.config.generators import resolve
        from benchmark.validation import validate_parameters

        if not isinstance(self.generator, str):
            return validate_parameters(cls, plain(self.params), owner=f"generator '{spec.name}'")
        setting = {
            "dataset": dataset.name,
            "features": len(dataset.features),
            "length": dataset.length,
            "budget": self.budget,
            "protocol": dataset.protocol,
        }
        return resolve(spec, setting, plain(self.params)).params

    def sample(self, n: int, seed: int | None = None, units: bool = False) -> NDArray[Any]:
        """New windows.

        Args:
            n: How many.
            seed: Equal seeds give equal windows on the CPU; None is the seed of the samples that a suite scores.
            units: The data's own units, float64, instead of float32 in [0, 1].

        Returns:
            Windows (n, T, D).

        Raises:
            UserError: It is not fitted, n is below 1, the units are not known, or the generator gives something else.
        """
        from metrics.common.threads import one_thread

        self._require_fitted()
        n = whole("n", n)
        if n < 1:
            raise UserError(f"{n} windows were asked for; ask for at least 1.")
        if units and self.units_ is None:
            raise UserError(
                "the units of these windows are not known, because the generator was fitted to an array; fit it to a data set, "
                "or take the windows in [0, 1]."
            )
        drawn = derive_seed("sample", *self.setting_, self.seed) if seed is None else whole("seed", seed)
        try:
            with one_thread():
                windows = checked_samples(self.generator_.sample(n, drawn), (n, *self.shape_))
        except (ValueError, DivergedError) as error:
            raise UserError(f"the generator '{self.setting_[0]}' cannot be sampled: {error}; correct it.") from None
        return self.units_.inverse_transform(windows) if units and self.units_ else windows

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the D features; feature_1 and so on after a fit to a bare array. Raises UserError before a fit."""
        self._require_fitted()
        return self.units_.features if self.units_ else tuple(f"feature_{i}" for i in range(1, self.shape_[1] + 1))

    def save(self, folder: str | Path) -> None:
        """Write the fitted generator into a folder, which `load_generator` reads; replaces one that was saved there.

        Raises:
            UserError: It is not fitted, or the folder holds something else.
        """
        from benchmark.api.saved import save

        self._require_fitted()
        save(self, Path(folder))

    def _require_fitted(self) -> None:
        if not hasattr(self, "generator_"):
            raise UserError("the generator is not fitted; call fit or load_generator first.")

    def __repr__(self) -> str:
        given = self.get_params()
        name = given.pop("generator")
        shown = [repr(name if isinstance(name, str) else name.__name__)]
        return f"generator({', '.join([*shown, *(f'{key}={value!r}' for key, value in given.items())])})"


def generator(
    name_or_class: str | type[Generator], budget: str = "quick", seed: int = 0, device: str = "auto", **params: Any
) -> Estimator:
    """A generator to fit; nothing is validated or loaded before `fit`.

    Args:
        name_or_class: A generator's name, `module:Class`, YAML file, or class.
        budget: How much training: smoke, quick, fast or paper.
        seed: The training seed.
        device: auto, cpu or cuda.
        params: Constructor arguments of the generator; the others keep the values of its configuration.

    Example:
        >>> model = generator("timemar_s", budget="smoke", vocab_size=256).fit(load_dataset("stocks"))
        >>> model.sample(500, units=True).shape
        (500, 24, 6)
    """
    return Estimator(name_or_class, budget, seed, device, **params)


def load_generator(folder: str | Path, device: str = "auto") -> Estimator:
    """The fitted generator that `Estimator.save` wrote.

    Raises:
        UserError: There is none in the folder, or its files cannot be read.
    """
    from benchmark.api.saved import load

    return load(Path(folder), device)


def load_cell(
    cell: str, store: str | Path = "runs", device: str = "auto", *, data_dir: str | Path | None = None
) -> Estimator:
    """The fitted generator of a cell in a store.

    Args:
        cell: The cell's name in the store, or the beginning of it or of its key.
        store: The store's folder.
        device: auto, cpu or cuda.
        data_dir: Where data files are; read only for ranges that the cell's samples lack.

    Raises:
        UserError: There is no such cell, or it has no trained model that can be read.

    Example:
        >>> windows = load_cell("stocks-24-timemar_s").sample(1000, units=True)
    """
    from benchmark.api.saved import of_cell

    return of_cell(cell, Path(store), device, None if data_dir is None else Path(data_dir))


def _bare(windows: NDArray[Any]) -> Dataset:
    """Windows (N, T, D) in [0, 1] as a data set without a name of its own; raises UserError for another shape."""
    array = np.asarray(windows)
    if array.ndim != 3 or not np.issubdtype(array.dtype, np.number):
        raise UserError(
            f"an array of shape {array.shape} and type {array.dtype} was given; pass numbers (N, T, D) in [0, 1], or a data set."
        )
    train, (_, length, features) = array.astype(np.float32), array.shape
    names = tuple(f"feature_{i}" for i in range(1, features + 1))
    return Dataset(
        name=NO_DATASET,
        title=NO_DATASET,
        length=length,
        protocol="paper",
        windows=train,
        validation=None,
        test=train,
        units=Units(names, np.zeros(features), np.ones(features)),
        note="",
        real_disjoint=None,
        split_seed=seed_of_split(NO_DATASET, length, "paper"),
        blocks={},
    )


def _found(name_or_class: str | type[Generator]) -> tuple[GeneratorSpec, type[Generator]]:
    """A generator's specification and class; raises UserError."""
    from benchmark.config.generators import load_class, load_spec, spec_of_class

    if isinstance(name_or_class, str):
        spec = load_spec(name_or_class)
        return spec, load_class(spec)
    return spec_of_class(name_or_class), name_or_class
