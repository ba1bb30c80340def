#include "transport/tls_files.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include "transport/digest.hpp"

namespace rollcall::tls {
namespace {

struct FreedBytes {
  void operator()(unsigned char* bytes) const noexcept { OPENSSL_free(bytes); }
};

constexpr std::size_t max_file = std::size_t{4} << 20U;

std::unexpected<RuntimeError> unusable(const Pem& pem, std::string what, std::string remedy) {
  return fail({.kind = ErrorKind::unavailable,
               .fault = ConnectFault::tls,
               .endpoint = pem.text.empty() ? pem.file : std::string(),
               .what = std::move(what),
               .remedy = std::move(remedy)});
}

std::unexpected<RuntimeError> unreadable(const Pem& pem, int error, std::string_view what) {
  if (error == ENOENT || error == ENOTDIR) {
    return unusable(pem, fmt::format("{} is missing: there is no such file", what),
                    "put it there, or name another");
  }
  if (error == EACCES || error == EPERM) {
    return unusable(pem, fmt::format("{} may not be read: permission denied", what),
                    "let the user of this program read it");
  }
  return unusable(
      pem, fmt::format("{} cannot be read: {}", what, std::generic_category().message(error)),
      "name a readable file");
}

Result<std::string> text_of(const Pem& pem, std::string_view what) {
  if (!pem.text.empty()) return pem.text;
  const int fd = ::open(pem.file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return unreadable(pem, errno, what);
  std::string text;
  std::array<char, 16384> piece{};
  ssize_t size = 0;
  while (text.size() <= max_file && (size = ::read(fd, piece.data(), piece.size())) > 0) {
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
  const int error = errno;
  ::close(fd);
  if (size < 0) return unreadable(pem, error, what);
  return text;
}

Bio reader_of(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// Instead of a prompt on the terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

/// When the path that a variable names, or else the usual one, was changed last.
timespec changed_at(const char* variable, const char* usual) {
  const char* named = std::getenv(variable);
  struct stat status{};
  if (::stat(named != nullptr ? named : usual, &status) != 0) return {};
  return status.st_mtim;
}

}  // namespace

X509_STORE* system_authorities() {
  struct Kept {
    Store store;
    timespec file{};
    timespec folder{};
  };
  thread_local Kept kept;
  const auto differ = [](const timespec& a, const timespec& b) {
    return a.tv_sec != b.tv_sec || a.tv_nsec != b.tv_nsec;
  };
  const timespec file = changed_at(X509_get_default_cert_file_env(), X509_get_default_cert_file());
  const timespec folder = changed_at(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
  if (!kept.store || differ(file, kept.file) || differ(folder, kept.folder)) {
    kept = {.store = Store(X509_STORE_new()), .file = file, .folder = folder};
    X509_STORE_set_default_paths(kept.store.get());
  }
  return kept.store.get();
}

Result<std::vector<Certificate>> read_certificates(const Pem& pem, std::string_view what) {
  auto text = text_of(pem, what);
  if (!text) return fail(std::move(text.error()));
  const Bio bio = reader_of(*text);
  std::vector<Certificate> all;
  while (Certificate one{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    all.push_back(std::move(one));
  }
  const bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (all.empty() || !ended) {
    return unusable(pem, fmt::format("{} is broken, or no PEM", what),
                    "it must hold -----BEGIN CERTIFICATE----- and what belongs to it");
  }
  return all;
}

Result<Key> read_key(const Pem& pem, std::string_view what) {
  auto text = text_of(pem, what);
  if (!text) return fail(std::move(text.error()));
  const Bio bio = reader_of(*text);
  bool asked = false;
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_passphrase, &asked));
  ERR_clear_error();
  OPENSSL_cleanse(text->data(), text->size());
  if (key) return key;
  if (asked) {
    return unusable(pem, fmt::format("{} is protected by a passphrase", what),
                    "use a key without one: nobody is there to type it");
  }
  return unusable(pem, fmt::format("{} is broken, or no PEM", what),
                  "it must hold -----BEGIN PRIVATE KEY----- and what belongs to it");
}

Timestamp time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return Timestamp(std::chrono::seconds(::timegm(&parts)));
}

std::string fingerprint_of(const X509* certificate) {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(certificate, &bytes);
  if (size < 0) return {};
  const std::unique_ptr<unsigned char, FreedBytes> owner(bytes);
  return sha256_hex({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)});
}

Result<std::string> plain_fingerprint(std::string_view written) {
  constexpr std::string_view prefix = "sha256:";
  constexpr std::size_t digits = 64;
  std::string plain;
  for (const char c : written) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isspace(byte) == 0) plain += static_cast<char>(std::tolower(byte));
  }
  if (plain.starts_with(prefix)) plain.erase(0, prefix.size());
  std::erase(plain, ':');
  const auto is_digit = [](unsigned char c) { return std::isxdigit(c) != 0; };
  if (plain.size() == digits && std::ranges::all_of(plain, is_digit)) return plain;
  return fail({.kind = ErrorKind::invalid_config,
               .fault = ConnectFault::tls,
               .what = "the pinned fingerprint is not the SHA-256 of a certificate",
               .remedy = "write its 64 hexadecimal digits: `openssl x509 -noout -fingerprint "
                         "-sha256` shows them"});
}

}  // namespace rollcall::tls
