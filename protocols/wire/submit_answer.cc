#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "protocols/bytes.h"
#include "protocols/wire/answers.h"

namespace edge::wire {
namespace {

using Json = nlohmann::json;

// In the order of RecordStatus.
constexpr std::array<std::string_view, 5> kStatuses = {"stored", "duplicate", "conflict", "rejected", "retry"};
constexpr std::size_t kUsualResults = 500;  // as many as a full batch has records
constexpr std::size_t kWordsLimit = 1000;   // bytes of a sentence of the server that are kept

/// Takes an answer as it is read, without a tree: 500 results come back for every batch. A value of another type than
/// expected is as a missing one; of a key that stands twice the last counts.
class Reader : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return other(); }
  bool boolean(bool) override { return other(); }
  bool number_integer(std::int64_t value) override { return integer(value); }
  bool number_unsigned(std::uint64_t value) override {
    return value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())
               ? other()
               : integer(static_cast<std::int64_t>(value));
  }
  bool number_float(double, const std::string&) override { return other(); }
  bool string(std::string& value) override { return text(value); }
  bool binary(Json::binary_t&) override { return false; }
  bool key(std::string& name) override {
    if (skipped_ == 0) key_ = std::move(name);
    return true;
  }
  bool start_object(std::size_t) override;
  bool end_object() override { return end(); }
  bool start_array(std::size_t) override;
  bool end_array() override { return end(); }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) override { return false; }

  SubmitAnswer answer;
  bool is_object = false, has_message = false, has_results = false;
  std::string wrong;  ///< with the first result that is none

 private:
  enum class Place : std::uint8_t { kOutside, kRoot, kMessage, kResults, kResult };

  bool skip() {
    ++skipped_;
    return true;
  }
  bool text(std::string& value);
  bool integer(std::int64_t value);
  bool other();
  bool end();
  bool end_result();
  bool bad_result(const char* why) {
    wrong = "answer of submit: result " + std::to_string(answer.results.size()) + why;
    return false;
  }
  /// Where a text of the result in hand goes; null for a key that is not known.
  std::string* field();

  Place place_ = Place::kOutside;
  std::size_t skipped_ = 0;  ///< open values below one that is not looked into
  std::string key_;
  RecordResult result_;
  std::string status_;
};

std::string* Reader::field() {
  if (key_ == "uid") return &result_.uid;
  if (key_ == "status") return &status_;
  if (key_ == "name") return &result_.name;
  if (key_ == "code") return &result_.code;
  if (key_ == "field") return &result_.field;
  return key_ == "message" ? &result_.message : nullptr;
}

bool Reader::text(std::string& value) {
  if (skipped_ > 0) return true;
  if (place_ == Place::kResult) {
    if (std::string* const to = field()) *to = cut_utf8(value, kWordsLimit);
    return true;
  }
  if (!other()) return false;
  if (place_ == Place::kMessage && key_ == "batch_id") answer.batch_id = std::move(value);
  if (place_ == Place::kMessage && key_ == "config_version") answer.config_version = std::move(value);
  return true;
}

bool Reader::integer(std::int64_t value) {
  if (!other()) return false;
  if (skipped_ == 0 && place_ == Place::kMessage && key_ == "server_time") answer.server_time = value;
  return true;
}

/// A value that is not what its key should have: as if the key were missing.
bool Reader::other() {
  if (skipped_ > 0) return true;
  switch (place_) {
    case Place::kResults:
      return bad_result(" has no uid");
    case Place::kResult:
      if (std::string* const to = field()) to->clear();
      return true;
    case Place::kRoot:
      if (key_ == "message") has_message = false;
      return true;
    case Place::kMessage:
      if (key_ == "results") has_results = false;
      if (key_ == "batch_id") answer.batch_id.clear();
      if (key_ == "config_version") answer.config_version.clear();
      if (key_ == "server_time") answer.server_time.reset();
      return true;
    case Place::kOutside:
      break;
  }
  return true;
}

bool Reader::start_object(std::size_t) {
  if (skipped_ > 0) return skip();
  if (place_ == Place::kOutside) {
    place_ = Place::kRoot;
    is_object = true;
  } else if (place_ == Place::kRoot && key_ == "message") {
    place_ = Place::kMessage;
    answer = {};
    has_message = true;
    has_results = false;
  } else if (place_ == Place::kResults) {
    place_ = Place::kResult;
    result_ = {};
    status_.clear();
  } else {
    return other() && skip();
  }
  return true;
}

bool Reader::start_array(std::size_t) {
  if (skipped_ > 0) return skip();
  if (place_ != Place::kMessage || key_ != "results") return other() && skip();
  place_ = Place::kResults;
  answer.results.clear();
  answer.results.reserve(kUsualResults);
  has_results = true;
  return true;
}

bool Reader::end() {
  if (skipped_ > 0) {
    --skipped_;
    return true;
  }
  if (place_ == Place::kResult) return end_result();
  place_ = place_ == Place::kResults ? Place::kMessage : (place_ == Place::kMessage ? Place::kRoot : Place::kOutside);
  return true;
}

bool Reader::end_result() {
  if (!is_lower_hex(result_.uid, 32)) return bad_result(" has no uid");
  const auto* const status = std::find(kStatuses.begin(), kStatuses.end(), status_);
  if (status == kStatuses.end()) return bad_result(" has no known status");
  result_.status = static_cast<RecordStatus>(status - kStatuses.begin());
  answer.results.push_back(std::move(result_));
  place_ = Place::kResults;
  return true;
}

}  // namespace

std::string_view to_text(RecordStatus status) {
  const auto at = static_cast<std::size_t>(status);
  return at < kStatuses.size() ? kStatuses[at] : std::string_view{};
}

Result<SubmitAnswer> parse_submit_answer(std::string_view body) {
  Reader reader;
  const bool whole = Json::sax_parse(body.begin(), body.end(), &reader);
  if (!reader.wrong.empty()) return fail(Errc::kMalformed, reader.wrong);
  if (!whole || !reader.is_object) {
    return fail(Errc::kMalformed, "answer of submit: not a JSON object: " + for_log(body));
  }
  if (!reader.has_message) return fail(Errc::kMalformed, "answer of submit: no message object");
  if (!reader.has_results) return fail(Errc::kMalformed, "answer of submit: no list of results");
  return std::move(reader.answer);
}

}  // namespace edge::wire
