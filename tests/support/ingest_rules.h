#pragma once
#include "agent/core/topic_rules.h"

namespace edge::test {

/// One site, the pattern of the contract, the default shape of payloads.
inline IngestRules site_rules() {
  IngestRules all;
  all.gateway = "gw-silo-a";
  all.default_site = "silo-a";
  all.topics.push_back({*TopicPattern::parse("yam/{site}/{device}/observation"), {}});
  return all;
}

}  // namespace edge::test
