#include "app/zip_file.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/core.h>

#include <array>
#include <cstdint>
#include <fstream>
#include <stdexcept>

#include "base/error.h"

namespace rearview {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlock_bytes = 1 << 16;
constexpr std::size_t kMostFiles = 30'000;  // three for each of 10,000 clips
constexpr std::int64_t kMost_bytes = std::int64_t{64} << 30;

struct EndWriting {
  void operator()(archive* one) const { archive_write_free(one); }
};
struct EndReading {
  void operator()(archive* one) const { archive_read_free(one); }
};
struct EndEntry {
  void operator()(archive_entry* one) const { archive_entry_free(one); }
};

std::string reason(archive* one) {
  const char* text = archive_error_string(one);
  return text ? text : "out of memory";
}

bool is_plain_name(const std::string& name) {
  return !name.empty() && name.size() < 200 && name.front() != '.' &&
         name.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos;
}

}  // namespace

struct ZipWriter::State {
  fs::path out;
  std::unique_ptr<::archive, EndWriting> zip;

  void check(int status) const {
    if (status < ARCHIVE_WARN)
      throw std::runtime_error(
          fmt::format("{}: can't be written: {}", out.string(), reason(zip.get())));
  }
  void begin(const std::string& name, std::uint64_t bytes) const {
    const std::unique_ptr<archive_entry, EndEntry> entry(archive_entry_new());
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(bytes));
    check(archive_write_header(zip.get(), entry.get()));
  }
  void write(const char* bytes, std::size_t size) const {
    const la_ssize_t written = archive_write_data(zip.get(), bytes, size);
    check(written < 0 ? static_cast<int>(written) : ARCHIVE_OK);
  }
};

ZipWriter::ZipWriter(const fs::path& out) : state_(std::make_unique<State>(State{out, {}})) {
  state_->zip.reset(archive_write_new());
  state_->check(state_->zip ? ARCHIVE_OK : ARCHIVE_FATAL);
  state_->check(archive_write_set_format_zip(state_->zip.get()));
  state_->check(archive_write_zip_set_compression_store(state_->zip.get()));
  state_->check(archive_write_open_filename(state_->zip.get(), out.c_str()));
}

ZipWriter::~ZipWriter() = default;

void ZipWriter::add(const std::string& name, const std::string& bytes) {
  state_->begin(name, bytes.size());
  state_->write(bytes.data(), bytes.size());
}

void ZipWriter::add(const std::string& name, const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  state_->begin(name, fs::file_size(file));
  std::string block(kBlock_bytes, '\0');
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())) || in.gcount() > 0)
    state_->write(block.data(), static_cast<std::size_t>(in.gcount()));
  if (!in.eof()) throw std::runtime_error(fmt::format("{}: can't be read", file.string()));
}

void ZipWriter::finish() {
  state_->check(archive_write_close(state_->zip.get()));
}

UnzippedFolder::UnzippedFolder(const fs::path& zip) {
  const std::unique_ptr<archive, EndReading> in(archive_read_new());
  const auto refuse = [&zip](const std::string& why) {
    throw UsageError(fmt::format("{}: {}", zip.string(), why));
  };
  if (archive_read_support_format_zip_seekable(in.get()) < ARCHIVE_WARN ||
      archive_read_open_filename(in.get(), zip.c_str(), kBlock_bytes) < ARCHIVE_WARN)
    refuse(fmt::format("can't be read: {}", reason(in.get())));
  std::int64_t bytes = 0;
  std::array<char, kBlock_bytes> block{};
  archive_entry* entry = nullptr;
  for (;;) {
    const int status = archive_read_next_header(in.get(), &entry);
    if (status == ARCHIVE_EOF) break;
    if (status < ARCHIVE_WARN) refuse(fmt::format("is no ZIP file: {}", reason(in.get())));
    const char* told = archive_entry_pathname(entry);
    const std::string name = told ? told : "";
    if (archive_entry_filetype(entry) != AE_IFREG || !is_plain_name(name))
      refuse("has something else in it than files without folders");
    if (files_.size() == kMostFiles) refuse(fmt::format("has more than {} files", kMostFiles));
    files_.push_back(folder_ / name);
    std::ofstream out(files_.back(), std::ios::binary);
    la_ssize_t got = 0;
    while ((got = archive_read_data(in.get(), block.data(), block.size())) > 0) {
      bytes += got;
      if (bytes > kMost_bytes) refuse(fmt::format("has more than {} GiB in it", kMost_bytes >> 30));
      out.write(block.data(), got);
    }
    if (got < 0) refuse(fmt::format("{} can't be read: {}", name, reason(in.get())));
    out.close();
    if (!out) throw std::runtime_error(fmt::format("{}: can't be written", files_.back().string()));
  }
}

}  // namespace rearview
