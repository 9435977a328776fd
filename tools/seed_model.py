"""Lagrangian networks as PyTorch classes, for weights saved by lnn_gpu.

    from seed_model import load
    model = load("model.safetensors")
    L = model.lagrangian(q, v)             # q, v: (..., n)  ->  (...)
    a = model(torch.cat([q, v], dim=-1))   # (N, 2n)  ->  (N, n)

LNN: L(q, v) = network(phi(q, v)) + 1/2 mass_prior |v|^2, where phi replaces each angle by its cosine and sine and
divides velocities by velocity_scale. DeLaN: L = 1/2 v^T (C C^T + mass_prior) v - V, where network(phi(q)) gives C row by
row, its diagonal through a softplus, and V. With damping a matrix C gives forces -C C^T v. Accelerations by double
automatic differentiation, one sample at a time: plain and slow.
Needs PyTorch and numpy.
"""

import torch
from torch import nn

import lnn_io


def softplus(x):
    # the default threshold of 20 would cut the second derivative off at 2e-9
    return nn.functional.softplus(x, threshold=40)


class Lagrangian(nn.Module):
    """what all have in common; one of its own says its inputs, outputs and lagrangian()"""

    def __init__(self, layers, angles=None, velocity_scale=1.0, mass_prior=0.0, damping=False):
        """layers: widths, input and output included; angles: whether each coordinate enters as (cos, sin);
        damping: whether there is a matrix C (n, n)"""
        super().__init__()
        self.angles = list(angles) if angles is not None else [False] * (layers[0] // self.inputs([False]))
        self.dof = len(self.angles)
        self.velocity_scale = velocity_scale
        self.mass_prior = mass_prior
        self.depth = len(layers) - 1
        if layers[0] != self.inputs(self.angles) or layers[-1] != self.outputs(self.dof):
            raise ValueError(f"layers {layers} do not fit {self.dof} coordinates with angles {self.angles}")
        for i in range(self.depth):
            setattr(self, f"fc{i + 1}", nn.Linear(layers[i], layers[i + 1]))
        if damping:
            self.damping = nn.Parameter(0.1 * torch.eye(self.dof))

    def coordinates(self, q):
        columns = []
        for i, angle in enumerate(self.angles):
            columns += [q[..., i].cos(), q[..., i].sin()] if angle else [q[..., i]]
        return torch.stack(columns, dim=-1)

    def network(self, y):
        for i in range(1, self.depth):
            y = softplus(getattr(self, f"fc{i}")(y))
        return getattr(self, f"fc{self.depth}")(y)

    def prior(self, v):
        return 0.5 * self.mass_prior * (v * v).sum(dim=-1)

    def derivatives(self, x):
        """of L at one state x (2n): jacobian (2n) and hessian (2n, 2n), in the order q, v"""
        def function(state):
            return self.lagrangian(state[: self.dof], state[self.dof :])

        jacobian = torch.autograd.functional.jacobian(function, x, create_graph=True)
        hessian = torch.autograd.functional.hessian(function, x, create_graph=True)
        return jacobian, hessian

    def forward(self, states, rcond=1e-15):
        """accelerations (N, n) of states (N, 2n): a = pinv(L_vv) (L_q - L_vq v)"""
        n = self.dof
        accelerations = []
        for x in states:
            jacobian, hessian = self.derivatives(x)
            force = jacobian[:n] - hessian[n:, :n] @ x[n:]
            if hasattr(self, "damping"):
                force = force - self.damping @ (self.damping.T @ x[n:])
            accelerations.append(torch.pinverse(hessian[n:, n:], rcond=rcond) @ force)
        return torch.stack(accelerations)


class LNN(Lagrangian):
    @staticmethod
    def inputs(angles):
        return 2 * len(angles) + sum(angles)

    @staticmethod
    def outputs(dof):
        return 1

    def lagrangian(self, q, v):
        features = torch.cat([self.coordinates(q), v / self.velocity_scale], dim=-1)
        return self.network(features).squeeze(-1) + self.prior(v)


class DeLaN(Lagrangian):
    @staticmethod
    def inputs(angles):
        return len(angles) + sum(angles)

    @staticmethod
    def outputs(dof):
        return dof * (dof + 1) // 2 + 1

    def lagrangian(self, q, v):
        entries = iter(self.network(self.coordinates(q)).unbind(dim=-1))
        along = [torch.zeros_like(v[..., 0]) for _ in range(self.dof)]  # C^T v
        for i in range(self.dof):
            for j in range(i + 1):
                entry = next(entries)
                along[j] = along[j] + (softplus(entry) if i == j else entry) * v[..., i]
        return 0.5 * sum(x * x for x in along) - next(entries) + self.prior(v)


MODELS = {"lnn": LNN, "delan": DeLaN}


def load(path):
    """the network of a safetensors file, in the precision of its weights"""
    tensors, metadata = lnn_io.load_safetensors(path)
    model_class = MODELS.get(metadata.get("model", "lnn"))
    if model_class is None:
        raise ValueError(f"{path}: a network of model.kind = \"{metadata['model']}\", not a Lagrangian; lnn_gpu accel and "
                         "rollout compute with it")
    depth = len(tensors) // 2
    weights = [tensors[f"fc{i + 1}.weight"] for i in range(depth)]
    layers = [weights[0].shape[1]] + [weight.shape[0] for weight in weights]

    if metadata.get("activation", "softplus") != "softplus":
        raise ValueError(f"{path}: activation {metadata['activation']} is not known here")
    angles = None
    if metadata.get("inputs", "raw") == "sincos":
        named = metadata.get("angles")
        angles = [flag == "1" for flag in named.split(",")] if named else [True] * (layers[0] // model_class.inputs([True]))
    model = model_class(layers, angles, velocity_scale=float(metadata.get("velocity_scale", 1)),
                        mass_prior=float(metadata.get("mass_prior", 0)), damping="damping" in tensors)
    model.to(getattr(torch, weights[0].dtype.name))
    model.load_state_dict({name: torch.tensor(array) for name, array in tensors.items()}, strict=True)
    return model


def save(model, path, **metadata):
    """writes the network as lnn_gpu reads it; further metadata: system, params, seed, ..."""
    tensors = {name: tensor.detach().numpy() for name, tensor in model.state_dict().items()}
    layers = [getattr(model, "fc1").in_features]
    layers += [getattr(model, f"fc{i}").out_features for i in range(1, model.depth + 1)]
    names = {model_class: name for name, model_class in MODELS.items()}
    known = {"model": names[type(model)], "layers": ",".join(map(str, layers)), "activation": "softplus",
             "inputs": "sincos" if any(model.angles) else "raw",
             "velocity_scale": repr(float(model.velocity_scale))}
    if any(model.angles):
        known["angles"] = ",".join("1" if angle else "0" for angle in model.angles)
    if model.mass_prior:
        known["mass_prior"] = repr(float(model.mass_prior))
    lnn_io.save_safetensors(path, tensors, {**known, **metadata})
