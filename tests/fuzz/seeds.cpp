// Writes the seeds of the fuzzers: rollcall_fuzz_seeds CORPUS FOLDER
//
// Each case of the label corpus is a seed of `labels`, each rule one of `rules`, each short value
// one of `names`.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include <yaml-cpp/yaml.h>

namespace {

namespace fs = std::filesystem;

class Seeds {
 public:
  explicit Seeds(fs::path folder) : folder_(std::move(folder)) {
    for (const char* fuzzer : {"labels", "rules", "names", "requests", "kubernetes_kubeconfig"}) {
      fs::remove_all(folder_ / fuzzer);
      fs::create_directories(folder_ / fuzzer);
    }
  }

  void add_case(const YAML::Node& node) {
    std::string text;
    for (const auto& label : node["labels"]) text += line_of("", label);
    for (const auto& variable : node["environment"]) text += line_of("$", variable);
    write("labels", text);
  }

  void add_requests() {
    for (const char* text :
         {"/v1/instances?name=web&label=a%3Db", "/v1/instances/docker/unix%3A%2F%2F%2Fx/1",
          "http://localhost:7655/v1/events?since=1-2#x", "app in (web, api),tier!=test,!canary",
          "text/event-stream;q=0.5, application/jsonl", "br, gzip;q=0", "W/\"1-2\", \"3-4\""}) {
      write("requests", text);
    }
  }

  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  // Long values, which the corpus writes as maps, are left to the fuzzer's mutations.
  template <class Pair>
  std::string line_of(const std::string& before, const Pair& pair) {
    if (!pair.first.IsDefined() || !pair.second.IsScalar()) return {};
    const auto key = pair.first.template as<std::string>();
    const auto value = pair.second.template as<std::string>();
    write(key.ends_with(".rule") ? "rules" : "names", value);
    return before + key + "=" + value + "\n";
  }

  void write(const std::string& fuzzer, const std::string& text) {
    if (text.empty()) return;
    std::ofstream(folder_ / fuzzer / std::to_string(count_++)) << text;
  }

  fs::path folder_;
  std::size_t count_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: rollcall_fuzz_seeds CORPUS FOLDER\n";
    return 2;
  }
  Seeds seeds(argv[2]);
  for (const auto& file : fs::directory_iterator(argv[1])) {
    if (file.path().extension() != ".yaml") continue;
    for (const YAML::Node& node : YAML::LoadFile(file.path())) seeds.add_case(node);
  }
  if (seeds.count() == 0) {
    std::cerr << "there is no case in " << argv[1] << '\n';
    return 1;
  }
  seeds.add_requests();
  return 0;
}
