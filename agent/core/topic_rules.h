#pragma once
#include <string>
#include <vector>

#include "protocols/mqtt/json_decoder.h"
#include "protocols/mqtt/topic_pattern.h"
#include "protocols/record/decimal.h"

namespace edge {

/// How a message of one topic pattern is read.
struct TopicRule {
  TopicPattern pattern;
  JsonShape shape;
};

/// A unit conversion at ingest.
struct ConvertRule {
  std::string metric, device;  ///< empty = any
  std::string from, to;
  Linear by;
};

/// Everything the configuration says about reading messages; swapped as a whole at SIGHUP.
struct IngestRules {
  std::string gateway;
  std::string default_site;  ///< of topics whose pattern has no {site}
  std::vector<TopicRule> topics;
  std::vector<ConvertRule> converts;
};

}  // namespace edge
