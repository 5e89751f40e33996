#include "agent/adapters/control_socket/commands.h"

#include <exception>

#include "agent/adapters/control_socket/command.h"
#include "agent/adapters/control_socket/status_json.h"

namespace edge {
namespace {

using control::Command;
using control::Json;
using control::page_of;
using control::whole;

std::string line_of(const Json& json) { return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }

Json letter_json(const DeadLetter& letter, bool whole_record) {
  Json out = {{"id", letter.id},         {"seq", letter.seq},   {"epoch", letter.epoch}, {"at", letter.at},
              {"status", letter.status}, {"code", letter.code}, {"field", letter.field}, {"message", letter.message}};
  if (whole_record) out["record"] = letter.record;
  return out;
}

Json row_json(const PendingRow& row) {
  const auto& seen = row.observation;
  return {{"id", row.id},
          {"seq", row.seq},
          {"epoch", row.epoch},
          {"uid", seen.uid},
          {"site", seen.site},
          {"device", seen.device},
          {"type", seen.type},
          {"value", seen.value ? Json(*seen.value) : Json(nullptr)},
          {"unit", seen.unit},
          {"flag", row.document.empty() ? Json(to_text(seen.flag)) : Json(nullptr)},  // a document is not judged here
          {"observed_at", seen.observed_at},
          {"received_at", seen.received_at},
          {"tried", row.first_tried_at != 0}};
}

Result<Json> show_status(const Json&, const CommandPorts& ports) {
  const auto status = ports.status();
  if (!status) return tl::unexpected(status.error());
  return status_json(*status);
}

Result<Json> list_outbox(const Json& request, const CommandPorts& ports) {
  const auto page = page_of(request);
  if (!page) return tl::unexpected(page.error());
  const auto rows = ports.pending.list_pending(page->limit, page->after);
  if (!rows) return tl::unexpected(rows.error());
  Json out = Json::array();
  for (const auto& row : *rows) out.push_back(row_json(row));
  return out;
}

Result<Json> list_letters(const Json& request, const CommandPorts& ports) {
  const auto page = page_of(request);
  if (!page) return tl::unexpected(page.error());
  const auto letters = ports.dead_letters.dead_letters(page->limit, page->after);
  if (!letters) return tl::unexpected(letters.error());
  Json out = Json::array();
  for (const auto& letter : *letters) out.push_back(letter_json(letter, false));
  return out;
}

Result<Json> show_letter(const Json& request, const CommandPorts& ports) {
  const auto id = whole(request, "id", 0);
  if (!id) return tl::unexpected(id.error());
  const auto letter = ports.dead_letters.dead_letter(*id);
  if (!letter) return tl::unexpected(letter.error());
  return letter_json(*letter, true);
}

Result<Json> requeue_letters(const Json& request, const CommandPorts& ports) {
  Result<std::int64_t> count = fail(Errc::kMalformed, "name an id, a code or all");
  if (const auto id = request.find("id"); id != request.end() && id->is_number_integer()) {
    const auto done = ports.dead_letters.requeue(id->get<std::int64_t>());
    if (!done) return tl::unexpected(done.error());
    count = 1;
  } else if (const auto code = request.find("code");
             code != request.end() && code->is_string() && !code->get_ref<const std::string&>().empty()) {
    count = ports.dead_letters.requeue_all(code->get<std::string>());
  } else if (const auto all = request.find("all"); all != request.end() && *all == true) {
    count = ports.dead_letters.requeue_all("");
  }
  if (!count) return tl::unexpected(count.error());
  if (ports.requeued) ports.requeued();
  return Json{{"requeued", *count}};
}

Result<Json> back_up(const Json& request, const CommandPorts& ports) {
  const auto file = control::text(request, "file");
  if (!file) return tl::unexpected(file.error());
  if (ports.backups == nullptr) return fail(Errc::kUnavailable, "there is no store");
  const auto made = ports.backups->backup(*file);
  if (!made) return tl::unexpected(made.error());
  return Json{{"file", *file}, {"bytes", made->bytes}, {"rows", made->rows}};
}

Result<Json> reload(const Json&, const CommandPorts& ports) {
  if (!ports.reload) return fail(Errc::kUnavailable, "no agent is running");
  const auto done = ports.reload();
  if (!done) return tl::unexpected(done.error());
  return Json{{"reloaded", true}};
}

/// What came with an enrolment; every other epoch the agent asks for itself.
Result<Json> grant_epoch(const Json& request, const CommandPorts& ports) {
  const auto epoch = control::text(request, "epoch");
  if (!epoch) return tl::unexpected(epoch.error());
  if (ports.state == nullptr) return fail(Errc::kUnavailable, "there is no store");
  const auto done = ports.state->grant_epoch(*epoch);
  if (!done) return tl::unexpected(done.error());
  return Json{{"epoch", *epoch}};
}

constexpr Command kCommands[] = {
    {"status", show_status},
    {"outbox-list", list_outbox},
    {"dead-letters-list", list_letters},
    {"dead-letters-show", show_letter},
    {"dead-letters-requeue", requeue_letters},
    {"outbox-backup", back_up},
    {"reload", reload},
    {"epoch-grant", grant_epoch},
};

Result<Json> run_command(std::string_view text, const CommandPorts& ports) {
  const auto request = Json::parse(text, nullptr, false);
  if (!request.is_object()) return fail(Errc::kMalformed, "a request is a JSON object on one line");
  const auto name = request.find("command");
  for (const auto table : {std::span<const Command>(kCommands), control::ticket_commands(), control::alibi_commands(),
                           control::tap_commands(), control::reconcile_commands()}) {
    for (const auto& [command, run] : table) {
      if (name != request.end() && *name == command) return run(request, ports);
    }
  }
  return fail(Errc::kUnsupported, "unknown command");
}

}  // namespace

std::string answer_command(std::string_view request, const CommandPorts& ports) noexcept {
  try {
    auto result = run_command(request, ports);
    if (result) return line_of({{"ok", true}, {"result", *std::move(result)}});
    return line_of({{"ok", false}, {"error", result.error().detail}});
  } catch (const std::exception&) {
    return R"({"ok":false,"error":"internal error"})";
  }
}

}  // namespace edge
