#include "transport/base64.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>

#include <openssl/evp.h>

#include "core/budgets.hpp"

namespace rollcall {
namespace {

constexpr std::size_t bytes_of_group = 3;
constexpr std::size_t letters_of_group = 4;

// OpenSSL takes lengths as int and writes a zero after the encoded text.
constexpr std::size_t max_size = budget::base64_bytes;

}  // namespace

std::string to_base64(std::string_view bytes) {
  bytes = bytes.substr(0, max_size);
  std::string text((bytes.size() + bytes_of_group - 1) / bytes_of_group * letters_of_group + 1,
                   '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string letters(text.substr(0, max_size));
  std::erase_if(letters, [](unsigned char c) { return std::isspace(c) != 0; });
  if (letters.size() % letters_of_group != 0) return std::nullopt;
  if (letters.empty()) return std::string();
  const std::size_t padding = letters.size() - (letters.find_last_not_of('=') + 1);
  if (padding >= bytes_of_group) return std::nullopt;
  std::string bytes(letters.size() / letters_of_group * bytes_of_group, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(letters.data()),
                                   static_cast<int>(letters.size()));
  if (size < 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

}  // namespace rollcall
