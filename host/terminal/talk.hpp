// What the program says to a person, on stderr: never in the way of the job. What cannot be written is lost.
#pragma once

#include <string_view>

namespace lnn {

// As main begins. Descriptors 0 to 2 that are closed are opened on /dev/null: what a job opens next would take their
// place, and the talk would land in its files. A result that has nowhere to go stays an error: 1 is not for writing. A reader that went away, and a limit on file sizes, are errors of write
// thereafter and end no process.
void prepare_streams();

void talk(std::string_view text) noexcept;

}  // namespace lnn
