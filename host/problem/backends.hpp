// Opens the backend a person asked for: auto, cpu or cuda.
#pragma once

#include <memory>

#include "lnn/backend.hpp"
#include "settings/config.hpp"

namespace lnn {

// `auto` falls back to the CPU; why, in one line, goes to `note` (unchanged if there is nothing to say)
std::unique_ptr<Backend> open_backend(const Config&, std::string* note = nullptr);

// The one a training can go on. What cannot work is refused here, before anything is written: a solve or an optimizer
// that the backend does not offer (Exit::backend), more parameters than the memory holds for lm (Exit::usage).
std::unique_ptr<Backend> open_training_backend(const Config&, std::string& note);

// Who goes on with a job takes what it began with: the same instruction set and threads, which are kept in its
// configuration, and, where `auto` was asked for, the same backend, as run.json has it; but a card that is no longer there
// is replaced by the CPU.
void keep_processor(Config&, const BackendInfo&);
Config with_used_backend(Config, const std::string& used);

// One line on stderr, once in a process: a machine that starts fewer threads than it is asked for does the job all the
// same, but slower. Any thread may call it.
void say_fewer_threads(int missing, int wanted);

}  // namespace lnn
