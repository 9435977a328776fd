// A text file line by line, through a buffer of a few hundred kilobytes: the text is never in memory as a whole.
// A byte order mark of UTF-8 is left out; lines end in LF or CR LF.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "files/descriptor.hpp"

namespace lnn {

class Lines {
  public:
    explicit Lines(const std::filesystem::path& path);  // Exit::file if missing, unreadable or a directory
    Lines(std::string text, std::string where);         // of a text that is in memory already

    // false at the end; the line lives until the next call
    bool next(std::string_view& line);
    std::size_t number() const { return number_; }  // of the line that next gave, from 1
    const std::string& where() const { return where_; }

    // what is in the buffer and was not given yet: before the first line, the first bytes of the file
    std::string_view ahead() const { return std::string_view(buffer_).substr(at_); }
    // all that was not given yet, for a file that turns out to be no text
    std::string rest();

  private:
    Descriptor file_;
    std::string where_, buffer_;
    std::size_t at_ = 0, number_ = 0;

    bool fill();  // false at the end of the file
    void skip_mark();
};

}  // namespace lnn
