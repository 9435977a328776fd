#include "files/npz.hpp"

#include <fmt/format.h>
#include <zip.h>

#include <memory>
#include <vector>

#include "files/atomic_file.hpp"
#include "files/npy.hpp"
#include "lnn/error.hpp"

namespace lnn {

namespace {

constexpr std::string_view suffix = ".npy";

using Archive = std::unique_ptr<zip_t, decltype(&zip_discard)>;
using Member = std::unique_ptr<zip_file_t, decltype(&zip_fclose)>;
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

// in pieces: the size that a directory entry claims is not to be trusted
std::string extract(zip_t* archive, zip_uint64_t index, const std::string& where) {
    const Member member(zip_fopen_index(archive, index, 0), &zip_fclose);
    if (!member) refuse(where, zip_strerror(archive));
    constexpr std::size_t piece = 1 << 20;
    std::string bytes;
    std::size_t size = 0;
    for (;;) {
        bytes.resize(size + piece);
        const zip_int64_t got = zip_fread(member.get(), bytes.data() + size, piece);
        if (got < 0) refuse(where, zip_file_strerror(member.get()));
        size += static_cast<std::size_t>(got);
        if (got == 0) break;
    }
    bytes.resize(size);
    return bytes;
}

}  // namespace

std::map<std::string, std::string> unpack_npz(std::string_view bytes, const std::string& where) {
    if (bytes.empty()) refuse(where, "empty");  // which libzip takes for an archive without members
    Source source(zip_source_buffer_create(bytes.data(), bytes.size(), 0, nullptr), &zip_source_free);
    if (!source) refuse(where, "out of memory");
    const Archive archive = open_archive(source.get(), ZIP_RDONLY, where);
    source.release();

    std::map<std::string, std::string> members;
    const zip_int64_t entries = zip_get_num_entries(archive.get(), 0);
    for (zip_int64_t i = 0; i < entries; ++i) {
        const auto index = static_cast<zip_uint64_t>(i);
        const char* const raw = zip_get_name(archive.get(), index, 0);
        std::string name = raw ? raw : "";
        if (!name.ends_with(suffix)) continue;  // numpy too holds only these for arrays
        name.resize(name.size() - suffix.size());
        if (!members.emplace(name, extract(archive.get(), index, where)).second)
            refuse(where, fmt::format("'{}' twice", name));
    }
    return members;
}

std::map<std::string, Array> read_npz(const std::filesystem::path& path) {
    std::map<std::string, Array> arrays;
    for (const auto& [name, bytes] : unpack_npz(read_file(path), path.string()))
        arrays[name] = decode_npy(bytes, fmt::format("{}: {}", path.string(), name));
    return arrays;
}

void write_npz(const std::filesystem::path& path, const std::map<std::string, Array>& arrays, bool force) {
    check_target(path, force);
    const std::string where = path.string();
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
    write_file(path, bytes, force);
}

}  // namespace lnn
