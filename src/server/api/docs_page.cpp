#include "server/api/docs_page.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "server/api/selection.hpp"

namespace rollcall::server {
namespace {

constexpr std::string_view style = R"(
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5b6675;--line:#dfe4ea;--paper:#fff;
--shade:#f5f7f9;
--accent:#0b6b53;--tint:#e4f3ee}
@media(prefers-color-scheme:dark){:root{--ink:#e3e8ee;--soft:#9aa6b5;--line:#2f3945;
--paper:#12171d;
--shade:#1a2129;--accent:#5fcaa9;--tint:#15312a}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;scroll-padding-top:1rem}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
.page{display:grid;grid-template-columns:17rem minmax(0,1fr);max-width:78rem;margin:0 auto}
nav{position:sticky;top:0;align-self:start;max-height:100vh;overflow:auto;
padding:2rem 1rem 2rem 1.5rem;
border-right:1px solid var(--line);font-size:.9rem}
nav b{display:block;margin:1.2rem 0 .3rem;color:var(--soft);font-weight:600}
nav a{display:block;padding:.16rem 0;color:var(--ink);text-decoration:none;overflow-wrap:anywhere}
nav a:hover{color:var(--accent)}
main{padding:2rem 2.5rem 6rem;min-width:0}
h1{margin:0;font-size:1.9rem;letter-spacing:-.02em}
h1 small{color:var(--soft);font-size:1rem;font-weight:400;letter-spacing:0}
h2{margin:3rem 0 .5rem;font-size:1.25rem;border-bottom:1px solid var(--line);padding-bottom:.4rem}
h3{margin:0;font-size:1rem;font-weight:600}
section{margin:1.2rem 0;padding:1rem 1.2rem;border:1px solid var(--line);border-radius:.6rem}
section p{margin:.5rem 0 0;max-width:46rem}
code,pre{font:.88em/1.5 ui-monospace,SFMono-Regular,Menlo,"DejaVu Sans Mono",monospace}
code{background:var(--shade);padding:.1em .3em;border-radius:.25rem;overflow-wrap:anywhere}
pre{margin:.7rem 0 0;padding:.7rem .9rem;background:var(--shade);border-radius:.4rem;
overflow-x:auto}
pre code{padding:0;background:none;overflow-wrap:normal}
.verb{display:inline-block;margin-right:.5rem;padding:.05rem .45rem;border-radius:.3rem;
background:var(--tint);
color:var(--accent);font-size:.78rem;font-weight:700;vertical-align:.08em}
.open{margin-left:.5rem;color:var(--soft);font-size:.82rem}
table{width:100%;margin-top:.8rem;border-collapse:collapse;font-size:.9rem}
th{padding:.3rem .8rem .3rem 0;text-align:left;color:var(--soft);font-weight:600;
border-bottom:1px solid var(--line)}
td{padding:.4rem .8rem .4rem 0;vertical-align:top;border-bottom:1px solid var(--line)}
tr:last-child td{border-bottom:0}
td:first-child{white-space:nowrap}
.soft{color:var(--soft)}
a{color:var(--accent)}
@media(max-width:52rem){.page{display:block}nav{position:static;max-height:none;border-right:0;
border-bottom:1px solid var(--line);padding:1.2rem}main{padding:1.2rem}td:first-child{
white-space:normal}}
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

/// A sentence of the table; text between backticks becomes code.
std::string sentence(std::string_view text) {
  std::string out;
  bool code = false;
  for (const char c : escaped(text)) {
    if (c == '`') {
      out += code ? "</code>" : "<code>";
      code = !code;
    } else {
      out += c;
    }
  }
  return out;
}

/// The path as HTML that may break between its segments.
std::string breakable(std::string_view path) {
  std::string out;
  for (const char c : escaped(path)) {
    if (c == '/' && !out.empty()) out += "<wbr>";
    out += c;
  }
  return out;
}

std::vector<std::string_view> groups_of(std::span<const Route> routes) {
  std::vector<std::string_view> groups;
  for (const Route& route : routes) {
    if (std::ranges::find(groups, route.group) == groups.end()) groups.push_back(route.group);
  }
  return groups;
}

std::string row_of(const Parameter& parameter) {
  std::string text = sentence(parameter.description);
  if (!parameter.values.empty()) {
    text += fmt::format("<br><span class=soft>{}</span>",
                        escaped(fmt::format("{}", fmt::join(parameter.values, ", "))));
  } else if (!parameter.example.empty()) {
    text += fmt::format("<br><code>{}</code>", escaped(parameter.example));
  }
  if (parameter.repeatable) text += " <span class=soft>(repeatable)</span>";
  return fmt::format("<tr><td><code>{}</code></td><td class=soft>{}</td><td>{}</td></tr>\n",
                     escaped(parameter.name), to_string(parameter.in), text);
}

/// A command that shows what the route answers.
std::string example_of(const Route& route) {
  std::string url(route.path);
  for (const Parameter& parameter : route.parameters) {
    const std::string hole = fmt::format("{{{}}}", parameter.name);
    const std::size_t at = url.find(hole);
    if (at != std::string::npos) url.replace(at, hole.size(), parameter.example);
  }
  const bool stream = std::ranges::find(route.types, "text/event-stream") != route.types.end();
  return fmt::format("curl {}http://127.0.0.1:7655{}", stream ? "-N " : "", url);
}

std::string section_of(const Route& route) {
  std::string out = fmt::format(
      "<section id=\"{}\">\n<h3><span "
      "class=verb>GET</span><code>{}</code>{}</h3>\n<p>{}.{}{}</p>\n",
      route.name, escaped(route.path), route.open ? "<span class=open>needs no token</span>" : "",
      sentence(route.summary), route.description.empty() ? "" : " ", sentence(route.description));
  out += fmt::format("<pre><code>{}</code></pre>\n", escaped(example_of(route)));
  if (!route.parameters.empty()) {
    out += "<table><tr><th>Parameter</th><th>In</th><th></th></tr>\n";
    for (const Parameter& parameter : route.parameters) out += row_of(parameter);
    out += "</table>\n";
  }
  out += fmt::format("<p class=soft>Answers <code>{}</code>",
                     fmt::join(route.types, "</code> or <code>"));
  if (!route.problems.empty()) out += fmt::format("; problems {}", fmt::join(route.problems, ", "));
  out += "</p>\n</section>\n";
  return out;
}

std::string fields_table() {
  std::string out = "<table><tr><th>Member</th><th>Type</th><th></th></tr>\n";
  for (const Field& field : instance_fields()) {
    out += fmt::format("<tr><td><code>{}</code></td><td class=soft>{}</td><td>{}</td></tr>\n",
                       field.name, field.type, escaped(field.description));
  }
  return out + "</table>\n";
}

constexpr std::string_view introduction = R"(
<p>One inventory of all that runs here: containers, virtual machines, services, pods, and whatever
else listens. List it, then follow its changes from the cursor that the list tells, and nothing is
missed.</p>
<pre><code>curl -s http://127.0.0.1:7655/v1/instances            # …"cursor":"7-41"…
curl -N 'http://127.0.0.1:7655/v1/events?since=7-41'  # every change after it</code></pre>
<p>The server is read-only. Errors are <code>application/problem+json</code> (RFC 9457), and a
parameter that it does not know is one. Where a token is wanted, send
<code>Authorization: Bearer TOKEN</code>; on the Unix socket none is. For programs there is
<a href="/openapi.json">openapi.json</a>.</p>
)";

}  // namespace

std::string docs_page(std::span<const Route> routes, std::string_view version) {
  std::string contents;
  std::string sections;
  for (const std::string_view group : groups_of(routes)) {
    contents += fmt::format("<b>{}</b>\n", escaped(group));
    sections += fmt::format("<h2>{}</h2>\n", escaped(group));
    for (const Route& route : routes) {
      if (route.group != group) continue;
      contents += fmt::format("<a href=\"#{}\">{}</a>\n", route.name, breakable(route.path));
      sections += section_of(route);
    }
  }
  contents += "<b>Model</b>\n<a href=\"#Instance\">Instance</a>\n";
  return fmt::format(
      "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
      "<meta name=viewport content=\"width=device-width,initial-scale=1\">\n"
      "<title>Rollcall: the HTTP API</title>\n<style>{}</style>\n</head>\n<body>\n<div "
      "class=page>\n"
      "<nav>\n<a href=\"#top\">Rollcall</a>\n{}</nav>\n<main id=top>\n"
      "<h1>Rollcall <small>{}, the HTTP API</small></h1>\n{}{}<h2 id=Instance>Instance</h2>\n"
      "<p>What is not known is absent.</p>\n{}</main>\n</div>\n</body>\n</html>\n",
      style, contents, escaped(version), introduction, sections, fields_table());
}

}  // namespace rollcall::server
