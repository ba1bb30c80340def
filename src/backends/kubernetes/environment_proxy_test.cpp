#include "backends/kubernetes/environment_proxy.hpp"

#include <functional>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/environment.hpp"

namespace rollcall::kubernetes {
namespace {

using testing::HasSubstr;
using testing::Not;
using Variables = std::map<std::string, std::string, std::less<>>;

Result<std::optional<ProxyEndpoint>> proxy_for(const std::string& url, const Variables& variables) {
  BackendOptions options;
  options.getenv = support::variables(variables);
  return environment_proxy(access_at(url).value(), options);
}

/// The proxy's URL, "none", or the error.
std::string found(const std::string& url, const Variables& variables) {
  const auto proxy = proxy_for(url, variables);
  if (!proxy) return proxy.error().describe();
  return *proxy ? (*proxy)->endpoint.url() : "none";
}

TEST(KubernetesEnvironmentProxy, IsTheOneForTheScheme) {
  const Variables both{{"HTTPS_PROXY", "http://tls.example:3128"},
                       {"http_proxy", "plain.example:3128"}};
  EXPECT_EQ(found("https://api.example", both), "tcp://tls.example:3128");
  EXPECT_EQ(found("http://api.example", both), "tcp://plain.example:3128") << "without a scheme";
  EXPECT_EQ(found("unix:///run/api", both), "none");
  EXPECT_EQ(found("https://api.example", {}), "none");
  EXPECT_EQ(found("https://api.example", {{"HTTPS_PROXY", " "}, {"https_proxy", "a:1"}}),
            "tcp://a:1");
}

TEST(KubernetesEnvironmentProxy, LeadsNeverToThisHost) {
  const Variables variables{{"HTTPS_PROXY", "http://proxy.example"}};
  for (const char* url : {"https://localhost:6443", "https://127.0.0.1:6443", "https://[::1]"}) {
    EXPECT_EQ(found(url, variables), "none") << url;
  }
  EXPECT_EQ(found("https://127.elsewhere.example", variables), "tcp://proxy.example:80");
}

TEST(KubernetesEnvironmentProxy, IsNotForWhatIsExcepted) {
  struct Case {
    const char* url;
    const char* excepted;
    bool proxied;
  };
  for (const auto& [url, excepted, proxied] : {
           Case{"https://api.example.com", "*", false},
           Case{"https://api.example.com", "other.org, Example.COM", false},
           Case{"https://example.com", "example.com", false},
           Case{"https://badexample.com", "example.com", true},
           Case{"https://example.com", ".example.com", true},
           Case{"https://api.example.com", ".example.com", false},
           Case{"https://api.example.com", "*.example.com", false},
           Case{"https://api.example.com:6443", "example.com:6443", false},
           Case{"https://api.example.com:6443", "example.com:443", true},
           Case{"https://10.1.2.3", "10.0.0.0/8", false},
           Case{"https://11.1.2.3", "10.0.0.0/8", true},
           Case{"https://10.1.2.3:6443", "10.1.2.3:6443", false},
           Case{"https://10.1.2.3", "10.1.2.30", true},
           Case{"https://[fd00::1]", "fd00::/8", false},
           Case{"https://[fd00::1]:6443", "[fd00:0::1]:6443", false},
           Case{"https://[fd00::1]", "fd00::2", true},
           Case{"https://10.1.2.3", "fd00::/8,10.0.0.0/33", true},
           Case{"https://api.example.com", ",, ", true},
           Case{"https://a", "longer.than.it", true},
       }) {
    const Variables variables{{"HTTPS_PROXY", "http://proxy.example"}, {"NO_PROXY", excepted}};
    EXPECT_EQ(found(url, variables) != "none", proxied) << url << " but " << excepted;
  }
}

TEST(KubernetesEnvironmentProxy, ThatIsNoneIsToldWithoutItsPassword) {
  const Variables variables{{"HTTPS_PROXY", "socks5://me:geheim@proxy.example"}};
  const std::string text = found("https://api.example", variables);
  EXPECT_THAT(text, HasSubstr("HTTPS_PROXY"));
  EXPECT_THAT(text, Not(HasSubstr("geheim")));
}

TEST(KubernetesEnvironmentProxy, KeepsItsPassword) {
  const auto proxy = proxy_for("https://api.example", {{"https_proxy", "http://me:x@proxy:1"}});
  ASSERT_TRUE(proxy && *proxy);
  EXPECT_THAT((*proxy)->authorization, HasSubstr("Basic "));
}

}  // namespace
}  // namespace rollcall::kubernetes
