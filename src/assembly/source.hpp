// An engine as one source among others of a merged watch.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <rollcall/config.hpp>

#include "engine/merged_watch.hpp"

namespace rollcall {

/// Describes an engine for MergedWatch::add or Hub::add. The hooks replace
/// `options.listed_elsewhere`.
SourceSpec source_of(RuntimeBackendKind kind, BackendOptions options,
                     boost::asio::any_io_executor executor, bool named);

}  // namespace rollcall
