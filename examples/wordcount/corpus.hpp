// SPDX-License-Identifier: Apache-2.0
/// \file
/// All input in one stretch of memory, each file followed by white space.
#pragma once

#include "tasks.hpp"
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace wordcount {

/// What the user must change; the program says so in one line and ends with status 2.
class usage_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The files' bytes. Before the first and behind each stands white space, at least one byte of it, up
/// to a multiple of `group_bytes`: no word crosses from file to file, and nobody reads too far.
class corpus {
 public:
  corpus() : text_(group_bytes, ' ') {}

  /// Reads a file and puts it behind the others.
  void add(const std::string& name) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(name.c_str(), "rb"),
                                                               &std::fclose);
    if (!file) throw unreadable(name);
    const std::uint64_t begin = text_.size();
    for (;;) {
      const std::size_t old = text_.size();
      text_.resize(old + step_for(*file, old - begin));
      const std::size_t got = std::fread(text_.data() + old, 1, text_.size() - old, file.get());
      text_.resize(old + got);
      if (got == 0) break;
    }
    if (std::ferror(file.get()) != 0) throw unreadable(name);
    end_file(name, begin);
  }

  /// Puts bytes behind the others that no file holds.
  void add(const std::string& name, std::span<const unsigned char> bytes) {
    const std::uint64_t begin = text_.size();
    text_.insert(text_.end(), bytes.begin(), bytes.end());
    end_file(name, begin);
  }

  [[nodiscard]] const std::vector<unsigned char>& text() const { return text_; }
  [[nodiscard]] const std::vector<file_place>& places() const { return places_; }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  /// \returns the bytes of all files.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  void end_file(const std::string& name, std::uint64_t begin) {
    const std::uint64_t bytes = text_.size() - begin;
    names_.push_back(name);
    places_.push_back({begin, bytes});
    bytes_ += bytes;
    text_.resize((text_.size() / group_bytes + 1) * group_bytes, ' ');
    if (text_.size() > word_table::place_mask) throw usage_error("the input exceeds 1 TiB");
  }

  static usage_error unreadable(const std::string& name) {
    return usage_error("cannot read '" + name + "': " + std::strerror(errno));
  }

  /// \returns how much to read next: all of a file that knows its size, then more each time.
  static std::size_t step_for(std::FILE& file, std::size_t so_far) {
    constexpr std::size_t smallest = 1 << 16;
    if (so_far == 0 && std::fseek(&file, 0, SEEK_END) == 0) {
      const long size = std::ftell(&file);
      std::rewind(&file);
      // A folder claims the largest size there is.
      if (size > 0 && size < (1L << word_table::place_bits)) return static_cast<std::size_t>(size);
    }
    return so_far / 8 < smallest ? smallest : so_far / 8;
  }

  std::vector<unsigned char> text_;
  std::vector<file_place> places_;
  std::vector<std::string> names_;
  std::uint64_t bytes_ = 0;
};

}  // namespace wordcount
