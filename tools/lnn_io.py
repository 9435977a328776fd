"""The program's files for Python, with numpy alone: weights, data sets, whole runs.

    tensors, metadata = load_safetensors("runs/0001/model.safetensors")
    save_safetensors("model.safetensors", {"fc1.weight": w1, "fc1.bias": b1, ...}, {"activation": "softplus"})

    data = load_dataset("train.npz")            # data.q, data.v, data.a (N, n); data.t, data.trajectory (N) or None
    save_dataset("own.npz", q, v, a, t=t)

    run = load_run("runs/0001")                 # what is not there is None
    run.config["train"]["lr"], run.metrics["loss"], run.summary["mse"]["theta1"]["median"]
    run.models[0]                               # (tensors, metadata) by seed

Safetensors: 8 bytes little-endian length N, N bytes of JSON, then the tensors' bytes. The JSON maps each name to
{"dtype", "shape", "data_offsets": [begin, end]}, offsets from the end of the JSON, and "__metadata__" to a
map of strings. Source: https://github.com/huggingface/safetensors (format section of the README).
"""

import json
import pathlib
import struct
import tomllib
from types import SimpleNamespace

import numpy as np

DTYPES = {"F32": np.dtype("<f4"), "F64": np.dtype("<f8")}


def load_safetensors(path):
    """tensors (name -> array, in file order) and metadata (string -> string)"""
    with open(path, "rb") as file:
        content = file.read()
    if len(content) < 8:
        raise ValueError(f"{path}: {len(content)} bytes are too few for a safetensors file")
    (length,) = struct.unpack("<Q", content[:8])
    if length > len(content) - 8:
        raise ValueError(f"{path}: the header claims {length} bytes, the file has {len(content) - 8}")
    header = json.loads(content[8 : 8 + length])
    data = content[8 + length :]
    metadata = header.pop("__metadata__", {})

    tensors = {}
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        if entry["dtype"] not in DTYPES:
            raise ValueError(f"{path}: {name} is {entry['dtype']}; only F32 and F64 are known here")
        dtype = DTYPES[entry["dtype"]]
        begin, end = entry["data_offsets"]
        expected = int(np.prod(entry["shape"], dtype=np.int64)) * dtype.itemsize
        if not 0 <= begin <= end <= len(data) or end - begin != expected:
            raise ValueError(f"{path}: {name} has shape {entry['shape']} but bytes {begin} to {end}")
        tensors[name] = np.frombuffer(data[begin:end], dtype).reshape(entry["shape"])
    return tensors, metadata


def save_safetensors(path, tensors, metadata=None):
    """writes F32 or F64 arrays in the order given, the data aligned to 8 bytes"""
    names = {dtype: name for name, dtype in DTYPES.items()}
    header, blocks, offset = {}, [], 0
    if metadata:
        header["__metadata__"] = {key: str(value) for key, value in metadata.items()}
    for name, array in tensors.items():
        array = np.asarray(array)
        dtype = array.dtype.newbyteorder("<")
        if dtype not in names:
            raise ValueError(f"{name} is {array.dtype}; only float32 and float64 can be written")
        block = array.astype(dtype).tobytes()  # C order
        header[name] = {"dtype": names[dtype], "shape": list(array.shape),
                        "data_offsets": [offset, offset + len(block)]}
        blocks.append(block)
        offset += len(block)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blocks))


def load_dataset(path):
    """q, v (N, n), a (N, n), t, trajectory, trial (N), angles (n); None for what the file does not have"""
    with np.load(path, allow_pickle=False) as arrays:
        return SimpleNamespace(**{name: arrays[name] if name in arrays else None
                                  for name in ("q", "v", "a", "t", "trajectory", "trial", "angles")})


def save_dataset(path, q, v, a=None, t=None, trajectory=None):
    """a data set as `lnn_gpu run --set data.source=file:PATH` takes it: a row a sample, a column a coordinate"""
    arrays = {"q": np.asarray(q, float), "v": np.asarray(v, float)}
    for name, array in (("a", a), ("t", t), ("trajectory", trajectory)):
        if array is not None:
            arrays[name] = np.asarray(array)
    samples = arrays["q"].shape[0]
    for name, array in arrays.items():
        expected = arrays["q"].shape if name in "qva" else (samples,)
        if arrays["q"].ndim != 2 or array.shape != expected:
            raise ValueError(f"{name} has shape {array.shape}; q, v, a are (N, n), t and trajectory (N)")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} is not finite everywhere")
    np.savez(path, **arrays)


def load_run(path):
    """config, record (run.json), metrics (a structured array), summary, measured, per_trajectory, trajectories
    (2: truth, model; count; instants; 2n), and models: seed -> (tensors, metadata)"""
    path = pathlib.Path(path)
    if not (path / "config.toml").is_file():
        raise FileNotFoundError(f"{path}: no config.toml; name a directory that lnn_gpu run or train made")

    def read(name, reader):
        return reader(path / name) if (path / name).is_file() else None

    def table(file):
        return np.atleast_1d(np.genfromtxt(file, delimiter=",", names=True))

    def of_json(file):
        return json.loads(file.read_text())

    run = SimpleNamespace(path=path, config=tomllib.loads((path / "config.toml").read_text()),
                          record=read("run.json", of_json), metrics=read("metrics.csv", table),
                          summary=read("eval/summary.json", of_json), measured=read("eval/measured.json", of_json),
                          per_trajectory=read("eval/per_trajectory.csv", table),
                          trajectories=read("eval/trajectories.npy", np.load), models={})
    for file in sorted(path.glob("models/seed-*.safetensors")) or sorted(path.glob("model.safetensors")):
        tensors, metadata = load_safetensors(file)
        run.models[int(metadata["seed"])] = tensors, metadata
    return run
