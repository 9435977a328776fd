// Which kernels a process has started.
#pragma once

namespace emulated {

void note_launch(const void* kernel);

}  // namespace emulated
