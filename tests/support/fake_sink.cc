#include "tests/support/fake_sink.h"

namespace edge::test {

Reply FakeSink::submit(std::string_view batch) {
  Uids uids;
  // A quote inside a record's raw text is escaped: this member name is always the record's own.
  constexpr std::string_view kMember = R"("uid":")";
  for (std::size_t at = batch.find(kMember); at != batch.npos; at = batch.find(kMember, at + 1)) {
    uids.emplace_back(batch.substr(at + kMember.size(), 32));
  }
  submitted.push_back(uids);
  bodies.emplace_back(batch);
  if (script.empty()) return otherwise ? otherwise(uids) : all_stored(uids);
  const Answer answer = std::move(script.front());
  script.pop_front();
  return answer(uids);
}

Reply results(const FakeSink::Uids& uids, const std::function<std::string(const std::string&)>& result) {
  std::string list;
  for (const std::string& uid : uids) {
    if (!list.empty()) list += ',';
    list += R"({"uid":")" + uid + R"(",)" + result(uid) + '}';
  }
  return {200,
          R"({"message":{"batch_id":"b","server_time":1771840801210,"config_version":"v1","results":[)" + list + "]}}",
          {},
          {}};
}

Reply all_stored(const FakeSink::Uids& uids) {
  return results(uids, [](const std::string&) { return R"("status":"stored","name":"n")"; });
}

Reply all_rejected(const FakeSink::Uids& uids, const std::string& code) {
  return results(uids, [&](const std::string&) {
    return R"("status":"rejected","code":")" + code + R"(","field":"site","message":"no")";
  });
}

Reply refusal(int http, const std::string& code) {
  return {http, R"({"message":{"code":")" + code + R"(","detail":"words","gateway":"gw","site":"s"}})", {}, {}};
}

Reply html(int http) { return {http, "<html><body>Not today</body></html>", {}, {}}; }

Reply no_answer() { return {0, "", {}, "connection refused"}; }

}  // namespace edge::test
