"""Learning a Lagrangian the plain way: losses, gradients and Adam by automatic differentiation through the
network classes of seed_model.py. Slow on purpose: it shares no algebra with lnn_gpu, and is what lnn_gpu is
compared with.

The force is the whole of dL/dq (`Bi[0, :n]` of the 1 x 2n Jacobian). The slip `Bi[:n, 0]` puts dL/dq_1 alone
into every row: it still trains, towards something else.
"""

import os
import sys

import numpy as np
import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from seed_model import MODELS  # noqa: E402


def random_model(rng, hidden, dof, angles=None, velocity_scale=1.0, mass_prior=0.0, definite=False,
                 init="plain", damping=False, kind="lnn"):
    """a network of random weights, all exact in float32; definite: output weights positive

    init "plain": weights N(0, 1.5^2 / fan-in), biases N(0, 1/4). "lnn-seed": biases 0, standard deviations
    2.2/5.6 in the first layer, 5.6 in the last, 0.58/5.6 between.
    """
    model_class = MODELS[kind]
    layers = [model_class.inputs(angles or [False] * dof), *hidden, model_class.outputs(dof)]
    model = model_class(layers, angles, velocity_scale, mass_prior, damping).double()
    if damping:
        model.damping.data = torch.tensor(rng.normal(0.0, 1.0, (dof, dof)).astype(np.float32), dtype=torch.float64)
    for i in range(1, model.depth + 1):
        layer = getattr(model, f"fc{i}")
        if init == "lnn-seed":
            sigma, bias = 2.2 / 5.6 if i == 1 else 5.6 if i == model.depth else 0.58 / 5.6, 0.0
        else:
            sigma, bias = 1.5 / np.sqrt(layer.in_features), 0.5
        for parameter, scale in ((layer.weight, sigma), (layer.bias, bias)):
            drawn = rng.normal(0.0, scale, parameter.shape).astype(np.float32)
            if definite and i == model.depth and parameter is layer.weight:
                drawn = np.abs(drawn)
            parameter.data = torch.tensor(drawn, dtype=torch.float64)
    return model


def values(model, states, rcond=1e-15):
    """accelerations (N, n), energies (N), lagrangians (N), conditions (N) of states (N, 2n), as numpy arrays

    A condition is the largest singular value of M over the smallest that the pseudo-inverse keeps.
    """
    dtype = next(model.parameters()).dtype
    x = torch.tensor(np.asarray(states), dtype=dtype)
    n = model.dof
    accelerations = model(x, rcond).detach().numpy()
    lagrangians = model.lagrangian(x[:, :n], x[:, n:]).detach().numpy()
    pv, conditions = [], []
    for row in x:
        jacobian, hessian = model.derivatives(row)
        pv.append(float(jacobian[n:] @ row[n:]))
        singular = np.linalg.svd(hessian[n:, n:].detach().numpy(), compute_uv=False)
        conditions.append(singular[0] / singular[singular > rcond * singular[0]].min())
    return accelerations, np.array(pv) - lagrangians, lagrangians, np.array(conditions)


def loss(predicted, target, kind="mse", delta=1.0, scale=None, balance="none"):
    """mean over samples and components, as torch.nn.MSELoss, L1Loss, HuberLoss

    scale (n): each residual is first divided by it. balance "large": the root mean square of a sample's n
    losses takes the place of their mean.
    """
    if scale is not None:
        scale = torch.as_tensor(scale, dtype=predicted.dtype)
        predicted, target = predicted / scale, target / scale
    functional = torch.nn.functional
    each = {"mse": lambda: functional.mse_loss(predicted, target, reduction="none"),
            "l1": lambda: functional.l1_loss(predicted, target, reduction="none"),
            "huber": lambda: functional.huber_loss(predicted, target, reduction="none", delta=delta)}[kind]()
    if balance == "large":
        return each.square().mean(dim=-1).sqrt().mean()
    return each.mean()


def gradient(model, states, targets, rcond=1e-15, **options):
    """loss of the batch and its gradient by parameter name (zero where the loss does not depend on one)"""
    dtype = next(model.parameters()).dtype
    x, y = (torch.tensor(np.asarray(array), dtype=dtype) for array in (states, targets))
    model.zero_grad()
    value = loss(model(x, rcond), y, **options)
    value.backward()
    return float(value), {name: (parameter.grad if parameter.grad is not None else
                                 torch.zeros_like(parameter)).numpy().copy()
                          for name, parameter in model.named_parameters()}


def rate_factor(kind="step", every=10, gamma=0.5, warmup=0, total=1, floor=0.0):
    """the learning rate of a step (from 0) as a share of lr

    step: times gamma every so many steps. cosine: a linear rise in warmup steps, then half a cosine down to
    floor at total.
    """
    if kind == "step":
        return lambda step: gamma ** (step // every)
    return lambda step: ((step + 1) / warmup if step < warmup else
                         floor + (1 - floor) * (1 + np.cos(np.pi * (step - warmup) / (total - warmup))) / 2)


def train(model, states, targets, order, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, schedule=None, clip=0.0,
          ema=0.0, rcond=1e-15, **options):
    """one Adam step per row of order (steps, batch); schedule: of rate_factor; options: of loss

    Changes the model; returns losses (steps), norms of the gradient before clipping (steps), and the moving
    average of the weights, average = ema average + (1 - ema) weights after each step, by parameter name.
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, betas=betas, eps=eps)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, rate_factor(**(schedule or {})))
    average = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    losses, norms = [], []
    for batch in order:
        value, gradients = gradient(model, states[batch], targets[batch], rcond, **options)
        norm = np.sqrt(sum(np.sum(g * g) for g in gradients.values()))
        if clip and norm > clip:
            for parameter in model.parameters():
                if parameter.grad is not None:
                    parameter.grad *= clip / norm
        optimizer.step()
        scheduler.step()
        for name, tensor in model.state_dict().items():
            average[name] = ema * average[name] + (1 - ema) * tensor
        losses.append(value)
        norms.append(norm)
    return np.array(losses), np.array(norms), average


def flat(tensors):
    """tensors by name, in layer order, as one vector: fc1.weight row by row, fc1.bias, fc2.weight, ..."""
    depth = len(tensors) // 2
    parts = [np.asarray(tensors[f"fc{i}.{part}"], np.float64).ravel()
             for i in range(1, depth + 1) for part in ("weight", "bias")]
    return np.concatenate(parts)
