#include "server/http/gzip.hpp"

#include <array>
#include <cstddef>
#include <new>

#include <zlib.h>

namespace rollcall::server {

std::string gzip(std::string_view text, Effort effort) {
  constexpr int with_gzip_header = 15 + 16;
  constexpr int memory_level = 8;
  z_stream stream{};
  const int level = effort == Effort::fast ? 1 : 6;
  if (::deflateInit2(&stream, level, Z_DEFLATED, with_gzip_header, memory_level,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  // zlib does not write to its input; its interface is older than const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  std::string out;
  std::array<char, std::size_t{32} << 10U> piece{};
  do {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    ::deflate(&stream, Z_FINISH);
    out.append(piece.data(), piece.size() - stream.avail_out);
  } while (stream.avail_out == 0);
  ::deflateEnd(&stream);
  out.shrink_to_fit();
  return out;
}

}  // namespace rollcall::server
