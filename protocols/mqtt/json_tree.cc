#include "protocols/mqtt/json_tree.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "protocols/bytes.h"
#include "protocols/mqtt/json_decoder.h"

namespace edge {
namespace {

using Json = nlohmann::json;
constexpr std::size_t kNodeLimit = 50'000;  // values of one payload; each costs about 100 bytes
constexpr int kOverflow = 406;              // nlohmann: "number overflow", a number beyond a double
constexpr int kOverflowRetries = 8;

/// Builds the tree. A handler that returns false ends the parse; `error` then says why.
class TreeBuilder : public nlohmann::json_sax<Json> {
 public:
  struct Overflow {
    std::size_t end = 0;
    std::size_t size = 0;
  };

  bool null() override { return leaf(JsonNode::Kind::kNull, {}); }
  bool boolean(bool value) override { return leaf(JsonNode::Kind::kBool, value ? "true" : "false"); }
  bool number_integer(std::int64_t value) override { return leaf(JsonNode::Kind::kNumber, std::to_string(value)); }
  bool number_unsigned(std::uint64_t value) override { return leaf(JsonNode::Kind::kNumber, std::to_string(value)); }
  bool number_float(double, const std::string& written) override { return leaf(JsonNode::Kind::kNumber, written); }
  bool string(std::string& value) override { return leaf(JsonNode::Kind::kText, std::move(value)); }
  bool binary(Json::binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(JsonNode::Kind::kObject); }
  bool start_array(std::size_t) override { return open(JsonNode::Kind::kArray); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(std::string& name) override {
    key_ = std::move(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string& token, const Json::exception& what) override {
    if (what.id == kOverflow) overflow_ = Overflow{position, token.size()};
    error_ = {Errc::kMalformed, "not JSON at byte " + std::to_string(position) + ", near \"" + for_log(token) + "\""};
    return false;
  }

  JsonNode& root() { return root_; }
  const Error& error() const { return error_; }
  const std::optional<Overflow>& overflow() const { return overflow_; }

 private:
  JsonNode* add(JsonNode::Kind kind, std::string text) {
    if (++nodes_ > kNodeLimit) {
      error_ = {Errc::kTooLarge, "more than " + std::to_string(kNodeLimit) + " values"};
      return nullptr;
    }
    JsonNode node{kind, std::move(key_), std::move(text), {}};
    key_.clear();
    if (open_.empty()) {
      root_ = std::move(node);
      return &root_;
    }
    auto& siblings = open_.back()->children;
    siblings.push_back(std::move(node));
    return &siblings.back();
  }
  bool leaf(JsonNode::Kind kind, std::string text) { return add(kind, std::move(text)) != nullptr; }
  bool open(JsonNode::Kind kind) {
    if (open_.size() >= static_cast<std::size_t>(kPayloadDepth)) {
      error_ = {Errc::kTooLarge, "deeper than " + std::to_string(kPayloadDepth) + " levels"};
      return false;
    }
    const bool outermost = open_.empty();
    JsonNode* const node = add(kind, {});
    if (node != nullptr && outermost) node->children.reserve(8);  // of a usual payload
    // Stays valid: while a node is open nothing is added to the vector it stands in.
    if (node != nullptr) open_.push_back(node);
    return node != nullptr;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  JsonNode root_;
  std::vector<JsonNode*> open_;
  std::string key_;
  std::size_t nodes_ = 0;
  Error error_{Errc::kMalformed, "not JSON"};
  std::optional<Overflow> overflow_;
};

std::optional<std::string> unescaped(std::string_view token) {
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~') {
      out += token[i];
    } else if (i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1')) {
      out += token[++i] == '0' ? '~' : '/';
    } else {
      return std::nullopt;
    }
  }
  return out;
}

const JsonNode* element(const JsonNode& array, std::string_view index) {
  std::size_t at = 0;
  const auto read = std::from_chars(index.data(), index.data() + index.size(), at);
  const bool canonical = index.size() == 1 || (!index.empty() && index[0] != '0');
  if (read.ec != std::errc{} || read.ptr != index.data() + index.size() || !canonical) return nullptr;
  return at < array.children.size() ? &array.children[at] : nullptr;
}

}  // namespace

const JsonNode* JsonNode::member(std::string_view name) const {
  if (kind != Kind::kObject) return nullptr;
  for (auto child = children.rbegin(); child != children.rend(); ++child) {
    if (child->key == name) return &*child;
  }
  return nullptr;
}

const JsonNode* JsonNode::at(std::string_view pointer) const {
  const JsonNode* node = this;
  while (node != nullptr && !pointer.empty()) {
    if (pointer[0] != '/') return nullptr;
    pointer.remove_prefix(1);
    const std::size_t end = std::min(pointer.find('/'), pointer.size());
    const auto token = unescaped(pointer.substr(0, end));
    pointer.remove_prefix(end);
    if (!token) return nullptr;
    node = node->kind == Kind::kArray ? element(*node, *token) : node->member(*token);
  }
  return node;
}

Result<JsonNode> parse_json_tree(std::string_view payload) {
  if (payload.size() > kPayloadLimit) {
    return fail(Errc::kTooLarge, "longer than " + std::to_string(kPayloadLimit) + " bytes");
  }
  if (!is_utf8(payload)) return fail(Errc::kMalformed, "not UTF-8 text");
  std::string quoted;
  for (int retry = 0;; ++retry) {
    TreeBuilder builder;
    if (Json::sax_parse(payload.begin(), payload.end(), &builder)) return std::move(builder.root());
    const auto overflow = builder.overflow();
    if (!overflow || retry == kOverflowRetries || overflow->end > payload.size())
      return tl::unexpected(builder.error());
    // 1e400 is JSON, but the parser stops at it: as a text it reaches the rule that says it cannot be stored.
    const std::size_t begin = overflow->end - std::min(overflow->size, overflow->end);
    std::string next(payload.substr(0, begin));
    next.append("\"").append(payload.substr(begin, overflow->end - begin)).append("\"");
    next.append(payload.substr(overflow->end));
    quoted = std::move(next);
    payload = quoted;
  }
}

}  // namespace edge
