#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace rearview {

/// Calls fill with a name beside the file (.part), brings what it wrote to the disk and puts it in
/// the file's place, whose folder it makes where that is missing: the file is as before or whole.
/// Returns its size. Throws std::runtime_error or what fill throws.
std::uint64_t write_whole(const std::filesystem::path& file,
                          const std::function<void(const std::filesystem::path&)>& fill);
/// The same with bytes at hand.
std::uint64_t write_whole(const std::filesystem::path& file, const std::string& bytes);

/// On the disk when it returns, under the file's own name. Throws std::runtime_error.
void write_bytes(const std::filesystem::path& file, const std::string& bytes);

}  // namespace rearview
