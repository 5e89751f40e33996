#pragma once
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/ports/sink.h"

namespace edge::test {

/// Answers as told: a queue of answers for submit(), then `otherwise`; by default everything is stored.
class FakeSink : public Sink {
 public:
  using Uids = std::vector<std::string>;
  using Answer = std::function<Reply(const Uids&)>;

  Reply submit(std::string_view batch) override;
  Reply config(std::string_view have) override {
    config_asked.emplace_back(have);
    return config_reply;
  }
  Reply heartbeat(std::string_view body) override {
    heartbeats.emplace_back(body);
    return heartbeat_reply;
  }
  Reply new_epoch(std::string_view body) override {
    epochs_asked.emplace_back(body);
    return epoch_reply;
  }

  Reply reconcile(std::string_view body) override {
    reconciles.emplace_back(body);
    return reconciler ? reconciler(body) : Reply{200, R"({"message":{"differ":[],"missing":[]}})", {}, {}};
  }

  void next(Answer answer) { script.push_back(std::move(answer)); }
  void next(Reply reply) {
    script.push_back([reply = std::move(reply)](const Uids&) { return reply; });
  }

  std::deque<Answer> script;
  Answer otherwise;
  std::vector<Uids> submitted;      ///< the uids of each request, in order
  std::vector<std::string> bodies;  ///< the requests
  std::vector<std::string> config_asked, heartbeats, epochs_asked, reconciles;
  std::function<Reply(std::string_view)> reconciler;
  Reply config_reply{200, R"({"message":{"unchanged":true,"version":"v1"}})", {}, {}};
  Reply heartbeat_reply{200, R"({"message":{"server_time":1,"config_version":"v1"}})", {}, {}};
  Reply epoch_reply{200, R"({"message":{"epoch":"1"}})", {}, {}};
};

/// 200 with one result per uid: `result` gives the members after the uid, e.g. R"("status":"stored","name":"x")".
Reply results(const FakeSink::Uids& uids, const std::function<std::string(const std::string& uid)>& result);
Reply all_stored(const FakeSink::Uids& uids);
Reply all_rejected(const FakeSink::Uids& uids, const std::string& code);
/// Our envelope.
Reply refusal(int http, const std::string& code);
/// What Frappe or a proxy says.
Reply html(int http);
/// No HTTP answer at all.
Reply no_answer();

}  // namespace edge::test
