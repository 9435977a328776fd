"""Weights on disk, with numpy alone: the safetensors format.

File: 8 bytes little-endian length N, N bytes of JSON, then the tensors' bytes. The JSON maps each name to
{"dtype", "shape", "data_offsets": [begin, end]}, offsets from the end of the JSON, and "__metadata__" to a
map of strings. Source: https://github.com/huggingface/safetensors (format section of the README).

    tensors, metadata = load_safetensors("model.safetensors")
    save_safetensors("model.safetensors", {"fc1.weight": w1, "fc1.bias": b1, ...}, {"activation": "softplus"})
"""

import json
import struct

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
