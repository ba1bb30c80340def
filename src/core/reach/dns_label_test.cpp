#include "core/reach/dns_label.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace rollcall {
namespace {

bool is_dns_label(std::string_view label) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !label.empty() && label.size() <= 63 && std::ranges::all_of(label, allowed) &&
         !label.starts_with('-') && !label.ends_with('-');
}

InstancePtr named(std::string name, std::string id, int created) {
  Instance instance;
  instance.key = {.backend = "docker", .endpoint = "unix:///run/docker.sock", .id = std::move(id)};
  instance.name = std::move(name);
  if (created > 0) instance.created_at = Timestamp(std::chrono::seconds(created));
  return std::make_shared<const Instance>(std::move(instance));
}

TEST(DnsLabel, WhatIsOneStaysAsItIs) {
  for (const std::string_view name : {"web", "web-1", "a", "0", "4chan"}) {
    EXPECT_EQ(dns_label(name), name);
  }
}

TEST(DnsLabel, OtherCharactersBecomeOneHyphen) {
  EXPECT_EQ(dns_label("Web"), "web");
  EXPECT_EQ(dns_label("shop_web_1"), "shop-web-1");
  EXPECT_EQ(dns_label("web.example.org"), "web-example-org");
  EXPECT_EQ(dns_label("My  fine / shop"), "my-fine-shop");
  EXPECT_EQ(dns_label("_web_"), "web");
  EXPECT_EQ(dns_label("serial-getty@ttyS0"), "serial-getty-ttys0");
}

TEST(DnsLabel, NoNamePretendsToBeOfIdna) {
  EXPECT_EQ(dns_label("xn--bcher-kva"), "xn-bcher-kva");
}

TEST(DnsLabel, OtherScriptsHaveTheirFormOfIdna) {
  EXPECT_EQ(dns_label("bücher"), "xn--bcher-kva");
  EXPECT_EQ(dns_label("BÜCHER"), "xn--bcher-kva");
  EXPECT_EQ(dns_label("bu\u0308cher"), "xn--bcher-kva") << "composed first";
  EXPECT_EQ(dns_label("straße"), "xn--strae-oqa");
  EXPECT_EQ(dns_label("例え"), "xn--r8jz45g");
  EXPECT_EQ(dns_label("Bücher shop"), "xn--bcher-shop-9db");
}

TEST(DnsLabel, WhereSomethingIsLostAHashOfTheNameIsAdded) {
  EXPECT_EQ(dns_label(""), "x-" + dns_label("").substr(2));
  EXPECT_EQ(dns_label("").size(), 8U);
  EXPECT_TRUE(dns_label("🐋").starts_with("x-"));
  EXPECT_NE(dns_label("🐋"), dns_label("🐳"));
  EXPECT_TRUE(dns_label("web 🐋").starts_with("web-"));
  EXPECT_NE(dns_label("web 🐋"), dns_label("web 🐳"));
  EXPECT_NE(dns_label("..."), dns_label("___"));
}

TEST(DnsLabel, ALongNameIsCutAndTellsItselfFromOthers) {
  const std::string whole(63, 'a');
  EXPECT_EQ(dns_label(whole), whole);
  const std::string one = dns_label(whole + "b");
  const std::string other = dns_label(whole + "c");
  EXPECT_EQ(one.size(), 63U);
  EXPECT_TRUE(one.starts_with(std::string(56, 'a') + "-"));
  EXPECT_NE(one, other);
  std::string greek;
  for (int i = 0; i < 200; ++i) greek += "ω";
  EXPECT_TRUE(dns_label(greek).starts_with("xn--")) << dns_label(greek);
}

TEST(DnsLabel, IsTheSameForEver) {
  // Names that are out in the world: a change of these is a change of them.
  EXPECT_EQ(dns_label("web 🐋"), "web-hrx4lt");
  EXPECT_EQ(dns_label(std::string(64, 'a')), std::string(56, 'a') + "-f7o5vz");
}

TEST(DnsLabel, AnyBytesMakeALabel) {
  std::mt19937 random(7);
  for (int i = 0; i < 2000; ++i) {
    std::string name(random() % 80, ' ');
    for (char& c : name) c = static_cast<char>(random());
    EXPECT_TRUE(is_dns_label(dns_label(name)));
  }
  EXPECT_TRUE(is_dns_label(dns_label(std::string(1 << 20, '\xe4'))));
}

TEST(DnsLabel, SpacesAndFullStopsOfOtherScriptsAreNoneOfALabel) {
  for (const std::string_view name : {"\u2000TTP.", "a\u3002b", "a\u00a0b", "\uff0d", "a\u2008"}) {
    EXPECT_TRUE(is_dns_label(dns_label(name))) << name << " became " << dns_label(name);
  }
}

TEST(DnsLabels, TheOldestKeepsTheLabelThatManyHave) {
  const auto labels =
      dns_labels(std::vector{named("web", "c", 30), named("Web", "b", 10), named("web", "a", 20)});
  EXPECT_EQ(labels[1], "web");
  EXPECT_TRUE(labels[0].starts_with("web-")) << labels[0];
  EXPECT_TRUE(labels[2].starts_with("web-")) << labels[2];
  EXPECT_NE(labels[0], labels[2]);
}

TEST(DnsLabels, ANewOneChangesNoOther) {
  std::vector<InstancePtr> instances{named("web", "b", 10), named("web", "c", 20)};
  const auto before = dns_labels(instances);
  instances.push_back(named("web", "a", 30));
  const auto after = dns_labels(instances);
  EXPECT_EQ(after[0], before[0]);
  EXPECT_EQ(after[1], before[1]);
}

TEST(DnsLabels, WithoutATimeTheKeyDecidesAndTheOldGoFirst) {
  const auto labels =
      dns_labels(std::vector{named("web", "b", 0), named("web", "a", 0), named("web", "z", 5)});
  EXPECT_EQ(labels[2], "web");
  EXPECT_NE(labels[0], labels[1]);
}

TEST(DnsLabels, WhatALabelSaysIsTheName) {
  Instance instance = *named("web", "a", 1);
  Metadata metadata;
  metadata.name = {.value = "Our Shop", .source = "koi.name"};
  instance.metadata = std::make_shared<const Metadata>(metadata);
  EXPECT_EQ(dns_labels(std::vector{std::make_shared<const Instance>(instance)})[0], "our-shop");
}

TEST(DnsLabels, ManyOfOneNameAreAllDifferent) {
  std::vector<InstancePtr> instances;
  for (int i = 0; i < 2000; ++i) instances.push_back(named("web", std::to_string(i), i + 1));
  const auto labels = dns_labels(instances);
  EXPECT_EQ(std::set<std::string>(labels.begin(), labels.end()).size(), labels.size());
  EXPECT_TRUE(std::ranges::all_of(labels, is_dns_label));
}

}  // namespace
}  // namespace rollcall
