#include "containers.hpp"

#include <charconv>
#include <fstream>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

namespace rollcall::bench {
namespace {

void append_item(std::string& list, std::string_view item) {
  if (list.size() > 1) list += ',';
  list += item;
}

SharedText whole_body(const std::string& list) {
  return std::make_shared<const std::string>(chunk_of(list) + "0\r\n\r\n");
}

}  // namespace

std::string chunk_of(std::string_view bytes) {
  return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t at = 0; at < text.size(); ++at) {
    unsigned char byte = 0;
    const char* digits = text.data() + at + 1;
    if (text[at] == '%' && at + 2 < text.size() &&
        std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
      decoded += static_cast<char>(byte);
      at += 2;
    } else {
      decoded += text[at];
    }
  }
  return decoded;
}

void Containers::load(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  for (std::string line; std::getline(file, line);) {
    const auto tab = line.find('\t');
    if (tab == std::string::npos) throw std::runtime_error(path + ": a line without a tab");
    put(line.substr(0, tab), line.substr(tab + 1));
  }
}

void Containers::put(const std::string& id, std::string item) {
  items_.insert_or_assign(id, std::move(item));
  list_.reset();
}

void Containers::erase(const std::string& id) {
  items_.erase(id);
  list_.reset();
}

SharedText Containers::list() {
  if (!list_) {
    std::string all = "[";
    for (const auto& [id, item] : items_) append_item(all, item);
    list_ = whole_body(all + "]\n");
  }
  return list_;
}

SharedText Containers::filtered(std::string_view decoded_query) const {
  std::string some = "[";
  std::size_t at = 0;
  while ((at = decoded_query.find('"', at)) != std::string_view::npos) {
    const auto end = decoded_query.find('"', at + 1);
    if (end == std::string_view::npos) break;
    const auto found = items_.find(std::string(decoded_query.substr(at + 1, end - at - 1)));
    if (found != items_.end()) append_item(some, found->second);
    at = end + 1;
  }
  return whole_body(some + "]\n");
}

}  // namespace rollcall::bench
