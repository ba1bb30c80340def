#include "transport/http/gunzip.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <zlib.h>

#include "core/budgets.hpp"

namespace rollcall {
namespace {

// A list of a hundred thousand similar items inflates a hundredfold, zeros a thousandfold.
constexpr std::uint64_t max_ratio = budget::gunzip_ratio;
constexpr std::uint64_t free_of_ratio = std::uint64_t{4} << 20U;
constexpr int gzip_window = 15 + 16;  // +16: gzip only, not the zlib format.

std::unexpected<RuntimeError> broken(std::string what) {
  return fail({.kind = ErrorKind::protocol,
               .endpoint = {},
               .what = std::move(what),
               .remedy = "look at what stands between this host and the engine"});
}

uInt bounded(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

}  // namespace

struct Gunzip::Impl {
  z_stream stream{};
  bool between = true;  // Between two members: none is half read.
  std::uint64_t consumed = 0;
  std::uint64_t produced = 0;

  // Fails only if memory is short; the first step reports that.
  Impl() { ::inflateInit2(&stream, gzip_window); }
  ~Impl() { ::inflateEnd(&stream); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<Step> step(std::string_view bytes, std::span<char> into) {
    // zlib does not write to its input; its interface predates const.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    const uInt given = bounded(bytes.size());
    const uInt room = bounded(into.size());
    stream.avail_in = given;
    stream.next_out = reinterpret_cast<Bytef*>(into.data());
    stream.avail_out = room;
    if (between) {
      ::inflateReset(&stream);
      between = false;
    }
    const int result = ::inflate(&stream, Z_NO_FLUSH);
    const Step step{.consumed = given - stream.avail_in, .produced = room - stream.avail_out};
    stream.next_in = nullptr;
    stream.next_out = nullptr;
    if (result == Z_STREAM_END) between = true;
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
      return broken("the answer says that it is gzip, and is none, or is broken");
    }
    consumed += step.consumed;
    produced += step.produced;
    if (produced > free_of_ratio && produced / max_ratio > consumed) {
      return broken(fmt::format("the answer swells more than {}-fold: it is no list", max_ratio));
    }
    return step;
  }
};

Gunzip::Gunzip() : impl_(std::make_unique<Impl>()) {}
Gunzip::~Gunzip() = default;
Gunzip::Gunzip(Gunzip&&) noexcept = default;

Result<Gunzip::Step> Gunzip::inflate(std::string_view bytes, std::span<char> into) {
  Step all;
  // Even without new bytes, zlib may hold output that had no room before.
  while (all.produced < into.size() && (all.consumed < bytes.size() || !impl_->between)) {
    auto step = impl_->step(bytes.substr(all.consumed), into.subspan(all.produced));
    if (!step) return step;
    all.consumed += step->consumed;
    all.produced += step->produced;
    if (step->consumed == 0 && step->produced == 0) break;
  }
  return all;
}

bool Gunzip::complete() const noexcept {
  return impl_->between;
}

}  // namespace rollcall
