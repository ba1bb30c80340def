#include "server/http/problem.hpp"

#include <utility>

#include "core/json/json_text.hpp"
#include "core/text/text.hpp"

namespace rollcall::server {

Reply problem(unsigned status, std::string_view detail, boost::json::object more) {
  boost::json::object body{{"type", "about:blank"},
                           {"title", reason_phrase(status)},
                           {"status", status},
                           {"detail", valid_utf8(detail)}};
  for (auto& [key, value] : more) body[key] = std::move(value);
  Reply reply = text_reply(problem_type, serialized(body) + "\n", status);
  reply.headers.emplace_back("Cache-Control", "no-store");
  return reply;
}

}  // namespace rollcall::server
