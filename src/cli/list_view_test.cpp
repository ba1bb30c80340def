#include "cli/list_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/shown_instances.hpp"

namespace rollcall::cli {
namespace {

using std::chrono::hours;
using testing::HasSubstr;

InstancePtr named(std::string name, std::optional<Timestamp> created = {}) {
  Instance instance = web_instance();
  instance.key.id = name;
  instance.name = std::move(name);
  instance.created_at = created;
  return shared(std::move(instance));
}

std::string names(const std::vector<InstancePtr>& instances) {
  std::string all;
  for (const InstancePtr& instance : instances) all += instance->name + " ";
  return all;
}

std::string view(const Options& options) {
  const FormatContext context{
      .now = Timestamp(hours(5)),
      .detail = Detail::shortened,
      .name_of = [](const InstanceKey&, const std::string&) { return std::string(); }};
  return list_view({named("web", Timestamp(hours(2)))}, options, context, 0, false);
}

TEST(ListView, SortsByNameOrAge) {
  std::vector<InstancePtr> all = {named("b", Timestamp(hours(1))), named("c"),
                                  named("a", Timestamp(hours(3)))};
  sort_instances(all, SortKey::name);
  EXPECT_EQ(names(all), "a b c ");
  sort_instances(all, SortKey::age);
  EXPECT_EQ(names(all), "a b c ") << "the youngest first, the ageless last";
  all[0] = named("a", Timestamp(hours(0)));
  sort_instances(all, SortKey::age);
  EXPECT_EQ(names(all), "b a c ");
}

TEST(ListView, Table) {
  EXPECT_EQ(view({}),
            "NAME  RUNTIME  STATE    IMAGE    ADDRESSES   PORTS  GROUP  AGE\n"
            "web   docker   running  nginx:1  172.17.0.2  -      -      3h\n");
}

TEST(ListView, WideTellsMore) {
  Options options;
  options.output = Output::wide;
  EXPECT_THAT(view(options), HasSubstr("bridge:172.17.0.2"));
  EXPECT_THAT(view(options), HasSubstr("unix:///run/docker.sock"));
}

TEST(ListView, QuietIsIdsOnly) {
  Options options;
  options.quiet = true;
  EXPECT_EQ(view(options), "web\n") << "the id that named() gave";
}

TEST(ListView, OtherForms) {
  Options options;
  options.output = Output::json;
  EXPECT_THAT(view(options), HasSubstr("\"name\": \"web\""));
  options.output = Output::jsonl;
  EXPECT_THAT(view(options), HasSubstr("\"name\":\"web\""));
  options.output = Output::yaml;
  EXPECT_THAT(view(options), HasSubstr("name: web\n"));
  options.format = *Format::parse("{{.Name}} {{.Age}}");
  EXPECT_EQ(view(options), "web 3h\n");
}

}  // namespace
}  // namespace rollcall::cli
