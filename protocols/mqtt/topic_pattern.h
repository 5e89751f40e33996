#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/result.h"

namespace edge {

/// A configured topic: levels, of which "{site}" and "{device}" each match one (wire.md §9).
class TopicPattern {
 public:
  /// Errors: kMalformed (empty level, '+', '#', a placeholder twice or inside a level, no {device}).
  static Result<TopicPattern> parse(std::string_view pattern);

  struct Match {
    std::string_view site;  ///< empty where the pattern has no {site}
    std::string_view device;
  };
  std::optional<Match> match(std::string_view topic) const;
  /// The MQTT subscription: every placeholder as '+'.
  std::string subscription() const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::vector<std::string> levels_;
};

}  // namespace edge
