#include "core/secrets/secret_options.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

#include "core/secrets/secret_spans.hpp"
#include "core/text/ascii.hpp"

namespace rollcall {
namespace {

constexpr auto secret_options = std::to_array<SecretOption>({
    {"mysql", "-p", true, false, false},
    {"mariadb", "-p", true, false, false},
    {"sshpass", "-p", true, true, false},
    {"redis", "-a", true, true, false},
    {"valkey", "-a", true, true, false},
    {"mongo", "-p", true, true, false},
    {"curl", "-u", true, true, true},
    {"curl", "--user", false, true, true},
    {"curl", "-U", true, true, true},
    {"curl", "--proxy-user", false, true, true},
    {"http", "-a", true, true, true},
    {"ldap", "-w", true, true, false},
    {"mosquitto", "-P", true, true, false},
    {"smbclient", "-U", true, true, true},
    {"proxychains", "-p", true, true, false},
    {"sqlcmd", "-P", true, true, false},
    {"bcp", "-P", true, true, false},
    {"isql", "-P", true, true, false},
    {"tsql", "-P", true, true, false},
    {"ipmitool", "-P", true, true, false},
    {"snmp", "-c", true, true, false},
    {"snmp", "-A", true, true, false},
    {"snmp", "-X", true, true, false},
    {"zip", "-P", true, true, false},
    {"unzip", "-P", true, true, false},
    {"7z", "-p", true, false, false},
    {"x11vnc", "-passwd", false, true, false},
    {"lftp", "-u", true, true, true},
    {"ab", "-A", true, true, true},
    {"clickhouse", "--password", false, true, false},
    {"cqlsh", "-p", true, true, false},
    {"influx", "-p", true, true, false},
});

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

/// The words of a text in which a command line stands, as a shell parts them, but for escapes, or
/// as a list in JSON.
class Words {
 public:
  explicit Words(std::string_view text) : text_(text) {}

  /// The next word without its quotes; false at the end.
  bool next() {
    begin_ = text_.find_first_not_of(" \t\r\n,[", end_);
    if (begin_ == std::string_view::npos) return false;
    const char quote = text_[begin_];
    if (quote == '"' || quote == '\'') {
      const std::size_t close = text_.find(quote, begin_ + 1);
      if (close != std::string_view::npos) {
        ++begin_;
        word_ = close;
        end_ = close + 1;
        return true;
      }
    }
    end_ = std::min(text_.find_first_of(" \t\r\n", begin_), text_.size());
    word_ = end_;
    return true;
  }

  [[nodiscard]] std::string_view word() const { return text_.substr(begin_, word_ - begin_); }
  [[nodiscard]] std::size_t begin() const { return begin_; }
  [[nodiscard]] std::size_t end() const { return word_; }

 private:
  std::string_view text_;
  std::size_t begin_ = 0;
  std::size_t word_ = 0;
  std::size_t end_ = 0;
};

void add_pair(std::string_view word, std::size_t begin, SecretSpans& spans) {
  const std::size_t colon = word.find_first_of(":%,");
  const std::size_t from = colon == std::string_view::npos ? 0 : colon + 1;
  if (from < word.size()) spans.push_back({begin + from, begin + word.size()});
}

}  // namespace

const SecretOption* secret_option(std::string_view program, std::string_view argument) {
  if (!argument.starts_with('-')) return nullptr;
  const auto* const at = std::ranges::find_if(secret_options, [&](const SecretOption& it) {
    if (!program.starts_with(it.program)) return false;
    return it.attached ? argument.starts_with(it.option) : argument == it.option;
  });
  // If the program's "-p" takes a secret, "-proto" cannot be told from "-p roto" and counts as one;
  // "--port" does not.
  return at == secret_options.end() ? nullptr : at;
}

bool has_secret_options(std::string_view program) {
  return std::ranges::any_of(secret_options, [program](const SecretOption& it) {
    return program.starts_with(it.program);
  });
}

Secrecy secrecy_after(std::string_view argument, std::string_view program) {
  if (argument.size() < 2 || argument[0] != '-' || argument.contains('=')) return Secrecy::none;
  const SecretOption* option = secret_option(program, argument);
  if (option == nullptr) return secrecy_of(argument);
  return option->separate && argument == option->option ? Secrecy::sure : Secrecy::none;
}

bool next_is_pair(std::string_view argument) {
  constexpr auto options =
      std::to_array<std::string_view>({"--auth", "-auth", "--auth-user", "--login", "--credentials",
                                       "--http-auth", "--web.auth", "--userpass"});
  return std::ranges::find(options, argument) != options.end();
}

void find_after_options(std::string_view text, SecretSpans& spans) {
  if (!text.starts_with('-') && !text.contains(" -") && !text.contains("\"-")) return;
  Words words(text);
  std::string_view program;
  std::string_view before;
  while (words.next()) {
    const std::string_view word = words.word();
    const SecretOption* const own = secret_option(program, word);
    const SecretOption* const of_before = secret_option(program, before);
    const bool is_option = word.starts_with('-');
    if (own != nullptr && word.size() > own->option.size() && own->attached) {
      const std::size_t begin = words.begin() + own->option.size();
      if (own->pair) {
        add_pair(word.substr(own->option.size()), begin, spans);
      } else {
        spans.push_back({begin, words.end()});
      }
    } else if (!is_option && of_before != nullptr && of_before->pair &&
               before == of_before->option) {
      add_pair(word, words.begin(), spans);
    } else if (!is_option && is_secret(secrecy_after(before, program), word)) {
      spans.push_back({words.begin(), words.end()});
    } else if (!is_option && next_is_pair(before) && word.contains(':')) {
      if (is_secret(Secrecy::if_plausible, word)) add_pair(word, words.begin(), spans);
    }
    if (has_secret_options(base_name(word))) program = base_name(word);
    if (word == "|" || word == "&&" || word == ";" || word == "||") program = {};
    before = word;
  }
}

}  // namespace rollcall
