#!/usr/bin/python3
"""Writes data/golden: networks, states and what seed_lnn.py and true_systems.py say of them.

    tools/baselines/make_golden.py [DIRECTORY]

manifest.json lists the files (its README says what each holds). Weights and states come from fixed seeds,
so a second run differs at most by rounding.
"""

import copy
import json
import os
import sys

import numpy as np

import seed_lnn
import true_systems
from seed_model import save

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
ANGLE, VELOCITY = np.pi, 3.0
WELL_CONDITIONED = 1e4

# name, hidden, coordinates that are angles, options of the network, samples, samples of the gradient
NETWORKS = [
    ("n1_raw_1", [1], [0], {}, 33, 5),
    ("n1_sincos_17x3", [17, 3], [1], {"velocity_scale": 2.0, "mass_prior": 1.0}, 33, 5),
    ("n2_raw_16x16x16", [16, 16, 16], [0, 0], {}, 33, 7),
    ("n2_raw_64", [64], [0, 0], {}, 33, 7),
    ("n2_sincos_3x16x17", [3, 16, 17], [1, 1], {"velocity_scale": 5.0, "definite": True}, 33, 7),
    ("n2_sincos_64x64", [64, 64], [1, 1], {"velocity_scale": 5.0, "definite": True, "mass_prior": 0.25},
     65, 9),
    ("n2_mixed_16x16x16x16", [16, 16, 16, 16], [0, 1], {"velocity_scale": 0.5}, 33, 7),
    ("n3_raw_17", [17], [0, 0, 0], {}, 33, 7),
    ("n3_sincos_16x16x16x3", [16, 16, 16, 3], [1, 1, 1], {"velocity_scale": 2.0, "definite": True}, 33, 7),
    ("n3_mixed_64x17", [64, 17], [1, 0, 1], {"mass_prior": 1.0}, 33, 7),
    ("n4_mixed_16x17", [16, 17], [1, 1, 0, 1], {"definite": True}, 33, 7),
    # M indefinite, its determinant crossing zero among the samples
    ("n2_seed_16x16x16", [16, 16, 16], [0, 0], {"init": "lnn-seed"}, 129, 9),
]
BALANCED = ("n2_balanced_9", [9], [1, 1], {"definite": True, "mass_prior": 0.5}, 9, 7)
WIDE = ("n2_raw_256x256", [256, 256], [0, 0], {"definite": True}, 9, 3)
# a first layer narrower than n: M has the rank of its width everywhere
DEFICIENT = [
    ("n2_rank1_1x16", [1, 16], [0, 0], {}, 17, 5),
    ("n2_rank1_sincos_1x3", [1, 3], [1, 1], {"velocity_scale": 2.0}, 17, 5),
    ("n3_rank2_2x17x3", [2, 17, 3], [0, 0, 0], {}, 17, 5),
]
# conditions on both sides of 1 / rcond: some samples lose an eigenvalue, others keep it; accelerations alone
TRUNCATED = ("n2_truncated_16x16", [16, 16], [1, 0], {}, 65, 0)
LOSSES = [
    {"kind": "mse"},
    {"kind": "l1"},
    {"kind": "huber", "delta": 0.5},
]
LOSSES_BALANCED = [
    {"kind": "huber", "delta": 0.5, "balance": "scale", "scale": [2.0, 0.25]},
    {"kind": "l1", "balance": "large"},
]
ADAM = [
    ("adam_mse", {"kind": "mse", "lr": 1e-3, "schedule": {"kind": "step", "every": 10, "gamma": 0.5}}),
    ("adam_huber_clip", {"kind": "huber", "delta": 0.5, "lr": 2e-3, "betas": [0.8, 0.99], "eps": 1e-6,
                         "clip": 1.0, "ema": 0.9,
                         "schedule": {"kind": "step", "every": 25, "gamma": 0.7}}),
    ("adam_l1_cosine", {"kind": "l1", "lr": 3e-3,
                        "schedule": {"kind": "cosine", "warmup": 8, "total": 64, "floor": 0.1}}),
]
SYSTEMS = [
    ("double_pendulum", lambda rng: {"m": rng.uniform(0.3, 3, 2), "l": rng.uniform(0.3, 2, 2),
                                     "g": rng.uniform(1, 20, 1)}),
    ("spring_pendulum", lambda rng: {"m": rng.uniform(0.3, 3, 1), "k": rng.uniform(1, 20, 1),
                                     "r0": rng.uniform(0.5, 2, 1), "g": rng.uniform(1, 20, 1)}),
    ("spring_pendulum_seed", lambda rng: {"k": rng.uniform(1, 20, 1), "r0": rng.uniform(0.5, 2, 1),
                                          "g": rng.uniform(1, 20, 1)}),
    ("pendulum", lambda rng: {"m": rng.uniform(0.3, 3, 1), "l": rng.uniform(0.3, 2, 1),
                              "g": rng.uniform(1, 20, 1)}),
    ("harmonic_oscillator", lambda rng: {"m": rng.uniform(0.3, 3, 1), "k": rng.uniform(1, 20, 1)}),
]


def draw(rng, samples, dof):
    limits = np.repeat([ANGLE, VELOCITY], dof)
    return rng.uniform(-limits, limits, (samples, 2 * dof))


def loss_options(entry):
    """the keywords of seed_lnn.loss; a scale goes with balance = "scale" alone"""
    options = dict(entry)
    if options.get("balance") == "scale":
        options["balance"] = "none"
    return options


def network_case(directory, entry, losses, rcond):
    name, hidden, angles, options, samples, batch = entry
    rng = np.random.default_rng(list(name.encode()))
    model = seed_lnn.random_model(rng, hidden, len(angles), [bool(a) for a in angles], **options)
    save(model.float(), os.path.join(directory, f"{name}.safetensors"))  # exact: see random_model
    model.double()

    states = draw(rng, samples, len(angles))
    accelerations, energies, lagrangians, conditions = seed_lnn.values(model, states, rcond)
    arrays = {"states": states, "accelerations": accelerations, "energies": energies,
              "lagrangians": lagrangians, "conditions": conditions}

    print(f"{name}: median condition {np.median(conditions):.3g}, largest {conditions.max():.3g}")
    chosen = np.flatnonzero(conditions < WELL_CONDITIONED)[:batch]
    assert len(chosen) == batch, f"{name}: only {len(chosen)} samples are well conditioned"
    arrays["batch_states"] = states[chosen]
    # residuals of the size of the accelerations, so that float32 does not lose them
    noise = rng.normal(0, 1, (batch, len(angles)))
    arrays["batch_targets"] = accelerations[chosen] + noise * (1 + np.abs(accelerations[chosen]))
    for i, spec in enumerate(losses):
        value, gradients = seed_lnn.gradient(model, arrays["batch_states"], arrays["batch_targets"], rcond,
                                             **loss_options(spec))
        arrays[f"loss_{i}"] = np.array([value])
        arrays[f"gradient_{i}"] = seed_lnn.flat(gradients)
    np.savez(os.path.join(directory, f"{name}.npz"), **arrays)
    return {"name": name, "rcond": rcond, "losses": losses}


def adam_case(directory, name, options):
    rng = np.random.default_rng(list(name.encode()))
    model = seed_lnn.random_model(rng, [16, 16], 2, [True, True], 5.0, 0.5, definite=True)
    states = draw(rng, 64, 2)
    targets, _ = true_systems.double_pendulum(states, [1.0, 1.0], [1.0, 1.0], 9.8)
    order = np.concatenate([rng.permutation(64) for _ in range(4)]).reshape(64, 4)

    save(model, os.path.join(directory, f"{name}.safetensors"))
    arrays = {"states": states, "targets": targets, "order": order.astype(np.int64)}
    for steps in (3, 64):
        trained = copy.deepcopy(model)
        losses, norms, average = seed_lnn.train(trained, states, targets, order[:steps], **options)
        arrays["losses"], arrays["grad_norms"] = losses, norms
        arrays[f"average_{steps}"] = seed_lnn.flat(average)
        arrays[f"weights_{steps}"] = seed_lnn.flat(trained.state_dict())
    np.savez(os.path.join(directory, f"{name}.npz"), **arrays)
    print(f"{name}: loss {arrays['losses'][0]:.3g} to {arrays['losses'][-1]:.3g}")
    return {"name": name, **options}


def system_case(directory, kind, draw_parameters, sets=4, samples=17):
    """several parameter sets of one system, stacked along a first axis"""
    rng = np.random.default_rng(list(kind.encode()))
    solve = getattr(true_systems, kind)
    entry = {"name": kind, "parameters": []}
    stacked = {"states": [], "accelerations": [], "energies": []}
    for _ in range(sets):
        parameters = draw_parameters(rng)
        dof = 1 if kind in ("pendulum", "harmonic_oscillator") else 2
        states = draw(rng, samples, dof)
        if kind.startswith("spring_pendulum"):
            states[:, 0] = rng.uniform(0.5, 2, samples)  # r away from 0, where the mass matrix is singular
        arguments = {key: value if len(value) > 1 else value[0] for key, value in parameters.items()}
        accelerations, energies = solve(states, **arguments)
        for key, array in zip(stacked, (states, accelerations, energies)):
            stacked[key].append(array)
        entry["parameters"].append({key: value.tolist() for key, value in parameters.items()})
    np.savez(os.path.join(directory, f"system_{kind}.npz"), **{k: np.array(v) for k, v in stacked.items()})
    return entry


def main(directory):
    os.makedirs(directory, exist_ok=True)
    manifest = {
        "networks": [network_case(directory, entry, LOSSES, 1e-15) for entry in NETWORKS]
        + [network_case(directory, BALANCED, LOSSES_BALANCED, 1e-15)]
        + [network_case(directory, WIDE, LOSSES[:1], 1e-15)],
        "deficient": [network_case(directory, entry, LOSSES, 1e-8) for entry in DEFICIENT]
        + [network_case(directory, TRUNCATED, [], 0.2)],
        "adam": [adam_case(directory, name, options) for name, options in ADAM],
        "systems": [system_case(directory, kind, parameters) for kind, parameters in SYSTEMS],
    }
    with open(os.path.join(directory, "manifest.json"), "w") as file:
        json.dump(manifest, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "data", "golden"))
