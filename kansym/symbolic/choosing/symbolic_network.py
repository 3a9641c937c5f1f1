"""A network whose edges are known functions: values, exact derivatives, joint refits.

Every edge is y = c f(a x + b) + d. All constants of all edges are refined together against the
outputs, by least squares with derivatives carried back through the network.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from kansym.shared.deadline import Deadline
from kansym.symbolic.choosing.edge_functions import EdgeFunction
from kansym.symbolic.choosing.wiring import Wiring
from kansym.symbolic.constants.least_squares import minimise

__all__ = [
    "MARGIN",
    "Refit",
    "SymbolicNetwork",
]

Array = np.ndarray
EARLY = 10
"""Steps after which a hopeless refit ends."""
MARGIN = 3.0
"""How far above the error that it is to beat a refit may be then."""
WORTH_A_STEP = 1e-4
"""Relative decrease of the sum of squares from which another step is worth its time."""
REPRODUCED = 1e-28
"""Mean square of the scaled residual below which only rounding errors are left."""


@dataclass(frozen=True)
class Refit:
    """Constants after a joint refit: (edges, 4) of a, b, c, d, node biases, and the error."""

    constants: Float[Array, "edges 4"]
    biases: Float[Array, " nodes"]
    error: float
    """Root mean square of the residual over the spread of the target."""


@dataclass(frozen=True)
class _Pass:
    """Everything a forward pass leaves for the derivatives."""

    nodes: list[Array]
    values: list[Array]
    functions: list[Array]
    arguments: list[Array]


class SymbolicNetwork:
    """One choice of function per edge of a wiring.

    Parameters
    ----------
    wiring : the graph.
    functions : one per edge.
    """

    def __init__(self, wiring: Wiring, functions: Sequence[EdgeFunction]):
        self.wiring = wiring
        self.functions = tuple(functions)
        self._free = self._free_constants()

    def _free_constants(self) -> Int[Array, " free"]:
        """Positions of the constants that are not redundant, in (a, b, c, d)... then biases."""
        n_edges = len(self.functions)
        mask = np.ones((n_edges, 4), dtype=bool)
        for edge, function in enumerate(self.functions):
            product = self.wiring.is_product[self.wiring.targets[edge]]
            mask[edge] = (not function.scale_free, not function.shift_free, True, product)
        nodes = np.array(
            [
                bool(edges) and (not product or node in self.wiring.outputs)
                for node, (edges, product) in enumerate(
                    zip(self.wiring.incoming, self.wiring.is_product, strict=True)
                )
            ]
        )
        return np.flatnonzero(np.concatenate([mask.ravel(), nodes]))

    def _unpack(self, theta: Array) -> tuple[Array, Array]:
        """Constants of edges and biases of nodes."""
        split = 4 * len(self.functions)
        return theta[:split].reshape(-1, 4), theta[split:]

    def _forward(self, theta: Array, X: Array) -> _Pass:
        """Values of all nodes and edges."""
        constants, biases = self._unpack(theta)
        nodes: list[Array] = list(X.T)
        n_edges = len(self.functions)
        record = _Pass(nodes, [X[:0]] * n_edges, [X[:0]] * n_edges, [X[:0]] * n_edges)
        for node in range(self.wiring.n_inputs, len(self.wiring.is_product)):
            product = self.wiring.is_product[node]
            total = np.ones(len(X)) if product else np.zeros(len(X))
            for edge in self.wiring.incoming[node]:
                a, b, c, d = constants[edge]
                record.arguments[edge] = u = a * nodes[self.wiring.sources[edge]] + b
                record.functions[edge] = f = self.functions[edge].numpy(u)
                record.values[edge] = value = c * f + d
                total = total * value if product else total + value
            nodes.append(total + biases[node])
        return record

    def _derivatives(self, theta: Array, record: _Pass, output: int) -> Array:
        """Derivatives of one output by all constants, redundant ones as well."""
        constants, biases = self._unpack(theta)
        wiring, rows = self.wiring, len(record.nodes[0])
        by_edge = np.zeros((rows, len(constants), 4))
        by_node = np.zeros((rows, len(biases)))
        deltas: dict[int, Array] = {output: np.ones(rows)}
        for node in range(len(wiring.is_product) - 1, wiring.n_inputs - 1, -1):
            if node not in deltas:
                continue
            delta = deltas[node]
            by_node[:, node] = delta
            for edge in wiring.incoming[node]:
                share = delta
                if wiring.is_product[node]:
                    for other in wiring.incoming[node]:
                        if other != edge:
                            share = share * record.values[other]
                a, _, c, _ = constants[edge]
                source = wiring.sources[edge]
                inner = share * c * self.functions[edge].derivative(record.arguments[edge])
                by_edge[:, edge, 0] = inner * record.nodes[source]
                by_edge[:, edge, 1] = inner
                by_edge[:, edge, 2] = share * record.functions[edge]
                by_edge[:, edge, 3] = share
                if source >= wiring.n_inputs:
                    deltas[source] = deltas.get(source, 0.0) + inner * a
        return np.concatenate([by_edge.reshape(rows, -1), by_node], axis=1)

    def values(self, refit: Refit, X: Float[Array, "rows inputs"]) -> Float[Array, "rows nodes"]:
        """Values of all nodes; nan where a function is undefined."""
        theta = np.concatenate([refit.constants.ravel(), refit.biases])
        with np.errstate(all="ignore"):
            return np.stack(self._forward(theta, X).nodes, axis=1)

    def curves(
        self, refit: Refit, X: Float[Array, "rows inputs"]
    ) -> tuple[Float[Array, "rows edges"], Float[Array, "rows edges"]]:
        """Arguments and values of all edges; nan where a function is undefined."""
        theta = np.concatenate([refit.constants.ravel(), refit.biases])
        with np.errstate(all="ignore"):
            record = self._forward(theta, X)
        arguments = np.stack([record.nodes[source] for source in self.wiring.sources], axis=1)
        return arguments, np.stack(record.values, axis=1)

    def needed(
        self,
        refit: Refit,
        X: Float[Array, "rows inputs"],
        y: Float[Array, " rows"],
        edge: int,
    ) -> tuple[Float[Array, " rows"], Float[Array, " rows"], Float[Array, " rows"]]:
        """Arguments of an edge, values it would need for the output to be y, and their weights.

        By one step of Newton's method: exact where the output is linear in the edge's value. The
        weights are squares of the sensitivity, so that errors count as they do at the output.
        """
        theta = np.concatenate([refit.constants.ravel(), refit.biases])
        (output,) = self.wiring.outputs
        with np.errstate(all="ignore"):
            record = self._forward(theta, X)
            sensitivity = self._derivatives(theta, record, output)[:, 4 * edge + 3]
            values = record.values[edge] + (y - record.nodes[output]) / sensitivity
        return record.nodes[self.wiring.sources[edge]], values, sensitivity**2

    def refit(
        self,
        constants: Float[Array, "edges 4"],
        biases: Float[Array, " nodes"],
        X: Float[Array, "rows inputs"],
        y: Float[Array, "rows outputs"],
        *,
        scale: Float[Array, "rows outputs"] | None = None,
        steps: int = 100,
        hopeless: float = np.inf,
        deadline: Deadline | None = None,
    ) -> Refit:
        """Refine all constants together.

        Parameters
        ----------
        constants, biases : where to start.
        X, y : rows to agree with; nan or infinite predictions count as infinite error.
        scale : what residuals are divided by; the spread of the output unless given.
        steps : most steps.
        deadline : when it ends, if it has to.
        hopeless : an error that must be undercut after the first steps, else it ends; so does a
            refit that would not come below it by `MARGIN` if it went on as in the last steps.
        """
        if scale is None:
            spread = y.std(axis=0)
            scale = np.broadcast_to(np.where(spread > 0, spread, 1.0), y.shape)
        theta = np.concatenate([constants.ravel(), biases])
        task, costs = _Task(self, theta, X, y, scale), list[float]()

        def ends(cost: float) -> bool:
            costs.append(2 * cost / y.size)
            return _is_hopeless(costs, steps, hopeless)

        with np.errstate(all="ignore"):
            solution = minimise(
                task.residuals, task.jacobian, theta[self._free], max_steps=2 * steps,
                first_radius=1.0, enough=WORTH_A_STEP, floor=REPRODUCED * y.size,
                deadline=deadline, hopeless=ends,
            )  # fmt: skip
        cost = 2 * solution.cost / y.size
        error = float(np.sqrt(cost)) if np.isfinite(cost) else float("inf")
        return Refit(*self._unpack(task.placed(solution.x)), error)


class _Task:
    """Residuals of the outputs, one after the other, as a function of the free constants."""

    def __init__(self, network: SymbolicNetwork, theta: Array, X: Array, y: Array, scale: Array):
        self.network, self.theta = network, theta
        self.X, self.y, self.scale = X, y, scale
        self.outputs = list(enumerate(network.wiring.outputs))

    def placed(self, free: Array) -> Array:
        """All constants."""
        whole = self.theta.copy()
        whole[self.network._free] = free
        return whole

    def residuals(self, free: Array) -> Array:
        """Scaled residuals (rows times outputs,)."""
        self.record = self.network._forward(self.placed(free), self.X)
        nodes = self.record.nodes
        each = [(nodes[node] - self.y[:, k]) / self.scale[:, k] for k, node in self.outputs]
        return np.concatenate(each)

    def jacobian(self, free: Array) -> Array:
        """Their derivatives, at the place where the residuals were computed last."""
        whole, network = self.placed(free), self.network
        return np.concatenate(
            [
                network._derivatives(whole, self.record, node)[:, network._free]
                / self.scale[:, k, None]
                for k, node in self.outputs
            ]
        )


def _is_hopeless(costs: Sequence[float], steps: int, error: float) -> bool:
    """Whether a refit is far from an error that it is to undercut, or creeps towards it."""
    step, cost = len(costs) - 1, costs[-1]
    if step <= EARLY:
        return False
    pace = cost / costs[-1 - EARLY]
    reached = cost * pace ** ((steps - step) / EARLY)
    return cost > error**2 or reached > (error / MARGIN) ** 2
