# Two stages: one with the CUDA compiler, which builds and tests with the scripts a person uses, and a small one that runs.
#   docker build -t lnn_gpu .
#   docker run --rm --gpus all -v "$PWD/runs:/runs" lnn_gpu run --out /runs/first
ARG CUDA=13.0.1
ARG SYSTEM=ubuntu24.04

FROM nvidia/cuda:${CUDA}-devel-${SYSTEM} AS build
WORKDIR /lnn_gpu
COPY . .
# the quick tests; those that need a GPU or a browser are skipped here, and counted
RUN ./tools/test.sh
# the program with the libraries it loads, for the second stage
RUN ./tools/gpu_check.sh build

# cuSOLVER for solve.pinv = "cusolver" is in the runtime image; nothing else of CUDA is needed there
FROM nvidia/cuda:${CUDA}-runtime-${SYSTEM}
RUN apt-get -qq update && apt-get -qq install --no-install-recommends -y gnuplot-nox && rm -rf /var/lib/apt/lists/*
COPY --from=build /lnn_gpu/build/gpu_check /opt/lnn_gpu
ENTRYPOINT ["/opt/lnn_gpu/lnn_gpu"]
CMD ["--help"]
