#include "agent/adapters/control_socket/command.h"
#include "agent/core/alibi.h"

namespace edge::control {
namespace {

Result<Weighings*> weighings_of(const CommandPorts& ports) {
  if (ports.weighings != nullptr) return ports.weighings;
  return fail(Errc::kUnavailable, "no scale is configured");
}

Json report_json(const ChainReport& report) {
  return {{"scale", report.scale},           {"verifies", report.faults.empty()},
          {"records", report.records},       {"epochs", report.epochs},
          {"head_epoch", report.head_epoch}, {"head_seq", report.head_seq},
          {"head_hash", report.head_hash},   {"faults", report.faults}};
}

Result<Json> verify(const Json& request, const CommandPorts& ports) {
  const auto only = text(request, "scale");
  if (!only) return tl::unexpected(only.error());
  const auto weighings = weighings_of(ports);
  if (!weighings) return tl::unexpected(weighings.error());
  Json scales = Json::array();
  bool good = true;
  for (const auto& head : (*weighings)->chain_heads()) {
    if (!only->empty() && head.scale != *only) continue;
    const auto report = verify_alibi(**weighings, ports.gateway, head.scale);
    if (!report) return tl::unexpected(report.error());
    good = good && report->faults.empty();
    scales.push_back(report_json(*report));
  }
  if (scales.empty() && !only->empty()) return fail(Errc::kNotFound, "nothing was ever weighed on " + *only);
  return Json{{"verifies", good}, {"scales", std::move(scales)}};
}

Json row_json(RowId id, const wire::Weighing& weighing) {
  auto out = record_json(weighing);
  out["id"] = id;
  return out;
}

Result<Json> show(const Json& request, const CommandPorts& ports) {
  std::string scale, uid;
  if (const auto read = texts(request, {{"scale", &scale}, {"uid", &uid}}); !read) return tl::unexpected(read.error());
  const auto page = page_of(request);
  if (!page) return tl::unexpected(page.error());
  const auto weighings = weighings_of(ports);
  if (!weighings) return tl::unexpected(weighings.error());
  Json out = Json::array();
  if (!uid.empty()) {
    const auto weighing = (*weighings)->weighing(uid);
    if (!weighing) return tl::unexpected(weighing.error());
    out.push_back(record_json(*weighing));
    return out;
  }
  if (scale.empty()) {
    const auto heads = (*weighings)->chain_heads();
    if (heads.size() > 1) return fail(Errc::kMalformed, "scale: say which scale");
    if (heads.empty()) return out;
    scale = heads.front().scale;
  }
  const auto rows = (*weighings)->weighings(scale, page->after, page->limit);
  if (!rows) return tl::unexpected(rows.error());
  for (const auto& [id, weighing] : *rows) out.push_back(row_json(id, weighing));
  return out;
}

constexpr Command kCommands[] = {{"alibi-verify", verify}, {"alibi-show", show}};

}  // namespace

std::span<const Command> alibi_commands() { return kCommands; }

}  // namespace edge::control
