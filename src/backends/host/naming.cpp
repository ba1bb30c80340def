#include "backends/host/naming.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>

namespace rollcall::host {
namespace {

using Arguments = std::span<const std::string>;

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is the beginning
}

/// How the options of an interpreter name its script. Each list holds words with a space before and
/// after.
struct Interpreter {
  std::string_view program;           ///< Without version digits.
  std::string_view with_value = " ";  ///< Options whose value is the next argument.
  std::string_view of_script = " ";   ///< Options whose value is what runs.
  std::string_view of_text = " ";     ///< Options after which there is no script.
  std::string_view of_command = " ";  ///< Words before the script: "deno run".
};

constexpr std::string_view shell_value = " -o -O +o +O --rcfile --init-file ";
constexpr std::array interpreters = {
    Interpreter{"python", " -W -X --check-hash-based-pycs ", " -m ", " -c "},
    Interpreter{"pypy", " -W -X ", " -m ", " -c "},
    Interpreter{"node", " -r --require --import --loader --experimental-loader -C --conditions ",
                " ", " -e --eval -p --print "},
    Interpreter{"nodejs", " -r --require --import ", " ", " -e --eval -p --print "},
    Interpreter{"deno", " ", " ", " eval ", " run serve task "},
    Interpreter{"bun", " ", " ", " -e --eval ", " run "},
    Interpreter{"ruby", " -I -r -C -E ", " ", " -e "},
    Interpreter{"perl", " ", " ", " -e -E "},
    Interpreter{"php", " -S -t -d -c -z ", " -f --file ", " -r --run "},
    Interpreter{"java",
                " -cp -classpath --class-path -p --module-path --add-modules --add-opens"
                " --add-exports --add-reads --limit-modules ",
                " -jar -m --module "},
    Interpreter{"dotnet", " --runtimeconfig --depsfile --additionalprobingpath --fx-version ", " ",
                " ", " exec run "},
    Interpreter{"mono", " "},
    Interpreter{"lua", " -l ", " ", " -e "},
    Interpreter{"luajit", " -l ", " ", " -e "},
    Interpreter{"bash", shell_value, " ", " -c "},
    Interpreter{"dash", shell_value, " ", " -c "},
    Interpreter{"sh", shell_value, " ", " -c "},
    Interpreter{"zsh", shell_value, " ", " -c "},
    Interpreter{"ksh", shell_value, " ", " -c "},
    Interpreter{"tclsh"},
    Interpreter{"guile", " -L -C ", " -s ", " -c "},
};

bool has(std::string_view list, std::string_view word) {
  return !word.contains(' ') && list.contains(" " + std::string(word) + " ");
}

const Interpreter* interpreter(std::string_view program) {
  const auto last = program.find_last_not_of("0123456789.");
  const std::string_view family = program.substr(0, last + 1);
  const auto* const at = std::ranges::find(interpreters, family, &Interpreter::program);
  return at == interpreters.end() ? nullptr : at;
}

/// The script or module that the interpreter runs, as written; nullopt if there is none.
std::optional<std::string_view> script_of(const Interpreter& it, Arguments arguments) {
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (has(it.of_text, argument)) return {};
    if (has(it.of_script, argument)) {
      return i + 1 < arguments.size() ? std::optional<std::string_view>(arguments[i + 1])
                                      : std::nullopt;
    }
    if (has(it.with_value, argument)) {
      ++i;
    } else if (!argument.starts_with('-') && !argument.starts_with('+') &&
               !has(it.of_command, argument) && !argument.empty()) {
      return argument;
    }
  }
  return {};
}

/// "org.example.shop.Main" becomes Main; of "shop/org.example.Main" the module name is kept.
std::string_view java_name(std::string_view script) {
  if (script.ends_with(".jar")) return base_name(script);
  const auto slash = script.find('/');
  if (slash != std::string_view::npos) return script.substr(0, slash);
  return script.substr(script.rfind('.') + 1);
}

std::string_view script_name(const Interpreter& it, std::string_view script) {
  while (script.ends_with('/')) script.remove_suffix(1);
  const auto name = it.program == "java" ? java_name(script) : base_name(script);
  return name == "." || name == ".." || name == "-" ? std::string_view() : name;
}

/// A program may replace its arguments by a title: "gunicorn: master [shop]".
std::optional<std::string_view> title_of(Arguments arguments, std::string_view program) {
  if (arguments.size() != 1) return {};
  const std::string_view word = arguments[0];
  const auto end = word.find_first_of(": ");
  if (end == std::string_view::npos || end == 0) return {};
  const auto name = base_name(word.substr(0, end));
  return name.empty() || name == program ? std::optional<std::string_view>() : name;
}

}  // namespace

std::string program_of(const Process& process) {
  constexpr std::string_view deleted = " (deleted)";
  std::string_view executable = process.executable;
  // A program may run from memory (memfd_create); the name of such a file says nothing.
  if (executable.starts_with("/memfd:")) executable = {};
  if (executable.ends_with(deleted)) executable.remove_suffix(deleted.size());
  if (const auto name = base_name(executable); !name.empty()) return std::string(name);
  if (!process.arguments.empty() && process.executable.empty()) {
    const std::string_view first = process.arguments[0];
    const auto name = base_name(first.substr(0, first.find_first_of(": ")));
    if (!name.empty()) return std::string(name);
  }
  return process.comm;
}

std::string name_of(const Process& process) {
  std::string program = program_of(process);
  const Arguments arguments = process.arguments;
  if (program == "busybox" && !arguments.empty()) {
    const auto applet = base_name(arguments[0]);
    if (applet != "busybox" && !applet.empty()) return std::string(applet);
    return arguments.size() > 1 ? arguments[1] : program;
  }
  const Interpreter* it = interpreter(program);
  if (it == nullptr) return program;
  if (const auto title = title_of(arguments, program)) return std::string(*title);
  const auto script = script_of(*it, arguments);
  const auto name = script ? script_name(*it, *script) : std::string_view();
  return name.empty() ? program : std::string(name);
}

}  // namespace rollcall::host
