#include "agent/core/alibi.h"

#include <algorithm>

namespace edge {
namespace {

constexpr std::size_t kPage = 1'000;

std::string_view meaning(ChainWalk::Fault fault) {
  switch (fault) {
    case ChainWalk::Fault::kNone:
      break;
    case ChainWalk::Fault::kNoGenesis:
      return "the epoch does not begin with its genesis record";
    case ChainWalk::Fault::kGap:
      return "the record before it is missing";
    case ChainWalk::Fault::kBroken:
      return "it does not name the hash of the record before";
    case ChainWalk::Fault::kChanged:
      return "its content does not give its hash";
  }
  return "";
}

std::string place(std::string_view epoch, std::int64_t seq) {
  return "epoch " + std::string(epoch) + ", number " + std::to_string(seq);
}

/// Goes through one scale's records in the order they were made.
class Verifier {
 public:
  Verifier(std::string_view gateway, std::string_view scale) : gateway_(gateway) { report_.scale = scale; }

  void take(const wire::Weighing& record) {
    if (report_.epochs == 0 || record.stamp.epoch != report_.head_epoch) begin_epoch(record);
    const auto fault = walk_.step(link_of(record, gateway_), record.hash);
    if (fault != ChainWalk::Fault::kNone && !faulty_) {
      faulty_ = true;  // the rest of a broken chain cannot be judged
      note(record, std::string(to_text(fault)) + ": " + std::string(meaning(fault)));
    }
    ++report_.records;
    report_.head_epoch = record.stamp.epoch;
    report_.head_seq = record.alibi_seq;
    report_.head_hash = record.hash;
  }

  void miss(const wire::ChainHead& head) {
    report_.faults.push_back(place(head.epoch, head.seq) + ": missing: the newest link that was kept is not there");
  }
  const ChainReport& report() const { return report_; }

 private:
  void note(const wire::Weighing& record, const std::string& what) {
    report_.faults.push_back(place(record.stamp.epoch, record.alibi_seq) + ": " + what);
  }

  /// The genesis record names the last link of the epoch before, where that epoch is kept here.
  void begin_epoch(const wire::Weighing& record) {
    walk_ = ChainWalk();
    faulty_ = false;
    ++report_.epochs;
    if (report_.epochs == 1) return;
    const auto& named = record.genesis;
    if (named && named->epoch == report_.head_epoch && named->alibi_seq == report_.head_seq &&
        named->hash == report_.head_hash) {
      return;
    }
    note(record, "broken: it does not name the last link before it, " + place(report_.head_epoch, report_.head_seq));
  }

  std::string_view gateway_;
  ChainReport report_;
  ChainWalk walk_;
  bool faulty_ = false;
};

}  // namespace

Result<ChainReport> verify_alibi(Weighings& weighings, std::string_view gateway, std::string_view scale) {
  // The head first: what is captured meanwhile may be seen or not, what was there before must be.
  const auto heads = weighings.chain_heads();
  auto head = std::find_if(heads.begin(), heads.end(), [&](const auto& one) { return one.scale == scale; });
  Verifier verifier(gateway, scale);
  for (RowId after = 0;;) {
    const auto page = weighings.weighings(scale, after, kPage);
    if (!page) return tl::unexpected(page.error());
    for (const auto& [id, record] : *page) {
      after = id;
      verifier.take(record);
      if (head != heads.end() && head->epoch == record.stamp.epoch && head->seq == record.alibi_seq &&
          head->hash == record.hash) {
        head = heads.end();
      }
    }
    if (page->size() < kPage) break;
  }
  if (head != heads.end()) verifier.miss(*head);
  return verifier.report();
}

}  // namespace edge
