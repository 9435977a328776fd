// Opens the backend a person asked for: auto, cpu or cuda.
#pragma once

#include <memory>

#include "config.hpp"
#include "lnn/backend.hpp"

namespace lnn {

// `auto` falls back to the CPU; why, in one line, goes to `note` (unchanged if there is nothing to say)
std::unique_ptr<Backend> open_backend(const Config&, std::string* note = nullptr);

// The one a training can go on. What cannot work is refused here, before anything is written: a solve or an optimizer
// that the backend does not offer (Exit::backend), more parameters than the memory holds for lm (Exit::usage).
std::unique_ptr<Backend> open_training_backend(const Config&, std::string& note);

// what `auto` came to: who goes on with a job takes the same
void keep_backend(Config&, const BackendInfo&);

}  // namespace lnn
