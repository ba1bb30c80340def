#include "transport/tls/files.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <utility>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <sys/stat.h>

#include "core/budgets.hpp"
#include "hostview/secret_files.hpp"
#include "hostview/small_files.hpp"
#include "transport/digest.hpp"

namespace rollcall::tls {
namespace {

struct FreedInfos {
  void operator()(STACK_OF(X509_INFO) * infos) const noexcept {
    sk_X509_INFO_pop_free(infos, &X509_INFO_free);
  }
};
using Infos = std::unique_ptr<STACK_OF(X509_INFO), FreedInfos>;

struct FreedBytes {
  void operator()(unsigned char* bytes) const noexcept { OPENSSL_free(bytes); }
};

constexpr std::size_t max_authorities = budget::tls_authorities_bytes;

std::unexpected<RuntimeError> unusable(const Pem& pem, std::string what, std::string remedy) {
  return fail({.kind = ErrorKind::unavailable,
               .fault = ConnectFault::tls,
               .endpoint = pem.text.empty() ? pem.file : std::string(),
               .what = std::move(what),
               .remedy = std::move(remedy)});
}

RuntimeError unreadable(const Pem& pem, const FileFault& fault, std::string_view what) {
  RuntimeError error{.kind = ErrorKind::unavailable,
                     .fault = ConnectFault::tls,
                     .endpoint = pem.file,
                     .what = fmt::format("{} cannot be read: {}", what, fault.what),
                     .remedy = "name a readable file"};
  if (fault.missing()) {
    error.what = fmt::format("{} is missing: there is no such file", what);
    error.remedy = "put it there, or name another";
  } else if (fault.denied()) {
    error.what = fmt::format("{} may not be read: permission denied", what);
    error.remedy = "let the user of this program read it";
  } else if (fault.error == 0) {
    error.remedy = "name a plain file of PEM";
  }
  return error;
}

Result<std::string> text_of(const Pem& pem, std::string_view what) {
  if (!pem.text.empty()) return pem.text;
  auto text = read_file(pem.file, budget::tls_file);
  if (!text) return fail(unreadable(pem, text.error(), what));
  return std::move(*text);
}

/// The same as text_of(), for a file that must be secret.
Result<std::string> secret_text_of(const Pem& pem, std::string_view what) {
  if (!pem.text.empty()) return pem.text;
  auto text = read_secret_file(pem.file, budget::tls_file);
  if (text) return std::move(*text);
  RuntimeError error = unreadable(pem, text.error(), what);
  if (text.error().error == 0) {
    error.what = fmt::format("{} is not used: {}", what, text.error().what);
    error.remedy = "let it be a plain file that others may not read";
  }
  return fail(std::move(error));
}

Bio reader_of(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// A passphrase callback that fails instead of prompting on the terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

/// The file or folder that the variable names, else the default.
const char* named_or(const char* variable, const char* usual) {
  const char* named = std::getenv(variable);
  return named != nullptr ? named : usual;
}

timespec changed_at(const char* path) {
  struct stat status{};
  if (::stat(path, &status) != 0) return {};
  return status.st_mtim;
}

/// Adds all certificates and revocation lists of the file, as OpenSSL itself reads it.
void add_file(X509_STORE* store, const char* path) {
  const auto text = read_file(path, max_authorities);
  if (!text) return;
  const Bio bio = reader_of(*text);
  const Infos infos(PEM_X509_INFO_read_bio(bio.get(), nullptr, nullptr, nullptr));
  const int count = infos ? sk_X509_INFO_num(infos.get()) : 0;
  for (int i = 0; i < count; ++i) {
    const X509_INFO* info = sk_X509_INFO_value(infos.get(), i);
    if (info->x509 != nullptr) X509_STORE_add_cert(store, info->x509);
    if (info->crl != nullptr) X509_STORE_add_crl(store, info->crl);
  }
  ERR_clear_error();
}

/// "5ed36f99.0": the names of files that OpenSSL opens by itself while it verifies.
bool is_name_of_authority(std::string_view name) {
  constexpr std::size_t digits = 8;
  const auto hex = [](unsigned char c) { return std::isxdigit(c) != 0; };
  return name.size() > digits && name[digits] == '.' &&
         std::ranges::all_of(name.substr(0, digits), hex);
}

/// Adds a folder only if every such file in it is a regular one, which cannot block its reader.
void add_folder(X509_STORE* store, const std::string& path) {
  FolderReader folder(path);
  while (const auto entry = folder.next()) {
    struct stat status{};
    if (!is_name_of_authority(entry->name)) continue;
    const std::string file = fmt::format("{}/{}", path, entry->name);
    if (::stat(file.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) return;
  }
  X509_LOOKUP* const lookup = X509_STORE_add_lookup(store, X509_LOOKUP_hash_dir());
  if (lookup != nullptr) X509_LOOKUP_add_dir(lookup, path.c_str(), X509_FILETYPE_PEM);
  ERR_clear_error();
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
  const char* const file_path =
      named_or(X509_get_default_cert_file_env(), X509_get_default_cert_file());
  const char* const folder_path =
      named_or(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
  const timespec file = changed_at(file_path);
  const timespec folder = changed_at(folder_path);
  if (!kept.store || differ(file, kept.file) || differ(folder, kept.folder)) {
    kept = {.store = Store(X509_STORE_new()), .file = file, .folder = folder};
    add_file(kept.store.get(), file_path);
    add_folder(kept.store.get(), folder_path);
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

namespace {

Result<Key> key_in(std::string& text, const Pem& pem, std::string_view what) {
  const Bio bio = reader_of(text);
  bool asked = false;
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_passphrase, &asked));
  ERR_clear_error();
  OPENSSL_cleanse(text.data(), text.size());
  if (key) return key;
  if (asked) {
    return unusable(pem, fmt::format("{} is protected by a passphrase", what),
                    "use a key without one, because none can be typed in");
  }
  return unusable(pem, fmt::format("{} is broken, or no PEM", what),
                  "it must hold -----BEGIN PRIVATE KEY----- and what belongs to it");
}

}  // namespace

Result<Key> read_key(const Pem& pem, std::string_view what) {
  auto text = text_of(pem, what);
  if (!text) return fail(std::move(text.error()));
  return key_in(*text, pem, what);
}

Result<Key> read_own_key(const Pem& pem, std::string_view what) {
  auto text = secret_text_of(pem, what);
  if (!text) return fail(std::move(text.error()));
  return key_in(*text, pem, what);
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
