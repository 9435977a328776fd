#include "files/npz.hpp"

#include <fmt/format.h>
#include <zip.h>

#include <memory>
#include <new>
#include <vector>

#include "files/atomic_file.hpp"
#include "files/memory.hpp"
#include "lnn/error.hpp"

namespace lnn {

namespace {

constexpr std::string_view suffix = ".npy";

using Archive = std::unique_ptr<zip_t, void (*)(zip_t*)>;
using Source = std::unique_ptr<zip_source_t, decltype(&zip_source_free)>;

[[noreturn]] void refuse(const std::string& where, const std::string& reason) {
    throw Error(Exit::file, fmt::format("{}: not a readable .npz archive ({}); copy it again or write it with "
                                        "numpy.savez",
                                        where, reason));
}

Archive open_archive(zip_source_t* source, int flags, const std::string& where) {
    zip_error_t error;
    zip_error_init(&error);
    Archive archive(zip_open_from_source(source, flags, &error), &zip_discard);
    const std::string reason = archive ? "" : zip_error_strerror(&error);
    zip_error_fini(&error);
    if (!archive) refuse(where, reason);
    return archive;
}

// the bytes of a member as they are unpacked, as many as its entry in the archive says
class Unpacked {
  public:
    Unpacked(zip_t* archive, std::uint64_t index, std::string_view bytes, const std::string& where)
        : file_(nullptr, &zip_fclose), where_(where) {
        zip_stat_t stat;
        if (zip_stat_index(archive, index, 0, &stat) != 0) refuse(where, zip_strerror(archive));
        if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE)
            refuse(where, fmt::format("packed by method {}, which numpy does not use", stat.comp_method));
        if (stat.size > largest_member)
            refuse(where, fmt::format("a member of {} bytes when unpacked, more than {}", stat.size, largest_member));
        // deflate makes a byte of 1032 at best: so much is said, and can be, in memory
        if (stat.comp_size > bytes.size() || stat.size / 1032 > stat.comp_size)
            refuse(where, fmt::format("said to unpack from {} to {} bytes", stat.comp_size, stat.size));
        file_.reset(zip_fopen_index(archive, index, 0));
        if (!file_) refuse(where, zip_strerror(archive));
        size_ = stat.size;
    }

    Stream stream() const {
        return {size_, [this](char* to, std::size_t wanted) { return read(to, wanted); }};
    }

  private:
    std::size_t read(char* to, std::size_t wanted) const {
        std::size_t size = 0;
        while (size < wanted) {
            const zip_int64_t got = zip_fread(file_.get(), to + size, wanted - size);
            if (got < 0) refuse(where_, zip_file_strerror(file_.get()));
            if (got == 0) break;
            size += static_cast<std::size_t>(got);
        }
        return size;
    }

    std::unique_ptr<zip_file_t, decltype(&zip_fclose)> file_;
    std::uint64_t size_ = 0;
    const std::string& where_;
};

}  // namespace

Npz::Npz(std::string_view bytes, std::string where)
    : bytes_(bytes), where_(std::move(where)), archive_(nullptr, &zip_discard) {
    if (bytes.empty()) refuse(where_, "empty");  // which libzip takes for an archive without members
    Source source(zip_source_buffer_create(bytes.data(), bytes.size(), 0, nullptr), &zip_source_free);
    if (!source) throw std::bad_alloc();
    archive_ = open_archive(source.get(), ZIP_RDONLY, where_);
    source.release();

    const zip_int64_t entries = zip_get_num_entries(archive_.get(), 0);
    for (zip_int64_t i = 0; i < entries; ++i) {
        const auto index = static_cast<std::uint64_t>(i);
        const char* const raw = zip_get_name(archive_.get(), index, 0);
        std::string name = raw ? raw : "";
        if (!name.ends_with(suffix)) continue;  // numpy too holds only these for arrays
        name.resize(name.size() - suffix.size());
        if (!members_.emplace(name, index).second) refuse(where_, fmt::format("'{}' twice", name));
    }
}

NpyHeader Npz::header(const std::string& name) const {
    const std::string where = fmt::format("{}: {}", where_, name);
    const Unpacked member(archive_.get(), members_.at(name), bytes_, where);
    return read_npy_header(member.stream(), where);
}

Array Npz::read(const std::string& name) const {
    const std::string where = fmt::format("{}: {}", where_, name);
    const Unpacked member(archive_.get(), members_.at(name), bytes_, where);
    const Stream stream = member.stream();
    const NpyHeader header = read_npy_header(stream, where);
    return read_npy_values(stream, header, where);
}

std::map<std::string, Array> read_npz(const std::filesystem::path& path) {
    return within_memory(path, [&] {
        const std::string bytes = read_file(path);
        const Npz archive(bytes, path.string());
        std::map<std::string, Array> arrays;
        for (const auto& [name, index] : archive.members()) arrays[name] = archive.read(name);
        return arrays;
    });
}

std::string encode_npz(const std::map<std::string, Array>& arrays, const std::string& where) {
    const auto need = [&](bool good) {
        if (!good)
            throw Error(Exit::file, fmt::format("cannot write {}: the archive cannot be built in memory", where));
    };

    const Source whole(zip_source_buffer_create(nullptr, 0, 0, nullptr), &zip_source_free);
    need(whole != nullptr);
    Archive archive = open_archive(whole.get(), ZIP_CREATE | ZIP_TRUNCATE, where);
    zip_source_keep(whole.get());

    std::vector<std::string> members;  // the archive reads them when it is closed
    members.reserve(arrays.size());
    for (const auto& [name, array] : arrays) {
        const std::string& bytes = members.emplace_back(encode_npy(array));
        zip_source_t* const source = zip_source_buffer(archive.get(), bytes.data(), bytes.size(), 0);
        need(source != nullptr);
        const zip_int64_t added = zip_file_add(archive.get(), (name + ".npy").c_str(), source, ZIP_FL_ENC_UTF_8);
        if (added < 0) zip_source_free(source);
        need(added >= 0);
        // a fixed date (1980-01-01), so that the same arrays give the same bytes
        const auto index = static_cast<zip_uint64_t>(added);
        need(zip_set_file_compression(archive.get(), index, ZIP_CM_STORE, 0) == 0);
        need(zip_file_set_dostime(archive.get(), index, 0, (1 << 5) | 1, 0) == 0);
    }
    need(zip_close(archive.get()) == 0);
    archive.release();

    zip_stat_t stat;
    need(zip_source_stat(whole.get(), &stat) == 0 && zip_source_open(whole.get()) == 0);
    std::string bytes(stat.size, '\0');
    const zip_int64_t got = zip_source_read(whole.get(), bytes.data(), bytes.size());
    zip_source_close(whole.get());
    need(got == static_cast<zip_int64_t>(bytes.size()));
    return bytes;
}

void write_npz(const std::filesystem::path& path, const std::map<std::string, Array>& arrays, bool force) {
    check_target(path, force);
    write_file(path, encode_npz(arrays, path.string()), force);
}

}  // namespace lnn
