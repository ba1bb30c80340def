#include "assembly/source.hpp"

#include <utility>

#include "assembly/registry.hpp"

namespace rollcall {

SourceSpec source_of(RuntimeBackendKind kind, BackendOptions options,
                     boost::asio::any_io_executor executor, bool named) {
  SourceSpec spec{.kind = kind,
                  .endpoint = options.alias.empty() ? options.endpoint : options.alias,
                  .named = named};
  spec.make = [kind, options = std::move(options),
               executor = std::move(executor)](SourceHooks hooks) mutable {
    options.listed_elsewhere = std::move(hooks.listed_elsewhere);
    return make_observed_backend(kind, std::move(options), std::move(executor),
                                 std::move(hooks.on_transition), std::move(hooks.identity));
  };
  return spec;
}

}  // namespace rollcall
