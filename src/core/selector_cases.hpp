// The table of label selectors, for the tests of all that takes one: the command line's filters
// and the daemon's parameters.
#pragma once

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include <rollcall/labels.hpp>

namespace rollcall::test {

struct Labelled {
  std::string_view name;
  std::vector<Labels::Entry> labels;
};

/// What is asked about.
inline const std::vector<Labelled>& labelled() {
  static const std::vector<Labelled> all = {
      {"a", {{"app", "web"}, {"size", "10"}, {"tier", "front"}}},
      {"b", {{"app", "api"}, {"size", "9"}, {"example.com/app", "web"}}},
      {"c", {{"app", ""}, {"size", "+11"}, {"in", "notin"}}},
      {"d", {{"size", "ten"}, {"notin", ""}}},
      {"e", {{"size", "-3"}, {"app", "Web"}}},
      {"f", {}},
  };
  return all;
}

struct SelectorCase {
  std::string_view selector;
  std::string_view names;  ///< Of those that it matches.
};

inline constexpr auto right_selectors = std::to_array<SelectorCase>({
    {"", "abcdef"},
    {" \t\r\n", "abcdef"},
    // exists, and does not
    {"app", "abce"},
    {"!app", "df"},
    {" ! app ", "df"},
    {"app,tier", "a"},
    {"app,!tier", "bce"},
    {"app,!app", ""},
    // equal, and not
    {"app=web", "a"},
    {"app==web", "a"},
    {"app = web", "a"},
    {"app=Web", "e"},
    {"app=", "c"},
    {"app==", "c"},
    {"app=,size", "c"},
    {"app!=web", "bcdef"},
    {"app!=", "abdef"},
    {"app!=web,app!=api,app", "ce"},
    {"example.com/app=web", "b"},
    {"tier=front,size=10,app==web", "a"},
    // sets
    {"app in (web,api)", "ab"},
    {"app in(web,api)", "ab"},
    {"app in ( web , api )", "ab"},
    {"app\nin\t(web,\r\napi)", "ab"},
    {"app in (web)", "a"},
    {"app in (web,web)", "a"},
    {"app in ()", "c"},
    {"app in (,web)", "ac"},
    {"app in (web,)", "ac"},
    {"app in (,)", "c"},
    {"app in (web,,api)", "abc"},
    {"app in (web,,,api)", "abc"},
    {"app notin (web,api)", "cdef"},
    {"app notin ()", "abdef"},
    {"app in (web,api),size in (9,10,11)", "ab"},
    // larger and smaller
    {"size>9", "ac"},
    {"size > 9", "ac"},
    {"size>10", "c"},
    {"size<10", "be"},
    {"size<0", "e"},
    {"size>9,size<11", "a"},
    {"size>009", "ac"},
    {"size>9223372036854775807", ""},
    {"app>0", ""},
    // the words of operators are keys and values where no operator can stand
    {"in", "c"},
    {"notin", "d"},
    {"in=notin", "c"},
    {"in in (in,notin)", "c"},
    {"notin notin (in)", "abcdef"},
    {"!in,!notin", "abef"},
    {"app in (in,notin,web)", "a"},
});

inline constexpr auto wrong_selectors = std::to_array<std::string_view>({
    // what stands in the wrong place
    ",",
    "app,",
    ",app",
    "app,,size",
    "app size",
    "app web=x",
    "=",
    "=web",
    "!",
    "!!app",
    "!=",
    "!=web",
    "!app=web",
    "!app in (web)",
    "app!",
    "app=!web",
    "app===web",
    "app=web=api",
    "app=web api",
    "app!==web",
    "app!web",
    "app=>1",
    "app><1",
    "app>=1",
    "app<=1",
    ">1",
    "app>",
    "app<",
    "app>,size",
    "app()",
    "app(web)",
    "(app)",
    "app in",
    "app in web",
    "app in web)",
    "app in (web",
    "app in (web,",
    "app in (",
    "app in (web api)",
    "app in (web=api)",
    "app in ((web))",
    "app in (web))",
    "app in (web,,)",
    "app in (,,)",
    "app in (!web)",
    "app within (web)",
    "app IN (web)",
    "app not in (web)",
    "app notin web",
    "in (web)",
    "app exists",
    "app exists (web)",
    // numbers
    "size>x",
    "size>1.5",
    "size>-1",
    "size<+1",
    "size>1e3",
    "size>0x1",
    "size>9223372036854775808",
    "size>99999999999999999999",
    "size>(1)",
    // keys
    "-app",
    "app-",
    ".app",
    "_app",
    "app.",
    "äpp",
    "app/",
    "/app",
    "Example.com/app",
    "a/b/app",
    "example..com/app",
    "-example.com/app",
    "example.com-/app",
    "example_com/app",
    "example.com/-app",
    "app*",
    "a:b",
    "\"app\"",
    "'app'=web",
    "app;size",
    "app&size",
    "app|size",
    "app\\,size",
    "a23456789a123456789a123456789a123456789a123456789a123456789a1234",
    // values
    "app=-web",
    "app=web-",
    "app=we/b",
    "app=\"web\"",
    "app='web'",
    "app=*",
    "app=w*",
    "app=a:b",
    "app=wéb",
    "app in (web,-api)",
    "app notin (we/b)",
    "app!=web.",
    "app=a23456789a123456789a123456789a123456789a123456789a123456789a1234",
});

}  // namespace rollcall::test
