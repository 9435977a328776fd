// Configuration files for tests: written to a fresh place, gone with the object.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace lnn {

class TemporaryFile {
  public:
    explicit TemporaryFile(const std::string& text) {
        std::string pattern = std::filesystem::temp_directory_path() / "lnn_config_XXXXXX";
        directory_ = mkdtemp(pattern.data());
        std::ofstream(path(), std::ios::binary) << text;
    }
    ~TemporaryFile() { std::filesystem::remove_all(directory_); }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    std::string path() const { return directory_ / "c.toml"; }

  private:
    std::filesystem::path directory_;
};

}  // namespace lnn
